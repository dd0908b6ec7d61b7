"""What several commands make of their arguments, and say."""

import re

from gchat.commands.table import Refused, WrongArgument
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.room_log import RoomLog
from gchat.text.clock import span
from gchat.text.naming import name_key

MAX_TEXT = 200
"""Characters of what is shown again and again: why somebody is away, a room's topic."""


_LIKE_A_TIME = re.compile(r"[-+.]?\d")
"""How a word begins that is meant as a time, whether it is one or not."""

NOT_WRITTEN = "that could not be written to the history file: it ends with the server"


def called(hub: Hub, name: str) -> Client:
    """Who is called `name`. Raises Refused if nobody is."""
    person = hub.names.holder(name)
    if person is None:
        why = f"nobody here is called {name[:MAX_TEXT]}; /who lists who is in this room"
        raise Refused(why, "nobody of that name")
    return person


def too_long(what: str, text: str, most: int = MAX_TEXT) -> Refused:
    """What is to be raised for a `text` of more than `most` characters."""
    why = f"{what} has {len(text)} characters, and {most} are the most"
    return Refused(why, "too long a text")


def term_and_reason(term: str, why: str) -> tuple[int | None, str]:
    """The seconds and the reason in `TIME WHY`, where TIME may be left out: then there are None.

    TIME is one word or two: `2h`, `2 hours`. Raises WrongArgument if the first word looks like a
    time and is none, and Refused if the reason is too long.
    """
    seconds = span(term)
    if seconds is None and term:
        unit, _, rest = why.lstrip().partition(" ")
        if (seconds := span(f"{term} {unit}")) is not None:
            why = rest
        elif _is_meant_as_a_time(term, unit):  # without end is not what is meant
            raise WrongArgument
        else:
            why = f"{term} {why}".strip()
    if len(why) > MAX_TEXT:
        raise too_long("the reason", why)
    return seconds, why


def _is_meant_as_a_time(first: str, second: str) -> bool:
    """Whether a reason that began with these words would be a time that was not understood."""
    is_preposition = first.lower() in ("for", "in")
    return bool(_LIKE_A_TIME.match(second if is_preposition else first))


def place_wanted(typed: str, room: str) -> tuple[str, int]:
    """The room and the id in `#builds/1234`, or in `1234`, which is in `room`.

    Raises WrongArgument.
    """
    if "/" in typed:
        room, _, typed = typed.removeprefix("#").partition("/")
    if not (typed.isdecimal() and len(typed) < 16 and int(typed)):
        raise WrongArgument
    return name_key(room), int(typed)


def log_of(hub: Hub, room: str) -> RoomLog:
    """What was said in `room`, which may be closed."""
    if opened := hub.rooms.by_name.get(room):
        return opened.log
    return hub.history.open(room)


def state_wanted(typed: str, now: bool) -> bool:
    """What `typed`, on or off, asks for: `now`, if it is empty. Raises WrongArgument."""
    states = {"on": True, "off": False, "": now}
    if typed.lower() not in states:
        raise WrongArgument
    return states[typed.lower()]


def switch(hub: Hub, client: Client, typed: str, now: bool, what: str) -> bool:
    """What `typed` asks for, as state_wanted has it; `client` is told whether `what` is on."""
    state = state_wanted(typed, now)
    tell = hub.confirm if typed else hub.tell
    tell(client, f"{what} is {'on' if state else 'off'}")
    return state
