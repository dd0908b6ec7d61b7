"""Whom operators mean: by names, addresses and networks, of clients that are here or have left."""

from gchat.commands.arguments import MAX_TEXT, bare_name
from gchat.commands.elsewhere import ask_every_server, ask_server_of
from gchat.commands.table import Refused
from gchat.hub.client import Client
from gchat.hub.direct_messages import Recipient
from gchat.hub.hub import Hub
from gchat.hub.moderating import NETWORK_OF, NETWORK_OF_DEPARTED
from gchat.text.addresses import (
    Network,
    NobodyComesFrom,
    NotANetwork,
    parse_network,
    read_network,
)
from gchat.text.naming import name_key


def network_meant(
    hub: Hub, client: Client, typed: str, user: Recipient | None
) -> tuple[Network, bool]:
    """The network that `typed` means, and whether `typed` is a name. Raises Refused.

    `user` is the one of another server who is called so, if there is one.
    """
    if user:
        return parse_network(ask_server_of(hub, client, user, NETWORK_OF)), True
    if person := hub.names.holder(typed):
        return person.network, True
    try:
        return read_network(typed), False
    except NobodyComesFrom as why:
        raise Refused(str(why), "not a network of clients") from None
    except NotANetwork:
        if network := hub.names.departed(typed):
            return network, True
        if identity := hub.identities.called(name_key(typed)):
            return identity.network, True
        if hub.store.is_shared:
            asked = bare_name(typed)[:MAX_TEXT]
            undone = f"It is not known who {asked} is"
            found = ask_every_server(hub, client, NETWORK_OF_DEPARTED, asked, undone)
            if networks := [each for each in found if each]:
                return parse_network(networks[0]), True
    raise Refused(
        f"{typed[:MAX_TEXT]} is not a known name, address or network", "no such name or address"
    )
