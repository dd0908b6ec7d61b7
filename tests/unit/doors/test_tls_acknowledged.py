"""doors.tls_connection: of the bytes in records, it is known how many have arrived."""

import ssl

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.doors import tls_connection
from gchat.doors.tls_connection import RECORD
from gchat.hub.connection import Connection
from tests.unit.doors.tls_peer import (
    VERSIONS,
    Kernel,
    Make,
    TlsPeer,
    any_certificate,
    over_tcp,
)
from tests.unit.peers import within_deadline


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
