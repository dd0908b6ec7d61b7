"""Whom a client takes to be in its room, from what it is told about comings and goings.

When it is told, and what is told together, depends on the time. What must hold: nobody is
named who was not there, and in the end those are believed to be there who are.
"""

import re
from collections.abc import Container, Iterable

from tests.fuzz.model import key

COMING_OR_GOING = re.compile(
    r" \* (\S+(?:(?:,| and) \S+)*?(?: and \d+ others?)?) (joined|left|came and went)"
)
RENAMED = re.compile(r" \* (\S+) is now (\S+)")
ARRIVED = re.compile(
    r" \* (?:Welcome to gchat! You are \S+|You are) in #\S+(?:, with .*|; nobody else is here\.?)"
)


class Belief:
    """What one client believes about the room that it is in."""

    def __init__(self) -> None:
        self.keys: set[str] | None = None
        """The keys of the others' names; None if it cannot know them all."""
        self.notices: list[str] = []
        """What it was told since it came into the room."""

    def start(self, keys: Iterable[str]) -> None:
        """It has come into a room, and knows that these are here."""
        self.keys = set(keys)
        self.notices = [f"with {self.keys}"]

    def give_up(self) -> None:
        """From now on it does not see everything."""
        self.keys = None

    def hear(self, notice: str, seen_here: Container[str]) -> None:
        """It is told something about those who have been here, under the names `seen_here`."""
        self.notices.append(notice)
        if renamed := RENAMED.fullmatch(notice):
            self._replace([renamed[1]], [renamed[2]])
        elif found := COMING_OR_GOING.fullmatch(notice):
            names = re.split(", | and ", found[1])
            if re.fullmatch(r"\d+ others?", names[-1]):
                names.pop()
                self.give_up()
            for name in names:
                assert name in seen_here, f"{name} was not here: {notice!r}"
            if found[2] == "joined":
                self._replace([], names)
            else:
                self._replace(names, [])

    def _replace(self, old: Iterable[str], new: Iterable[str]) -> None:
        if self.keys is not None:
            self.keys = self.keys - set(map(key, old)) | set(map(key, new))
