"""Reading the arguments of commands, and the refusals that several commands share."""

import re
from collections.abc import Callable
from typing import TypeVar

import gevent

from gchat.commands.table import Refused, WrongArgument
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import PENALTY, PasswordAttempts, too_many_attempts
from gchat.model.identities import TooManyIdentities
from gchat.model.room_log import RoomLog
from gchat.text.clock import span
from gchat.text.naming import name_key

MAX_TEXT = 200
"""Characters of a text that is shown again and again: an away message, a topic, a reason."""


_LIKE_A_TIME = re.compile(r"[-+.]?\d")
"""How a word begins that is meant as a time, whether it is one or not."""

NOT_WRITTEN = "Not saved to the history file: this will be lost when the server stops"
"""Told to an operator, or to a user who has set a topic, if writing has failed."""

Answer = TypeVar("Answer")


def called(hub: Hub, name: str) -> Client:
    """The connected client called `name`. Raises Refused if there is none."""
    person = hub.names.holder(name)
    if person is None:
        why = f"Nobody here is called {name[:MAX_TEXT]}; /who lists the people in this room"
        raise Refused(why, "no such name")
    return person


def too_long(what: str, text: str, most: int = MAX_TEXT) -> Refused:
    """The refusal of a `text` of more than `most` characters; `what` names it: `Topic`."""
    return Refused(f"{what} too long ({len(text)} characters, limit {most})", "text too long")


def no_token(error: TooManyIdentities) -> str:
    """Why a client gets no token, and what that means, as a clause."""
    return (
        f"too many names are reserved (limit {error.limit}). You can chat, but not come back with "
        "/resume; try /token later"
    )


def check_secret(
    attempts: PasswordAttempts,
    client: Client,
    what: str,
    check: Callable[[], Answer | None],
) -> Answer | None:
    """Return what `check` returns: None or False for a wrong password or token.

    A wrong answer is logged, counted for the network of `client`, and returned after PENALTY
    seconds. `what` names the secret in the log and, in the plural, to the client. Raises Refused,
    without calling `check`, while the network has given too many wrong answers, unless the client
    has one of its own left.
    """
    if wait := attempts.wait_of(client.number, client.since, client.network):
        raise Refused(too_many_attempts(wait, f"{what}s"), f"too many wrong {what}s")
    answer = check()
    if not answer:
        attempts.wrong(client.network, f"{what} ({client})")
        gevent.sleep(PENALTY)
    return answer


def term_and_reason(term: str, why: str) -> tuple[int | None, str]:
    """Split `TIME WHY` into seconds, or None if TIME is left out, and the reason.

    TIME is one word or two: `2h`, `2 hours`; `term` is the first of them. Raises WrongArgument if
    that looks like a time and is none, and Refused if the reason is too long.
    """
    seconds = span(term)
    if seconds is None and term:
        unit, _, rest = why.lstrip().partition(" ")
        if (seconds := span(f"{term} {unit}")) is not None:
            why = rest
        elif _is_meant_as_a_time(term, unit):  # a mistyped time must not mean "without end"
            raise WrongArgument
        else:
            why = f"{term} {why}".strip()
    if len(why) > MAX_TEXT:
        raise too_long("Reason", why)
    return seconds, why


def _is_meant_as_a_time(first: str, second: str) -> bool:
    """Whether the first two words of a reason are rather a mistyped time."""
    is_preposition = first.lower() in ("for", "in")
    return bool(_LIKE_A_TIME.match(second if is_preposition else first))


def read_place(typed: str, room: str) -> tuple[str, int]:
    """The room and the id of a message: `#builds/1234`, or `1234` for one in `room`.

    Raises WrongArgument.
    """
    if "/" in typed:
        room, _, typed = typed.removeprefix("#").partition("/")
    if not (typed.isdecimal() and len(typed) < 16 and int(typed)):
        raise WrongArgument
    return name_key(room), int(typed)


def log_of(hub: Hub, room: str) -> RoomLog:
    """The log of `room`, also if the room is closed."""
    if opened := hub.rooms.by_name.get(room):
        return opened.log
    return hub.history.open(room)


def read_state(typed: str, now: bool) -> bool:
    """Read `on` or `off`; an empty `typed` stands for `now`. Raises WrongArgument."""
    states = {"on": True, "off": False, "": now}
    if typed.lower() not in states:
        raise WrongArgument
    return states[typed.lower()]


def switch(hub: Hub, client: Client, typed: str, now: bool, on: str, off: str) -> bool:
    """Read the wanted state of a switch with `read_state`, and tell `client`: `on` or `off`.

    Both are sentences. Raises WrongArgument.
    """
    state = read_state(typed, now)
    tell = hub.confirm if typed else hub.tell
    tell(client, on if state else off)
    return state
