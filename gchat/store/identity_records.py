"""Identities as JSON, wherever a store keeps them."""

import json
from datetime import tzinfo
from ipaddress import ip_network
from typing import Any

from gchat.model.display import Display
from gchat.model.identities import Identity, LeftRoom, RememberedPlace
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction

PlaceRecord = tuple[str, int, int, int, int]
"""Room, epoch, id, spoken, own_ahead."""


def record_of(identity: Identity) -> list[Any]:
    """All of `identity` but its places: number, digest, network, name, seen, and the rest as JSON.

    As `identity_from` reads it.
    """
    display = identity.display
    state = {
        "look": display._replace(zone=None)._asdict(),
        "zone": str(display.zone) if display.zone else "",
        "ignored": identity.ignored,
        "person": identity.person,
        "rings": identity.rings,
        "muted": identity.muted,
        "correspondent": identity.correspondent,
        "left": identity.left,
    }
    return [
        identity.number,
        identity.digest,
        str(identity.network),
        identity.name,
        identity.seen,
        json.dumps(state),
    ]


def places_of(identity: Identity) -> list[PlaceRecord]:
    """How far `identity` has got in its rooms."""
    return [(place.room, place.epoch, *place.cursor, place.own_ahead) for place in identity.places]


def identity_from(
    number: int,
    digest: str,
    network: str,
    name: str,
    seen: float,
    state: str,
    places: list[PlaceRecord],
) -> Identity:
    """The identity of which these are the record and the places."""
    fields = json.loads(state)
    left = [LeftRoom(*each) for each in fields.pop("left", ())]
    display, zone, muted = fields.pop("look"), fields.pop("zone"), fields.pop("muted")
    known = [
        RememberedPlace(room, epoch, Cursor(last, spoken), own_ahead)
        for room, epoch, last, spoken, own_ahead in places
    ]
    identity = Identity(number, digest, ip_network(network), name, seen, known, left, **fields)
    identity.display = Display(**display)._replace(zone=_zone(zone) if zone else None)
    identity.muted = Sanction(*muted) if muted else None
    return identity


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # not needed at the start, as a rule: 2 ms

    return ZoneInfo(name)
