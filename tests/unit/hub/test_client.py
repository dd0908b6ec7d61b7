"""hub.client: a place in a log, a socket, and what is owed."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import ip_network

import gevent
import pytest

from gchat.hub.client import Client
from gchat.hub.naming import rename
from gchat.hub.owed import NOTHING_OWED, OWED_BYTES
from gchat.model.events import Announced
from gchat.model.room_log import Cursor
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def company() -> Iterator[Company]:
    """Without a broadcaster: nobody but the test sends anything."""
    with Company(broadcasting=False) as company:
        yield company


@pytest.fixture
def peer(company: Company) -> Peer:
    return company.join()


@pytest.fixture
def client(peer: Peer) -> Client:
    return peer.client


def fill(client: Client) -> None:
    """Send to its socket until it takes no more."""
    with suppress(BlockingIOError):
        while client.connection._socket.send(bytes(65536)):
            pass


def test_it_begins_at_the_end_of_the_log(company: Company) -> None:
    company.hub.notify(company.room, Announced("op", "before it came"))
    assert company.join().client.cursor == company.room.log.end


def test_the_log_calls_it_by_name_and_address(company: Company, client: Client) -> None:
    assert str(client) == client.address
    rename(company.hub, client, "ann")
    assert str(client) == f"ann ({client.address})"


def test_sending_to_it_never_waits(client: Client) -> None:
    fill(client)


def test_what_is_owed_is_taken_in_order_and_its_bytes_are_counted(client: Client) -> None:
    for data in (b"one", b"three", b"five"):
        client.enqueue(data)
    assert client.owed_bytes == 3 * OWED_BYTES + 12
    assert [client.take_owed(), client.take_owed()] == [b"one", b"three"]
    assert client.owed_bytes == OWED_BYTES + 4
    assert client.take_owed() == b"five"
    assert client.owed_bytes == 0


def test_what_is_owed_comes_behind_all_that_the_client_is_to_get(
    company: Company, client: Client
) -> None:
    company.hub.notify(company.room, Announced("op", "one"))
    client.enqueue(b"now")
    client.until = client.cursor
    company.hub.notify(company.room, Announced("op", "two"))
    client.enqueue(b"at the end")
    assert [owed.after.id for owed in client.owed] == [1, client.until.id]


def test_who_is_owed_nothing_has_no_deque_of_its_own(client: Client) -> None:
    assert client.owed is NOTHING_OWED
    client.enqueue(b"one")
    assert client.owed is not NOTHING_OWED
    client.take_owed()
    assert client.owed is NOTHING_OWED
    assert not NOTHING_OWED


def test_it_is_settled_when_it_has_left_and_got_all_up_to_there(client: Client) -> None:
    client.until = None
    assert not client.settled
    client.cursor, client.until = Cursor(4, 4), Cursor(5, 5)
    assert not client.settled
    client.cursor = Cursor(5, 5)
    assert client.settled
    client.connection.cut = b"rest"
    assert not client.settled
    client.connection.cut = b""
    client.enqueue(b"one")
    assert not client.settled
    client.take_owed()
    assert client.settled


def test_a_full_socket_calls_once_when_it_has_room_again(peer: Peer) -> None:
    calls: list[Client] = []
    fill(peer.client)
    peer.client.connection.block(calls.append, peer.client)
    gevent.sleep(0.01)  # a moment in which it must not be called
    assert peer.client.connection.blocked
    assert not calls
    reader = gevent.spawn(peer.read_to_end)
    wait_until(lambda: calls, "it is writable")
    assert not peer.client.connection.blocked
    peer.client.connection._socket.shutdown(socket.SHUT_WR)
    reader.join()
    assert calls == [peer.client]


def test_it_can_be_full_again(peer: Peer) -> None:
    calls: list[Client] = []
    for count in (1, 2):
        fill(peer.client)
        peer.client.connection.block(calls.append, peer.client)
        while len(calls) < count:
            peer.socket.recv(65536)
            gevent.sleep(0.001)
    assert calls == [peer.client] * 2


def test_who_waits_for_progress_is_told_when_there_is_none_any_more(client: Client) -> None:
    waiting = gevent.spawn(client.wait_for_progress)
    wait_until(lambda: client.progress, "it waits")
    client.lose("test")
    assert waiting.get(timeout=10)
    assert client.lost == "test"


def test_waiting_for_progress_ends_after_its_time(client: Client) -> None:
    assert not client.wait_for_progress(0.001)


def test_a_dismissed_client_ends_with_the_reason(peer: Peer) -> None:
    peer.client.dismiss("test")
    wait_until(lambda: peer.reason, "its greenlet ends")
    assert peer.reason == "test"


def test_an_expelled_client_ends_with_the_reason_and_as_one_that_is_made_to_go(
    company: Company, peer: Peer
) -> None:
    dismissed = company.join()
    dismissed.client.dismiss("test")
    peer.client.expel("test")
    wait_until(lambda: peer.reason and dismissed.reason, "their greenlets end")
    assert peer.reason == "test"
    assert (peer.expelled, dismissed.expelled) == (True, False)


def test_one_that_is_cut_off_ends_without_a_word(peer: Peer) -> None:
    peer.client.cut_off()
    wait_until(lambda: peer.client.greenlet.dead, "its greenlet ends")
    assert peer.reason == ""


def test_one_that_has_ended_is_not_ended_again(
    company: Company, greenlet_errors: list[BaseException]
) -> None:
    _, connection = company._connect(None)
    clients: list[Client] = []
    # A bare greenlet, as clients have: what is thrown into it when it is dead comes back.
    gevent.spawn_raw(lambda: clients.append(company._client(connection)))
    wait_until(lambda: clients, "it has ended")
    clients[0].expel("test")
    gevent.sleep(0.001)  # a turn of the loop, in which an error would be reported
    assert not greenlet_errors
    clients[0].connection.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [("10.0.0.7:5000", "10.0.0.7/32"), ("[2001:db8::7]:5000", "2001:db8::/64")],
)
def test_its_network_is_what_counts_as_its_address(
    client: Client, address: str, network: str
) -> None:
    client.address = address
    assert client.network == ip_network(network)


def test_it_lags_by_what_others_have_said_since_it_was_sent_something(
    company: Company, client: Client
) -> None:
    other = company.join()
    assert client.lag == 0
    company.say(other, "one", "two")
    company.hub.notify(company.room, Announced("op", "a notice"))
    assert (client.lag, other.client.lag) == (2, 0)
    company.hub.say(client, ["its own"])
    assert (client.lag, other.client.lag) == (2, 1)
    client.cursor = Cursor(1, 1)
    assert client.lag == 1


def test_closing_gives_the_descriptor_back_and_stops_the_watchers(peer: Peer) -> None:
    calls: list[Client] = []
    fill(peer.client)
    peer.client.connection.block(calls.append, peer.client)
    descriptor = peer.client.connection._socket.fileno()
    peer.client.connection.close()
    with pytest.raises(OSError, match="descriptor"):
        os.fstat(descriptor)
    assert peer.client.lost
    assert peer.read_to_end()
    assert not calls
