"""One who goes on asking the server about everything that it and the model know."""

import re

from tests.blackbox.waiting import wait_until
from tests.fuzz.commands import Commands
from tests.fuzz.json_talker import JsonTalker
from tests.fuzz.model import NAMES
from tests.fuzz.standing_server import PAIR
from tests.fuzz.talker import Ids

LISTED_ROOM = re.compile(r" \* #(\S+) +(\d+) here(?:  (.*))?")


class Watcher(JsonTalker):
    """A program in a room of its own."""

    def compare_all(self, chat: Commands, ids: Ids) -> None:
        """The server and the model agree about names and rooms, and who is where."""
        names = NAMES.keys() | {client.name for client in chat.clients}
        questions = [("who", room) for room in chat.rooms] + [("whois", name) for name in names]
        self.connection.send(b"".join(self.typed(*question) for question in questions))
        for question in questions:
            chat.do(self.client, *question)
        self.wait()
        self.compare(ids)
        self._compare_rooms(chat)

    def wait_until_gone(self, name: str, room: str) -> None:
        """Wait until somebody who has hung up is not in `room` any more, or has no name."""
        wait_until(lambda: not self._sees(name, room), f"{name} is gone")

    def _sees(self, name: str, room: str) -> bool:
        (who,), (whois, *_) = self._ask("who", room), self._ask("whois", name)
        return name in re.split(": |, | and ", who) and " in #" in whois

    def _compare_rooms(self, chat: Commands) -> None:
        listed = {}
        for line in self._ask("rooms"):
            found = LISTED_ROOM.fullmatch(line)
            assert found, line
            listed[found[1]] = (int(found[2]), found[3] or "")
        expected = {room.name: (len(room.clients), room.topic) for room in chat.rooms.values()}
        expected[PAIR] = (2, "")
        for name in listed.keys() - expected.keys():  # of earlier examples
            assert listed.pop(name)[0] == 0, f"somebody is in #{name}"
        assert listed == expected

    def _ask(self, *question: str) -> list[str]:
        """The lines of the answer, or why there is none."""
        self.type(*question)
        lines, self.received = self.received, []
        return [line.text for line in lines if line.kind != "ok"]
