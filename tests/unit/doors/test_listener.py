"""doors.listener: the listening sockets, and how addresses are written."""

import errno
import logging
import resource
import socket
from contextlib import ExitStack
from typing import Any

import pytest

from gchat.doors import listener
from gchat.doors.listener import (
    BUFFER,
    CannotListen,
    accept,
    listen,
    raise_descriptor_limit,
    show_address,
)


def listen_alone(host: str, seconds: int = 110) -> socket.socket:
    """The one socket that listens at `host` and a free port."""
    (alone,) = listen(host, 0, seconds)
    return alone


@pytest.fixture
def resolves(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes names stand for the addresses, each with its family, that it is called with."""

    def resolve_to(*addresses: tuple[int, str]) -> None:
        def resolve(_: str, port: int, **__: Any) -> list[Any]:
            return [(family, 1, 6, "", (host, port)) for family, host in addresses]

        monkeypatch.setattr(listener, "getaddrinfo", resolve)

    return resolve_to


def close_all(sockets: list[socket.socket]) -> ExitStack:
    """Closes them at the end of a `with`."""
    stack = ExitStack()
    for each in sockets:
        stack.enter_context(each)
    return stack


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
        listen_alone("127.0.0.1") as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * BUFFER
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * BUFFER
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_accepted_connection_never_makes_anybody_wait() -> None:
    with listen_alone("127.0.0.1") as listening:
        listening.setblocking(False)
        assert accept(listening) is None
        with socket.create_connection(listening.getsockname()) as peer:
            accepted = accept(listening)
            assert accepted
            connection, address = accepted
            with connection:
                assert address == peer.getsockname()
                with pytest.raises(BlockingIOError):
                    connection.recv(1)


@pytest.mark.parametrize("seconds", [11, 60, 110, 7200])
def test_keepalive_takes_just_the_seconds_that_are_given(seconds: int) -> None:
    with listen_alone("127.0.0.1", seconds) as listening:
        idle, interval, count = (
            listening.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        )
    assert idle + interval * count == seconds
    assert interval > 0


# Several addresses


@pytest.mark.parametrize("name", ["localhost", "LocalHost."])
def test_localhost_is_both_loopback_addresses_at_the_same_port(name: str) -> None:
    listening = listen(name, 0, 110)
    with close_all(listening):
        assert [each.getsockname()[0] for each in listening] == ["127.0.0.1", "::1"]
        assert len({each.getsockname()[1] for each in listening}) == 1


def test_a_name_is_all_the_addresses_that_it_stands_for_each_once(resolves: Any) -> None:
    resolves(*((socket.AF_INET, host) for host in ("127.0.0.2", "127.0.0.3", "127.0.0.2")))
    listening = listen("box", 0, 110)
    with close_all(listening):
        assert [each.getsockname()[0] for each in listening] == ["127.0.0.2", "127.0.0.3"]
        assert len({each.getsockname()[1] for each in listening}) == 1


@pytest.mark.parametrize("elsewhere", [0, 1])
def test_an_address_that_this_machine_does_not_have_is_left_out_and_logged(
    elsewhere: int, resolves: Any, caplog: pytest.LogCaptureFixture
) -> None:
    addresses = [(socket.AF_INET, "127.0.0.2")]
    addresses.insert(elsewhere, (socket.AF_INET, "198.51.100.1"))
    resolves(*addresses)
    with caplog.at_level(logging.INFO), listen_alone("box") as listening:
        assert listening.getsockname()[0] == "127.0.0.2"
    assert caplog.messages == ["not listening on 198.51.100.1: Cannot assign requested address"]


def test_a_family_that_this_system_does_not_have_is_left_out(
    resolves: Any, caplog: pytest.LogCaptureFixture
) -> None:
    resolves((socket.AF_INET, "127.0.0.2"), (4711, "::2"))
    with caplog.at_level(logging.INFO), listen_alone("box") as listening:
        assert listening.getsockname()[0] == "127.0.0.2"
    (told,) = caplog.messages
    assert told.startswith("not listening on ::2: Address family not supported")


def test_nothing_is_left_listening_if_a_port_is_in_use_at_one_of_the_addresses(
    resolves: Any,
) -> None:
    resolves((socket.AF_INET, "127.0.0.2"), (socket.AF_INET, "127.0.0.3"))
    with socket.create_server(("127.0.0.3", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match="in use"):
            listen("box", port, 110)
        socket.create_server(("127.0.0.2", port)).close()


def test_a_free_port_is_one_that_is_free_at_all_addresses(
    resolves: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolves((socket.AF_INET, "127.0.0.2"), (socket.AF_INET, "127.0.0.3"))
    listen_at, failures = listener._listen_at, iter([errno.EADDRINUSE] * 3)

    def listen_in_vain(family: int, address: Any, keepalive: int) -> socket.socket:
        if address[0] == "127.0.0.3" and (number := next(failures, 0)):
            raise OSError(number, "taken")
        return listen_at(family, address, keepalive)

    monkeypatch.setattr(listener, "_listen_at", listen_in_vain)
    listening = listen("box", 0, 110)
    with close_all(listening):
        assert len({each.getsockname()[1] for each in listening}) == 1
    failures = iter([errno.EADDRINUSE] * listener.PORT_ATTEMPTS)
    with pytest.raises(CannotListen, match="taken"):
        listen("box", 0, 110)


# What it says if it cannot listen


def test_a_port_in_use_is_an_error_that_says_what_to_do() -> None:
    with listen_alone("127.0.0.1") as listening:
        port = listening.getsockname()[1]
        with pytest.raises(CannotListen) as raised:
            listen("127.0.0.1", port, 110)
    assert str(raised.value) == (
        f"cannot listen on 127.0.0.1 port {port}: Address already in use; end the program that "
        "uses it, or choose another port with --port"
    )


@pytest.mark.parametrize(
    ("host", "told"),
    [
        (
            "198.51.100.1",
            "cannot listen on 198.51.100.1 port 0: Cannot assign requested address; --host takes "
            "an address of this machine, and 0.0.0.0 is all of them",
        ),
        (
            "no-such-host.invalid",
            "cannot listen on no-such-host.invalid port 0: ",
        ),
        (
            "x" * 64,
            f"cannot listen on {'x' * 64} port 0: not a valid name; --host takes an address or "
            "a name of this machine",
        ),
    ],
)
def test_a_host_that_is_not_this_machine_is_an_error_that_says_what_to_do(
    host: str, told: str
) -> None:
    with pytest.raises(CannotListen) as raised:
        listen(host, 0, 110)
    assert str(raised.value).startswith(told)
    assert "; --host takes an address" in str(raised.value)


def test_the_unspecified_ipv6_address_takes_ipv4_as_well() -> None:
    if not socket.has_ipv6:
        pytest.skip("this system has no IPv6")
    with listen_alone("::") as listening:
        port = listening.getsockname()[1]
        with (
            socket.create_connection(("127.0.0.1", port)) as connection,
            listening.accept()[0] as accepted,
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
