"""What several commands make of their arguments."""

from chat.client import Client
from chat.clock import span
from chat.commands.table import Refused, WrongArgument
from chat.hub import Hub

MAX_TEXT = 200
"""Characters of what is shown again and again: why somebody is away, a room's topic."""


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
    """The seconds that `term` means, if it means some, or else it is the first word of the reason.

    Raises WrongArgument, and Refused if the reason is too long.
    """
    seconds = span(term)
    if seconds is None:
        if term[:1].isdigit():  # of `2 hours`, say: without end is not what is meant
            raise WrongArgument
        why = f"{term} {why}".strip()
    if len(why) > MAX_TEXT:
        raise too_long("the reason", why)
    return seconds, why


def state_wanted(typed: str, now: bool) -> bool:
    """What `typed`, on or off, asks for: `now`, if it is empty. Raises WrongArgument."""
    states = {"on": True, "off": False, "": now}
    if typed.lower() not in states:
        raise WrongArgument
    return states[typed.lower()]


def switch(hub: Hub, client: Client, typed: str, now: bool, what: str) -> bool:
    """The same, and `client` is told whether `what` is on."""
    state = state_wanted(typed, now)
    tell = hub.confirm if typed else hub.tell
    tell(client, f"{what} is {'on' if state else 'off'}")
    return state
