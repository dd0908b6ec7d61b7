"""Programs that speak JSON, and what they are sent."""

import json
from typing import Any

from gchat.hub import membership
from tests.json_schema import check_sent
from tests.unit.peers import Company, Peer, wait_until

Fields = dict[str, Any]


def speaking_json(company: Company, name: str, send_buffer: int = 0) -> Peer:
    """A program called `name` that has switched to JSON, in the lobby alone."""
    peer = company.converse(f"/nick {name}\n/json on\n".encode(), send_buffer=send_buffer)
    assert read(peer)["text"] == "JSON is on"
    wait_until(lambda: peer.client.takes_more, "it listens")
    return peer


def listener(company: Company, name: str, room: str = "lobby") -> Peer:
    """Somebody called `name` in `room`, whose coming nobody is told."""
    peer = company.join(name)
    if room != "lobby":
        company.start(membership.move, company.hub, peer.client, room).get(timeout=10)
    return peer


def send(peer: Peer, **fields: Any) -> None:
    peer.send(json.dumps(fields).encode() + b"\n")


def carry_out(peer: Peer, **fields: Any) -> list[Fields]:
    """Ask for something; what comes up to the `ok` or the `error` for it, that included."""
    send(peer, **fields, ref="this")
    objects = [read(peer)]
    while objects[-1].get("ref") != "this" or objects[-1]["kind"] not in ("ok", "error"):
        objects.append(read(peer))
    return objects


def read(peer: Peer) -> Fields:
    fields: Fields = json.loads(peer.read_line())
    check_sent(fields)
    return fields


def said(peer: Peer, count: int) -> list[tuple[str, str]]:
    """Rooms and texts of the next `count` messages."""
    found = [read(peer) for _ in range(count)]
    assert {each["kind"] for each in found} <= {"say", "action"}, found
    return [(each["room"], each["text"]) for each in found]


def rooms_of(peer: Peer) -> list[str]:
    return [seat.log.room for seat in peer.client.seats]
