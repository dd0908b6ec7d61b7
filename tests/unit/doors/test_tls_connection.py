"""doors.tls_connection: bytes go through records, whole and in order, and are counted as ours."""

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.doors import tls_connection
from gchat.doors.listener import BUFFER
from gchat.doors.tls_connection import MAX_UNPRODUCTIVE, RECORD, TlsConnection, TlsFailed
from gchat.hub.connection import Connection
from gchat.runtime.loop import wait_for
from tests.unit.doors.tls_peer import Client, TlsPeer, any_certificate
from tests.unit.peers import Peer, connect, wait_until, within_deadline

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

Make = Callable[..., TlsPeer]


@pytest.fixture
def make(server_context: ssl.SSLContext) -> Iterator[Make]:
    peers: list[TlsPeer] = []

    def make(context: ssl.SSLContext | None = None, **more: Any) -> TlsPeer:
        peers.append(TlsPeer(server_context, context, **more))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


def narrow() -> tuple[Connection, Peer]:
    """A connection whose kernel takes little."""
    return connect(send_buffer=4096)


def over_tcp() -> tuple[Connection, Peer]:
    """One over TCP, of which the kernel tells what has arrived."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.socket()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(listener.getsockname())
        ours = listener.accept()[0]
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    ours.setblocking(False)
    return Connection(ours), Peer(theirs)


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
    for _ in range(3 * MAX_UNPRODUCTIVE // RECORD):  # what carries something is no matter
        peer.say(bytes(RECORD))
        assert peer.recv(RECORD + 100) == bytes(RECORD)
    monkeypatch.setattr(tls_connection, "MAX_UNPRODUCTIVE", 1000)
    record = peer.client.encrypt(bytes(RECORD))
    peer.peer.send(record[:1100])
    with pytest.raises(TlsFailed, match="without data"):
        peer.connection.recv(4096)


def test_what_has_arrived_ends_with_a_record(make: Make) -> None:
    peer = make(pair=over_tcp)
    lines = [b"%06d %s\n" % (number, b"x" * 200) for number in range(2000)]
    sent = b""
    for line in lines:
        try:
            sent += line[: peer.connection.send(line)]
        except BlockingIOError:
            break
    assert peer.connection.pending
    with within_deadline("its kernel takes no more"):
        before = -1
        while before != (before := peer.connection.unacknowledged):
            gevent.sleep(0.05)
    received = len(sent) - peer.connection.unacknowledged
    peer.peer.socket.setblocking(False)
    # Its window is closed: what it reads now is what its kernel has acknowledged.
    taken = peer.peer.socket.recv(2**20)
    assert peer.client.decrypt(taken) == sent[:received]


class Kernel:
    """A socket that takes as many bytes as a test lets it."""

    def __init__(self, accepted: Any) -> None:
        self._accepted = accepted
        self.room = 2**20
        self.records: int | None = None
        """Calls that it takes something in before the connection breaks."""
        self.taken = b""
        self.arrived = 0

    def send(self, data: bytes | memoryview) -> int:
        if self.records is not None:
            if not self.records:
                raise BrokenPipeError(32, "broken")
            self.records -= 1
        if not self.room:
            raise BlockingIOError(11, "full")
        part = bytes(data[: self.room])
        self.room -= len(part)
        self.taken += part
        return len(part)

    @property
    def on_the_way(self) -> int:
        return len(self.taken) - self.arrived

    def __getattr__(self, name: str) -> Any:
        return getattr(self._accepted, name)


@given(
    version=st.sampled_from(VERSIONS),
    steps=st.lists(
        st.tuples(
            st.integers(1, 3 * RECORD), st.integers(0, 2 * RECORD), st.integers(0, 2 * RECORD)
        ),
        max_size=30,
    ),
)
@settings(deadline=None)
def test_what_is_acknowledged_is_what_the_other_side_can_read(
    server_context: ssl.SSLContext, version: ssl.TLSVersion, steps: list[tuple[int, int, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Connection, "_on_the_way", property(lambda each: each._socket.on_the_way))
        patch.setattr(tls_connection, "TIDY", 3)
        peer = TlsPeer(server_context, any_certificate(version))
        kernel = peer.connection._socket = Kernel(peer.connection._socket)
        start = peer.connection._handed_over
        kernel.taken, kernel.arrived = bytes(start), start
        if version == ssl.TLSVersion.TLSv1_3:  # a ticket
            peer.client.decrypt(peer.peer.socket.recv(65536))
        sent = heard = b""
        for number, (size, room, arrives) in enumerate(steps):
            kernel.room = room
            data = bytes([number % 256]) * size
            try:
                sent += data[: peer.connection.send(data)]
            except BlockingIOError:
                assert peer.connection.pending
            before = kernel.arrived
            kernel.arrived = min(len(kernel.taken), before + arrives)
            heard += peer.client.decrypt(kernel.taken[before : kernel.arrived])
            assert heard == sent[: len(sent) - peer.connection.unacknowledged]
        peer.close()


@pytest.mark.parametrize("records", [0, 1, 2])
def test_a_record_that_the_kernel_refuses_is_not_counted(
    server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, records: int
) -> None:
    monkeypatch.setattr(Connection, "_on_the_way", property(lambda each: each._socket.on_the_way))
    peer = TlsPeer(server_context)
    kernel = peer.connection._socket = Kernel(peer.connection._socket)
    kernel.taken = bytes(peer.connection._handed_over)
    sent = peer.connection.send(b"before\n")
    kernel.records = records
    for _ in range(2):  # the second time, nothing more is taken
        try:
            sent += peer.connection.send(bytes(4 * RECORD))
        except BrokenPipeError:
            assert sent == 7 + records * RECORD
    kernel.arrived = len(kernel.taken)
    assert sent - peer.connection.unacknowledged == sent
    with pytest.raises(BrokenPipeError):
        peer.connection.send(b"more")
    peer.close()


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
