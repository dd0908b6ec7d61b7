"""Reading the arguments of commands, and the refusals that several commands share."""

import re
from collections.abc import Callable
from typing import TypeVar

import gevent

from gchat.commands.table import MAX_SHOWN, Refused, WrongArgument
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import PENALTY, PasswordAttempts, too_many_attempts
from gchat.model.epochs import Place, read_place
from gchat.model.identities import TooManyIdentities
from gchat.model.message import Message
from gchat.model.room_log import RoomLog
from gchat.text.naming import NotAName, as_room, name_key
from gchat.text.phrases import listing
from gchat.text.times import span

MAX_TEXT = 200
"""Characters of a text that is shown again and again: an away message, a topic, a reason."""


_LIKE_A_TIME = re.compile(r"[-+.]?\d")
"""How a word begins that is meant as a time, whether it is one or not."""

_ENDLESS = ("forever", "permanent", "permanently", "always")
"""Words for a time without an end."""

LEAST_BEGINNING = 2
"""Letters of the beginning of a name, at least, for which the name is looked up."""

MOST_MEANT = 5
"""Names that a refusal lists which begin with what was typed."""

NOT_WRITTEN = "Not saved to the history file: this will be lost when the server stops"
"""Told to an operator, or to a user who has set a topic, if writing has failed."""

Answer = TypeVar("Answer")


class NotATime(Refused):
    """Raised if a word that is meant as a time is none."""


def called(hub: Hub, name: str) -> Client:
    """The connected client called `name`. Raises Refused if there is none."""
    person = hub.names.holder(bare_name(name))
    if person is None and hub.elsewhere.called(bare_name(name)):
        why = f"{name[:MAX_TEXT]} is at another server: that works for users of this one only"
        raise Refused(why, "at another server")
    if person is None:
        why = f"Nobody here is called {name[:MAX_TEXT]}; /who lists the people in this room"
        raise Refused(why, "no such name")
    return person


def bare_name(typed: str) -> str:
    """The name in `typed` as people address each other: `@bob`, `bob:`, `bob,`."""
    return typed.removeprefix("@").rstrip(":,") or typed


def away_of(person: Client, client: Client) -> str | None:
    """The away message of `person`, as `client` may see it; None if `person` is not away."""
    if person.away is None:
        return None
    return "" if client.ignores.hides(person.number, person.name) else person.away.text


def name_meant(hub: Hub, typed: str) -> str:
    """The name that `typed` is, or else the only one that begins so. Raises Refused.

    It is that of a client, or of one who has left and can come back.
    """
    name = bare_name(typed)
    key = name_key(name)
    is_here = hub.names.holder_of_key(key) or hub.identities.called(key)
    if is_here or hub.elsewhere.called(name) or len(key) < LEAST_BEGINNING:
        return name
    known = hub.names, hub.identities, hub.elsewhere
    meant = sorted({name for each in known for name in each.beginning_with(key)})
    if len(meant) > 1:
        which = listing(meant, len(meant), MOST_MEANT)
        raise Refused(f"{name} may be {which}; type more of the name. Not sent.", "several names")
    return meant[0] if meant else name


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


def term_and_reason(term: str, why: str, least: int = 1) -> tuple[int | None, str]:
    """Split `TIME WHY` into seconds, or None if TIME is left out or `forever`, and the reason.

    TIME is one word or two: `2h`, `2 hours`; `term` is the first of them. Raises NotATime
    if that looks like a time and is none, and Refused if it is under `least` seconds, or if the
    reason is too long.
    """
    if term.lower() in _ENDLESS:
        term = ""
    seconds = span(term)
    if seconds is None and term:
        unit, _, rest = why.lstrip().partition(" ")
        if (seconds := span(f"{term} {unit}")) is not None:
            why = rest
        elif _is_meant_as_a_time(term, unit):  # a mistyped time must not mean "without end"
            meant = f"{term} {unit}" if term.lower() in ("for", "in") else term
            raise NotATime(
                f"“{meant[:MAX_SHOWN]}” is not a time; TIME is like 30s, 10m, 2 hours, 1h30m, 7d "
                "or forever, and WHY comes behind it",
                "not a time",
            )
        else:
            why = f"{term} {why}".strip()
    if seconds is not None and seconds < least:
        raise Refused(f"Time too short ({seconds} s, at least {least} s)", "time too short")
    if len(why) > MAX_TEXT:
        raise too_long("Reason", why)
    return seconds, why


def _is_meant_as_a_time(first: str, second: str) -> bool:
    """Whether the first two words of a reason are rather a mistyped time."""
    is_preposition = first.lower() in ("for", "in")
    return bool(_LIKE_A_TIME.match(second if is_preposition else first))


def read_message(typed: str, room: str) -> tuple[str, Place]:
    """The room and the place of a message: `#builds/1234`, or `1234` for one in `room`.

    Programs may put its epoch before the number. Raises WrongArgument.
    """
    if "/" in typed:
        room, _, typed = typed.removeprefix("#").partition("/")
    place = read_place(typed)
    if place is None or not place.id:
        raise WrongArgument
    return name_key(room), place


def message_at(hub: Hub, log: RoomLog, place: Place) -> Message:
    """The message at `place` in `log`. Raises Refused if it is not there any more."""
    found = hub.history.after(log, place.id - 1, 1)
    if found and found[0].id == place.id and place.epoch in (None, found[0].epoch):
        return found[0]
    raise Refused(f"There is no message #{log.room}/{place}", "no such message")


def room_named(typed: str) -> str:
    """The name of the room that `typed` means, open or not. Raises Refused."""
    try:
        return as_room(typed.removeprefix("#"))
    except NotAName as error:
        raise Refused(str(error), "not a room name") from None


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
    tell = hub.confirm if typed else hub.answer
    tell(client, on if state else off)
    return state
