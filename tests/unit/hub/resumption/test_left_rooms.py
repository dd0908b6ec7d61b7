"""hub.left_rooms: what had not arrived of rooms that a client had left comes when it resumes."""

import re
from fcntl import ioctl
from itertools import dropwhile
from sys import byteorder
from termios import FIONREAD

import pytest

from gchat.hub import left_rooms
from gchat.hub.connection import Connection
from tests.unit.commands.typing_lines import told
from tests.unit.hub.resumption.returning import Server, gone, somebody
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

HEADER = " * In #{}, before you left it, you missed:"
BEGINNING = re.compile("before you left it, you missed|You may have missed")
NOTHING: list[str] = []


@pytest.fixture(autouse=True)
def _exact(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """Count as acknowledged what was read: the kernel counts more than bytes between two sockets of
    this machine."""

    def unread(connection: Connection) -> int:
        for peer in server.company.peers:
            if hasattr(peer, "client") and peer.client.connection is connection:
                if peer.socket.fileno() < 0:
                    return 0
                return int.from_bytes(ioctl(peer.socket, FIONREAD, bytes(4)), byteorder)
        return 0

    monkeypatch.setattr(Connection, "unacknowledged", property(unread))


def say(company: Company, peer: Peer, *texts: str) -> None:
    """Say something, and wait until it has its place."""
    company.say(peer, *texts)
    company.hub.pending_writes.wait_for_all(DEADLINE)


def join(peer: Peer, room: str) -> None:
    """Have somebody who reads nothing go to `room`."""
    wait_until(lambda: peer.client.lag == 0, "it was sent all")
    peer.send(f"/join {room}\n".encode())
    wait_until(lambda: peer.client.log.room == room and peer.client.until is None, "it is there")


def missed(company: Company, token: str, place: str = "") -> list[str]:
    """What somebody who resumes is shown of rooms that they had left, before they are welcomed."""
    again = somebody(company)
    again.send(f"/resume {token} {place}\n".encode())
    lines = again.read_until("Welcome back")[:-1]
    return [*dropwhile(lambda line: not BEGINNING.search(line), lines)]


def read_all(peer: Peer) -> None:
    """Have everything arrive."""

    def has_arrived() -> bool:
        peer.client.connection.unacknowledged and peer.read_line()
        return not (peer.client.connection.unacknowledged or peer.client.owed)

    wait_until(has_arrived, "all has arrived")


def killed_after_leaving_tea(server: Server, company: Company, ann: Peer, bob: Peer) -> Company:
    """Ann leaves #tea, where Bob has said two lines that have not arrived; then comes a checkpoint,
    and a kill. Returns the next server's."""
    for peer in (ann, bob):
        told(company, peer, "/join tea")
    ann.read_until("bob joined")
    say(company, bob, "one", "two")
    join(ann, "lobby")
    server.checkpointer.update()
    server.checkpointer.write()
    server.kill()
    return server.start()


def test_what_had_not_arrived_of_a_room_comes_before_all_else(
    company: Company, ann: Peer, bob: Peer
) -> None:
    say(company, bob, "read")
    ann.read_until("bob: read")
    say(company, bob, "one", "two")
    join(ann, "tea")
    say(company, bob, "not for ann")
    number, token = ann.client.number, ann.client.token
    again = somebody(company)  # who reads nothing behind /resume either
    again.send(f"/resume {token}\n".encode())
    wait_until(lambda: again.client.number == number and not again.client.owed, "it is sent")
    expected = [HEADER.format("lobby"), "bob: one", "bob: two"]
    assert missed(company, token) == expected
    assert missed(company, token) == NOTHING


def test_what_has_arrived_does_not_come_again(company: Company, ann: Peer, bob: Peer) -> None:
    say(company, bob, "one")
    join(ann, "tea")
    read_all(ann)
    gone(company, ann)
    assert missed(company, ann.client.token) == NOTHING


def test_each_room_has_its_own_in_the_order_in_which_they_were_left(
    company: Company, ann: Peer, bob: Peer
) -> None:
    read_all(ann)
    say(company, bob, "one")
    join(ann, "tea")
    told(company, bob, "/join tea")
    say(company, bob, "two")
    join(ann, "cake")
    found = missed(company, ann.client.token)
    assert [line for line in found if "joined" not in line and "left" not in line[2:8]] == [
        HEADER.format("lobby"),
        "bob: one",
        HEADER.format("tea"),
        "bob: two",
    ]


def test_its_own_lines_and_those_that_it_ignores_are_left_out(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/ignore cy\n")
    ann.read_until("You now ignore cy")
    cy = somebody(company)
    told(company, cy, "/nick cy")
    read_all(ann)
    say(company, bob, "one")
    say(company, ann, "mine")
    say(company, cy, "ignored")
    say(company, bob, "two")
    join(ann, "tea")
    assert missed(company, ann.client.token) == [
        HEADER.format("lobby"),
        "bob: one",
        "bob: two",
    ]


def test_who_has_seen_something_that_was_sent_later_has_it(
    company: Company, ann: Peer, bob: Peer
) -> None:
    read_all(ann)
    say(company, bob, "one")
    join(ann, "tea")
    entered = ann.client.entered.id
    told(company, bob, "/join tea")
    say(company, bob, "two")
    last = ann.client.log.end.id
    assert missed(company, ann.client.token, str(entered))
    assert missed(company, ann.client.token, str(last)) == NOTHING


def test_it_comes_after_a_kill_also_if_the_room_is_closed_then(
    server: Server, company: Company, ann: Peer, bob: Peer
) -> None:
    company = killed_after_leaving_tea(server, company, ann, bob)
    assert "tea" not in company.hub.rooms.by_name
    assert missed(company, ann.client.token) == [HEADER.format("tea"), "bob: one", "bob: two"]


def test_what_is_not_kept_any_more_is_told(
    server: Server, company: Company, ann: Peer, bob: Peer
) -> None:
    company = killed_after_leaving_tea(server, company, ann, bob)
    company.hub.store.trim_room("tea", 1, 99)
    gap, *rest = missed(company, ann.client.token)
    assert gap.startswith(" * You may have missed messages")
    assert rest in ([HEADER.format("tea"), "bob: two"], NOTHING)


def test_that_it_has_arrived_is_saved(server: Server, company: Company, ann: Peer) -> None:
    bob = somebody(company)
    read_all(ann)
    say(company, bob, "one")
    join(ann, "tea")
    server.checkpointer.update()
    server.checkpointer.write()
    (identity,) = company.hub.directory.identities()
    assert [left.room for left in identity.left] == ["lobby"]
    read_all(ann)
    server.checkpointer.update()
    server.checkpointer.write()
    (identity,) = company.hub.directory.identities()
    assert identity.left == []
    assert not ann.client.remainders


def test_only_so_many_are_kept(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_rooms, "MOST", 2)
    read_all(ann)
    for room, following in (("lobby", "a"), ("a", "b"), ("b", "c")):
        say(company, bob, f"in {room}")
        join(ann, following)
        told(company, bob, f"/join {following}")
    found = [line for line in missed(company, ann.client.token) if "bob: " in line]
    assert found == ["bob: in a", "bob: in b"]
