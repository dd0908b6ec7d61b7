"""What is on or off for one client."""

from chat.client import Client
from chat.commands.table import WrongArgument
from chat.hub import Hub


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
