"""The names of clients, as all servers have them that share the store: taken, and given back."""

import logging
import time

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.names import NameReserved, NameTaken
from gchat.model.identities import Identity
from gchat.text.lookalikes import skeletons
from gchat.text.naming import name_key

ATTEMPTS = 10
"""Free names that are tried before it is given up to find one."""

log = logging.getLogger(__name__)


def rename(hub: Hub, client: Client, name: str) -> None:
    """Give `client` a name that text.as_name has made.

    Waits for other servers, if there are some. Raises NameTaken, NameReserved and StoreError.
    """
    before, shown_before = client.name, str(client)
    _take(hub, client, name)
    client.named = time.monotonic()
    if name != before:
        log.info("%s is now %s", shown_before, name)
    if not client.person or name == before:
        return
    for seat in client.seats:
        hub.presence_notices.tell_renamed(hub.room_of(seat), client, before)


def release(hub: Hub, client: Client) -> None:
    """Free the name of `client`, which leaves or goes on as another one."""
    hub.names.release(client)
    if client.is_nameless:  # nothing was claimed
        return
    has_token = hub.identities.of(client.number) is not None
    reserve = hub.settings.reserve if has_token else 0.0
    until = time.time() + reserve if reserve else 0.0
    hub.directory.release(name_key(client.name), client.number, until)


def claim(hub: Hub, identity: Identity) -> None:
    """Have the name of `identity` in all servers; another one if it was taken meanwhile.

    Raises StoreError.
    """
    while hub.directory.claim(name_key(identity.name), identity.number, identity.name):
        hub.identities.rename(identity, hub.names.free(identity.name, but=identity.name))


def replace(hub: Hub, client: Client) -> None:
    """Give `client` a free name, as a client of another server has taken its own.

    That happens while this server is cut off for so long that the others take it for ended. Raises
    StoreError.
    """
    before = client.name
    for _ in range(ATTEMPTS):
        try:
            rename(hub, client, hub.names.free(before, but=before))
        except (NameTaken, NameReserved):  # just now
            continue
        hub.tell(
            client,
            f"You are now {client.name}: while this server was cut off from the others, a user of "
            f"another one has taken the name {before}",
        )
        return
    log.error("%s has a name that a client of another server has as well", client)


def _take(hub: Hub, client: Client, name: str) -> None:
    key, before = name_key(name), name_key(client.name)
    hub.names.check(client, name)
    if hub.directory.claim(key, client.number, name, skeletons(name)):
        raise NameTaken(None, hub.names.free(name, but=name))
    try:
        hub.names.take(client, name)  # others may have taken it here meanwhile
    except (NameTaken, NameReserved):
        if key != before:
            hub.directory.release(key, client.number)
        raise
    if key != before:
        hub.directory.release(before, client.number)
