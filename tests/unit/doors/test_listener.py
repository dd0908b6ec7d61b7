"""doors.listener: the listening socket, and how addresses are written."""

import resource
import socket

import pytest

from gchat.doors.listener import BUFFER, accept, listen, raise_descriptor_limit, show_address


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("127.0.0.1", 7878), "127.0.0.1:7878"),
        (("::1", 7878, 0, 0), "[::1]:7878"),
        (("::ffff:10.0.0.7", 53412, 0, 0), "10.0.0.7:53412"),
    ],
)
def test_an_address_is_shown_as_people_write_it(
    address: tuple[str, int] | tuple[str, int, int, int], text: str
) -> None:
    assert show_address(address) == text


def test_accepted_connections_have_small_buffers_no_delay_and_keepalive() -> None:
    with (
        listen("127.0.0.1", 0, 110) as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * BUFFER
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * BUFFER
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_accepted_connection_never_makes_anybody_wait() -> None:
    with listen("127.0.0.1", 0, 110) as listener:
        listener.setblocking(False)
        assert accept(listener) is None
        with socket.create_connection(listener.getsockname()) as peer:
            accepted = accept(listener)
            assert accepted
            connection, address = accepted
            with connection:
                assert address == peer.getsockname()
                with pytest.raises(BlockingIOError):
                    connection.recv(1)


@pytest.mark.parametrize("seconds", [11, 60, 110, 7200])
def test_keepalive_takes_just_the_seconds_that_are_given(seconds: int) -> None:
    with listen("127.0.0.1", 0, seconds) as listener:
        idle, interval, count = (
            listener.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
    assert idle + interval * count == seconds
    assert interval > 0


def test_a_port_in_use_is_an_error() -> None:
    with (
        listen("127.0.0.1", 0, 110) as listener,
        pytest.raises(OSError, match="in use"),
    ):
        listen("127.0.0.1", listener.getsockname()[1], 110)


def test_the_unspecified_ipv6_address_takes_ipv4_as_well() -> None:
    if not socket.has_ipv6:
        pytest.skip("this system has no IPv6")
    with listen("::", 0, 110) as listener:
        port = listener.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            listener.accept()[0] as accepted,
        ):
            own = connection.getsockname()
            assert show_address(accepted.getpeername()) == show_address(own)


def test_the_limit_on_descriptors_is_raised_as_far_as_it_may_be() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        raised = raise_descriptor_limit()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raised, hard)
        assert raised == hard or hard == resource.RLIM_INFINITY
        assert raised >= soft
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
