"""Whom operators mean: by names, addresses and networks, of clients that are here or have left."""

from gchat.commands.arguments import MAX_TEXT
from gchat.commands.table import Refused
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.identities import Identity
from gchat.text.addresses import (
    Network,
    NobodyComesFrom,
    NotANetwork,
    address_of,
    lies_in,
    read_network,
)
from gchat.text.naming import name_key


def network_meant(hub: Hub, typed: str) -> tuple[Network, bool]:
    """The network that `typed` means, and whether `typed` is a name. Raises Refused."""
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
    raise Refused(
        f"{typed[:MAX_TEXT]} is not a known name, address or network", "no such name or address"
    )


def clients_in(hub: Hub, network: Network) -> list[Client]:
    """The clients whose addresses are in `network`.

    Others have their turn meanwhile: who has gone by the end is left out.
    """
    found = [client for client in hub.each_client() if address_of(client.host) in network]
    return [client for client in found if hub.clients.get(client.number) is client]


def muted_and_absent(hub: Hub, network: Network, name: str) -> list[Identity]:
    """The muted identities that are not connected: the one called `name`, or all of `network`.

    `name` is empty in the second case.
    """
    return [
        one
        for one in hub.identities.muted(hub.clock.steady())
        if one.number not in hub.clients
        and (name_key(one.name) == name_key(name) if name else lies_in(one.network, network))
    ]


def leaving(hub: Hub, name: str) -> Client | None:
    """The client called `name` that has left and is still being sent the rest, or None."""
    identity = hub.identities.called(name_key(name))
    return hub.clients.get(identity.number) if identity else None
