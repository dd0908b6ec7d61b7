"""What is on or off for one client."""

from chat.client import Client
from chat.commands.table import WrongArgument
from chat.hub import Hub


def switch(hub: Hub, client: Client, wanted: str, now: bool, what: str) -> bool:
    """Whether `what` is to be on: `now`, if nothing is `wanted`. Tells the client.

    Raises WrongArgument for what is neither on nor off.
    """
    states = {"on": True, "off": False, "": now}
    if wanted.lower() not in states:
        raise WrongArgument
    state = states[wanted.lower()]
    tell = hub.confirm if wanted else hub.tell
    tell(client, f"{what} is {'on' if state else 'off'}")
    return state
