"""delivery to a client in several rooms: in turns, each line whole, on one connection."""

import json

import gevent

from gchat.hub import membership
from gchat.hub.room import Room
from gchat.hub.sent import Marked
from gchat.model.display import PLAIN
from gchat.model.message import Kind
from tests.unit.peers import Company, Peer, wait_until
from tests.unit.programs import listener

JSON = PLAIN._replace(json=True)


def in_rooms(company: Company, *names: str, send_buffer: int = 2048) -> Peer:
    """A client that speaks JSON and is in the lobby and in further rooms."""
    peer = company.join("bot", send_buffer)
    peer.client.display = JSON
    for name in names:
        company.start(membership.enter_further, company.hub, peer.client, name).get(timeout=10)
    return peer


def room(company: Company, name: str) -> Room:
    return company.hub.rooms.by_name[name]


def flood(company: Company, name: str, count: int) -> None:
    """Say so many long lines in a room at once, as nobody who is there."""
    log = room(company, name).log
    log.append(1.0, Kind.SAY, [f"{number} {'x' * 1000}" for number in range(count)], 7, "zed")
    company.hub.mark_ready(room(company, name))


def read(peer: Peer) -> tuple[str, str]:
    fields = json.loads(peer.read_line())
    return fields["room"], fields["text"].partition(" ")[0]


def test_no_room_keeps_another_one_from_a_client_that_reads_slowly(company: Company) -> None:
    peer, bob = in_rooms(company, "builds"), listener(company, "bob", "builds")
    flood(company, "lobby", 1000)
    wait_until(lambda: peer.client.connection.blocked, "its connection takes no more")
    company.say(bob, "hello")
    before = 0
    while read(peer) != ("builds", "hello"):
        before += 1
    assert before < 300
    assert [read(peer)[1] for _ in range(1000 - before)] == list(map(str, range(before, 1000)))


def test_a_client_whose_connection_is_full_when_it_enters_another_room_gets_all(
    company: Company,
) -> None:
    peer = in_rooms(company)
    flood(company, "lobby", 300)
    wait_until(lambda: peer.client.connection.blocked, "its connection takes no more")
    company.start(membership.enter_further, company.hub, peer.client, "builds").get(timeout=10)
    assert [read(peer) for _ in range(300)] == [("lobby", str(number)) for number in range(300)]


def test_all_rooms_are_flooded_and_each_has_its_turns(company: Company) -> None:
    names = ("lobby", "builds", "ops")
    peer = in_rooms(company, *names[1:])
    for name in names:
        flood(company, name, 500)
    found = [read(peer) for _ in range(1500)]
    for name in names:
        assert [text for each, text in found if each == name] == list(map(str, range(500)))
    first = [name for name, _ in found[:500]]
    assert min(map(first.count, names)) > 50


def test_leaving_a_room_does_not_wait_for_the_flood_in_another(company: Company) -> None:
    peer = in_rooms(company, "builds")
    seat = peer.client.seats[1]
    flood(company, "lobby", 2000)
    wait_until(lambda: peer.client.connection.blocked, "its connection takes no more")
    company.start(membership.leave_room, company.hub, seat).get(timeout=10)
    assert peer.client.lag > 1000
    assert list(peer.client.seats) == [peer.client]


def test_leaving_a_room_waits_for_the_rest_of_a_line_of_that_room(company: Company) -> None:
    peer = in_rooms(company, "builds")
    seat = peer.client.seats[1]
    room(company, "builds").log.append(1.0, Kind.SAY, ["x" * 500_000], 7, "zed")
    company.hub.mark_ready(room(company, "builds"))
    wait_until(lambda: peer.client.connection.cut, "it was sent a part of the line")
    leaving = company.start(membership.leave_room, company.hub, seat)
    gevent.sleep(0.01)  # a moment in which it must not leave
    assert not leaving.ready()
    assert read(peer)[0] == "builds"
    leaving.get(timeout=10)


def test_when_it_leaves_its_first_room_nothing_of_the_next_one_is_lost_or_comes_twice(
    company: Company,
) -> None:
    peer, bob = in_rooms(company, "builds"), listener(company, "bob", "builds")
    hub, client = company.hub, peer.client
    company.say(bob, f"long {'x' * 500_000}")
    wait_until(lambda: client.connection.cut, "it was sent a part of the line")
    client.marked = Marked(None, client.seats[1])
    hub.say(client, ["its own"])
    client.marked = None
    company.say(bob, "after")
    hub.owe(client.seats[1], b'{"room": "builds", "text": "owed"}\n')
    hub.owe(client, b'{"room": "lobby", "text": "owed"}\n')
    leaving = company.start(membership.leave_room, hub, client)
    assert read(peer) == ("builds", "long")
    leaving.get(timeout=10)
    found = sorted(read(peer) for _ in range(3))
    assert found == [("builds", "after"), ("builds", "owed"), ("lobby", "owed")]
    company.say(bob, "end")
    assert read(peer) == ("builds", "end")
    assert client.own_ahead == client.owed_bytes == 0


def test_it_is_sent_what_others_see_of_those_it_does_not_ignore(company: Company) -> None:
    peer, bob = in_rooms(company, "builds"), listener(company, "bob", "builds")
    ann = listener(company, "ann", "builds")
    company.hub.names.ignore(peer.client, "bob")
    company.say(bob, "ignored")
    company.say(ann, "seen")
    assert read(peer) == ("builds", "seen")


def test_what_it_is_owed_in_a_room_that_it_leaves_still_comes(company: Company) -> None:
    peer = in_rooms(company, "builds")
    seat = peer.client.seats[1]
    seat.stop_at(seat.log.end)
    company.hub.owe(seat, b'{"room": "builds", "text": "owed"}\n')
    owed = peer.client.owed_bytes
    membership.quit_room(company.hub, seat)
    membership.remove_seat(company.hub, seat)
    assert peer.client.owed_bytes == owed
    assert read(peer) == ("builds", "owed")
    wait_until(lambda: not peer.client.owed_bytes, "it is counted as sent")


def test_a_client_in_several_rooms_is_in_no_cohort_and_in_one_again_afterwards(
    company: Company,
) -> None:
    peer, bob = in_rooms(company, "builds"), listener(company, "bob")
    company.say(bob, "one")
    assert read(peer) == ("lobby", "one")
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    assert [seat.cohort for seat in peer.client.seats] == [None, None]
    (seat,) = peer.client.seats[1:]
    company.start(membership.leave_room, company.hub, seat).get(timeout=10)
    wait_until(lambda: peer.client.cohort, "it is in one")
    company.say(bob, "two")
    assert read(peer) == ("lobby", "two")
