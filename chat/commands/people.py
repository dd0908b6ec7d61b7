"""Who you are, and who is here."""

from itertools import islice

from chat.client import Client
from chat.commands.table import Refused, command
from chat.hub import Hub, NameTaken
from chat.text import NotAName, as_name, listing, nearest_name

NAMES_SHOWN = 100
"""How many names /who lists: what fits on a screen, and is no burden to owe."""


@command("NAME")
def nick(hub: Hub, client: Client, name: str) -> None:
    """be called NAME

    1 to 24 letters, digits, - _ . of any script; upper and lower case count as the same.
    For example: /nick ann
    """
    try:
        name = as_name(name)
        hub.rename(client, name)
    except NotAName as error:
        free = hub.free_name(nearest_name(name))
        raise Refused(f"that cannot be a name: {error}; {free} is free", "a name") from None
    except NameTaken as error:
        raise Refused(f"the name {name} is taken; {error.free} is free", "a name") from None
    hub.tell(client, f"you are now {name}")


@command()
def who(hub: Hub, client: Client) -> None:
    """list who is here

    For example: /who
    """
    room = hub.room_of(client)
    with hub.lock:
        total = len(room.clients)
        # No more than are shown: sorting ten thousand would be felt by everybody.
        names = [other.name for other in islice(room.clients.values(), NAMES_SHOWN + 1)]
    hub.tell(client, f"#{room.name}, {total} here: {listing(sorted(names), total, NAMES_SHOWN)}")
