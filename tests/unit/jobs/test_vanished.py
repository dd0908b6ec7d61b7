"""jobs.vanished: which connections have not been heard of for too long."""

import socket
import struct

import pytest

from gchat.runtime.tcp_info import has_vanished

SILENCE = 110.0


def tcp_info(repeated: int = 0, asked: int = 0, unheard_of: int = 0) -> bytes:
    """What Linux tells of a connection (struct tcp_info): only what is looked at is filled in."""
    return struct.pack("=BBBB52xI", 1, 0, repeated, asked, unheard_of)


@pytest.mark.parametrize(
    ("state", "vanished"),
    [
        (tcp_info(unheard_of=10**8), False),  # idle, with nothing on its way: keepalive's matter
        (tcp_info(repeated=5, unheard_of=111_000), True),
        (tcp_info(repeated=5, unheard_of=109_000), False),
        (tcp_info(asked=1, unheard_of=111_000), False),  # its window is closed; it may answer yet
        (tcp_info(asked=2, unheard_of=111_000), True),
        (tcp_info(repeated=255, asked=255, unheard_of=109_000), False),
    ],
)
def test_only_who_leaves_data_unanswered_for_too_long_has_vanished(
    state: bytes, vanished: bool
) -> None:
    assert has_vanished(state, SILENCE) is vanished


def test_a_connection_that_is_well_has_not_vanished() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as connection,
        listener.accept()[0],
    ):
        connection.send(b"hello\n")
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 60)
    assert not has_vanished(info, SILENCE)
