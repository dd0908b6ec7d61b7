"""doors.opening: what a connection sends at first."""

import pytest

from gchat.doors import opening
from gchat.doors.opening import Opening, OtherProtocol, greet, open_lines, read_late
from gchat.hub.connection import Connection
from gchat.protocol.first_bytes import Protocol
from gchat.protocol.framing import LineFramer
from tests.unit.peers import connect


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.02)


def open_connection(connection: Connection, framer: LineFramer) -> Opening:
    return open_lines(connection, framer, greet(connection))


def test_one_who_says_nothing_is_silent_and_one_whose_input_has_ended_is_not() -> None:
    connection, peer = connect()
    assert open_connection(connection, LineFramer(100)) == ([], True, 0)
    peer.end_input()
    assert open_connection(connection, LineFramer(100)) == ([], False, 0)
    peer.close()
    connection.close()


def test_a_late_end_of_input_is_no_silence() -> None:
    connection, peer = connect()
    with pytest.raises(BlockingIOError):  # or a person would seem to have left
        read_late(connection)
    peer.send(b"hello")
    assert read_late(connection) == b"hello"
    peer.end_input()
    assert read_late(connection) == b""
    peer.close()
    connection.close()


def test_a_late_request_is_another_protocol() -> None:
    connection, peer = connect()
    peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    with pytest.raises(OtherProtocol) as raised:
        read_late(connection)
    assert raised.value.protocol == Protocol.HTTP
    peer.close()
    connection.close()
