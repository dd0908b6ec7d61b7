"""Bans and mutes of networks, at all servers that share the store."""

import logging
from collections.abc import Mapping

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.events import Banned, Kicked, RoomEvent
from gchat.model.sanctions import Sanction, Sanctions
from gchat.protocol.sentences import sentence_of
from gchat.store.errors import StoreError
from gchat.text.addresses import Network, address_of

BAN, MUTE = "ban", "mute"

log = logging.getLogger(__name__)


def impose(hub: Hub, kind: str, network: Network, sanction: Sanction) -> None:
    """Impose a ban or mute on `network`, at all servers.

    Raises TooManySanctions; and StoreError, if the other servers cannot learn of it: then it is not
    imposed.
    """
    now, held = hub.clock.steady(), _held(hub, kind)
    before = held.all(now).get(network)
    held.add(network, sanction, now)
    try:
        hub.directory.impose(kind, network, sanction)
    except StoreError:
        held.remove(network, now)
        if before:
            held.add(network, before, now)
        raise


def lift(hub: Hub, kind: str, network: Network) -> bool:
    """Lift the ban or mute of `network`, at all servers; False if there is none.

    Raises StoreError; then it is not lifted.
    """
    now, held = hub.clock.steady(), _held(hub, kind)
    if network not in held.all(now):
        return False
    hub.directory.impose(kind, network, None)
    return held.remove(network, now)


def learn(hub: Hub, held: Mapping[str, Mapping[Network, Sanction]]) -> None:
    """Have the bans and mutes be those that are `held`, as other servers have changed some.

    Clients from networks that are banned by this are disconnected.
    """
    now = hub.clock.steady()
    before = hub.bans.all(now)
    hub.bans, hub.mutes = Sanctions(held[BAN]), Sanctions(held[MUTE])
    try:
        hub.directory.write_sanctions(held)
    except StoreError as error:
        log.error("cannot save bans and mutes: %s", error)
    for network, sanction in held[BAN].items():
        if before.get(network) != sanction:
            event = Banned(sanction.by, sanction.why, sanction.seconds_left(now))
            for client in clients_in(hub, network):
                expel(hub, client, sanction, event)


def clients_in(hub: Hub, network: Network) -> list[Client]:
    """The clients whose addresses are in `network`.

    Others have their turn meanwhile: who has gone by the end is left out.
    """
    found = [client for client in hub.each_client() if address_of(client.host) in network]
    return [client for client in found if hub.clients.get(client.number) is client]


def expel(hub: Hub, person: Client, sanction: Sanction, event: Kicked | Banned) -> str:
    """Disconnect `person`, which is what happened; returns that as a sentence."""
    told = f"{event.kind} {sanction.tell(hub.clock.steady(), imposed=True)}"
    hub.tell(person, f"You were {told}", event=event)
    person.expel(told)
    return tell_rooms(hub, person, event)


def tell_rooms(hub: Hub, person: Client, event: RoomEvent) -> str:
    """Tell the others in the rooms of `person`, and the log; returns what, as a sentence."""
    text = sentence_of(event, person.name)
    log.info("%s (%s)", text, person.address)
    for seat in person.seats:
        if room := hub.rooms.by_name.get(seat.log.room):  # else they left, and it was closed
            hub.notify(room, event, person.number, person.name)
    return text


def _held(hub: Hub, kind: str) -> Sanctions:
    return hub.bans if kind == BAN else hub.mutes
