"""doors.tls_connection: bytes go through records, whole and in order."""

import ssl
from contextlib import suppress

import gevent
import pytest

from gchat.doors import tls_connection
from gchat.doors.tls_connection import MAX_EMPTY, RECORD, TlsConnection, TlsFailed
from gchat.hub.connection import Connection
from gchat.runtime.loop import wait_for
from tests.unit.doors.tls_peer import VERSIONS, Client, Kernel, Make, any_certificate, over_tcp
from tests.unit.peers import Peer, connect, wait_until, within_deadline


def narrow() -> tuple[Connection, Peer]:
    """A connection whose kernel takes little."""
    return connect(send_buffer=4096)


@pytest.mark.parametrize("version", VERSIONS)
def test_both_sides_are_heard(make: Make, version: ssl.TLSVersion) -> None:
    peer = make(any_certificate(version))
    peer.say(b"hello")
    assert peer.recv() == b"hello"
    assert peer.connection.send(b"and you") == 7
    assert peer.hear(7) == b"and you"
    assert peer.client.tls.selected_alpn_protocol() == "http/1.1"


def test_what_comes_with_the_end_of_the_handshake_is_read_first(make: Make) -> None:
    peer = make(behind=b"at once")
    other = make()
    other.say(b"mine")
    assert other.recv() == b"mine"
    peer.say(b" and later")
    assert peer.recv() == b"at once"
    assert peer.recv() == b" and later"


def test_handshakes_that_come_byte_by_byte_do_not_mix(server_context: ssl.SSLContext) -> None:
    ends = [connect() for _ in range(3)]
    clients = [Client() for _ in ends]
    connections = [TlsConnection(plain, server_context) for plain, _ in ends]
    flights, is_over = [client.shake_hands() for client in clients], False
    while not is_over:
        for at in range(max(map(len, flights))):
            for flight, connection in zip(flights, connections, strict=True):
                if at < len(flight):
                    is_over = connection.shake_hands(flight[at : at + 1])
        answers = [peer.socket.recv(65536) for _, peer in ends]
        if not is_over:
            flights = [
                client.shake_hands(answer) for client, answer in zip(clients, answers, strict=True)
            ]
    for client, ticket in zip(clients, answers, strict=True):
        client.decrypt(ticket)
    for connection, client, (_, peer) in zip(connections, clients, ends, strict=True):
        connection.send(b"welcome")
        assert client.decrypt(peer.socket.recv(65536)) == b"welcome"
        connection.close()
        peer.close()


def test_a_record_that_comes_in_parts_is_read_when_it_is_whole(make: Make) -> None:
    peer = make()
    record = peer.client.encrypt(b"x" * RECORD)
    peer.peer.send(record[:-1])
    for _ in range(5):
        with pytest.raises(BlockingIOError):
            peer.connection.recv(4096)
    peer.peer.send(record[-1:])
    assert peer.recv() == b"x" * RECORD


def test_many_records_at_once_are_all_read(make: Make) -> None:
    peer = make()
    peer.peer.send(b"".join(peer.client.encrypt(b"%d\n" % number) for number in range(100)))
    heard = b""
    while not heard.endswith(b"99\n"):
        heard += peer.recv(1000)
    assert heard.split() == [b"%d" % number for number in range(100)]


def test_nothing_is_lost_when_the_kernel_takes_little(make: Make) -> None:
    peer = make(pair=narrow)
    data = bytes(range(256)) * 1024
    taken = peer.connection.send(data)
    assert 0 < taken < len(data)
    assert peer.connection.pending
    with pytest.raises(BlockingIOError):
        peer.connection.send(data[taken:])
    heard = peer.hear(taken)  # what is pending follows by itself
    assert heard == data[:taken]
    wait_until(lambda: not peer.connection.pending, "the kernel has all")
    assert peer.connection.send(b"more") == 4
    assert peer.hear(4) == b"more"


def test_it_has_room_again_when_nothing_is_pending(make: Make) -> None:
    peer = make(pair=narrow)
    taken = peer.connection.send(bytes(10**6))
    told: list[int] = []
    peer.connection.block(lambda: told.append(peer.connection.pending))
    gevent.sleep(0)
    assert not told
    assert peer.hear(taken) == bytes(taken)
    wait_until(lambda: told, "it has room")
    assert told == [0]
    assert not peer.connection.blocked


def test_the_end_comes_behind_all_that_is_pending(make: Make) -> None:
    peer = make(pair=narrow)
    taken = peer.connection.send(bytes(10**6))
    finishing = gevent.spawn(peer.connection.finish)
    with within_deadline("the connection ends"):
        heard = b""
        while portion := peer.peer.socket.recv(4096):
            heard += peer.client.decrypt(portion)
    assert len(heard) == taken
    assert peer.client.tls.read() == b""  # it was told in TLS, too
    finishing.get()


def test_who_takes_nothing_at_the_end_is_given_up(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_connection, "FLUSH_TIME", 0.01)
    peer = make(pair=narrow)
    peer.connection.send(bytes(10**6))
    with pytest.raises(TimeoutError):
        peer.connection.finish()


def test_a_broken_connection_is_told_to_who_sends_next(make: Make) -> None:
    peer = make(pair=narrow)
    peer.connection.send(bytes(10**6))
    has_room = gevent.event.Event()
    peer.connection.block(has_room.set)
    peer.peer.close()
    with within_deadline("it has room"):
        has_room.wait()
    with pytest.raises(BrokenPipeError):
        peer.connection.send(b"more")


@pytest.mark.parametrize("last", [b"", b"goodbye"])
def test_the_end_of_input_is_told_behind_the_last_words(make: Make, last: bytes) -> None:
    peer = make(pair=over_tcp)
    peer.peer.send((peer.client.encrypt(last) if last else b"") + peer.client.end())
    if last:
        assert peer.recv() == last
    with within_deadline("there is something to read"):
        wait_for(peer.connection.readable)
    assert peer.recv() == b""
    assert peer.connection.send(b"still here") == 10
    assert peer.hear(10) == b"still here"


def test_an_end_without_one_of_tls_is_one_as_well(make: Make) -> None:
    peer = make()
    peer.peer.end_input()
    assert peer.recv() == b""


def test_garbage_ends_a_connection_and_no_other(make: Make) -> None:
    peer, other = make(), make()
    half = other.client.encrypt(b"not at risk")
    other.peer.send(half[:10])
    with pytest.raises(BlockingIOError):
        other.connection.recv(4096)
    record = bytearray(peer.client.encrypt(b"hello"))
    record[-1] ^= 1
    peer.peer.send(bytes(record) * 2)
    with pytest.raises(TlsFailed, match="bad record mac"):
        peer.recv()
    with pytest.raises(ssl.SSLError, match=r"(?i)alert"):
        peer.client.decrypt(peer.peer.socket.recv(65536))
    other.peer.send(half[10:])
    assert other.recv() == b"not at risk"


def test_one_who_only_sends_what_carries_nothing_is_ended(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = make()
    for _ in range(3 * MAX_EMPTY):  # what carries something is no matter
        peer.say(b"x")
        assert peer.recv() == b"x"
    monkeypatch.setattr(tls_connection, "MAX_EMPTY", peer.connection._empty)
    record = peer.client.encrypt(bytes(RECORD))
    peer.peer.send(record[:1100])
    with pytest.raises(TlsFailed, match="without data"):
        peer.connection.recv(4096)


@pytest.mark.parametrize("size", range(1, 8))
def test_records_are_told_apart_however_they_are_cut(make: Make, size: int) -> None:
    peer, heard = make(), b""
    before = peer.connection._empty
    sent = b"".join(peer.client.encrypt(b"x" * length) for length in range(1, 30))
    for at in range(0, len(sent), size):
        peer.peer.send(sent[at : at + size])
        with suppress(BlockingIOError):
            heard += peer.connection.recv(4096)
    assert heard == b"x" * sum(range(30))
    assert peer.connection._empty == before


def test_one_who_breaks_off_at_the_end_of_the_handshake_leaves_others_nothing(
    make: Make, server_context: ssl.SSLContext
) -> None:
    other = make()
    plain, peer = connect()
    client, connection = Client(), TlsConnection(plain, server_context)
    kernel = connection._socket = Kernel(connection._socket)
    flight = client.shake_hands()
    while not client.is_through:
        assert not connection.shake_hands(flight)
        flight, kernel.taken = client.shake_hands(kernel.taken), b""
    kernel.records = 0  # it is reset before it is sent a ticket
    with pytest.raises(BrokenPipeError):
        connection.shake_hands(flight + client.encrypt(b"x" * 100))
    other.say(b"mine")
    assert other.recv() == b"mine"
    make().say(b"welcome")
    connection.close()
    peer.close()
