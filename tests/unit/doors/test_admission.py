"""doors.admission: who is let in, and how the others are turned away."""

import errno
import logging
import os
import re
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from gchat.config.limits import CONNECT_BURST
from gchat.config.password import Password
from gchat.doors import admission
from gchat.doors.admission import LOGGED, Admission
from gchat.doors.newcomer import Newcomer
from gchat.hub.connection import Connection
from gchat.model.sanctions import Sanction
from gchat.runtime.clock import Clock
from gchat.text.addresses import network_of
from tests.unit.fake_time import FakeTime
from tests.unit.peers import Company, Peer, connect, wait_until

ADDRESS = "127.0.0.1:53412"
HOST, OTHER = "10.0.0.1", "10.0.0.2"


@pytest.fixture
def door(company: Company) -> Iterator[Admission]:
    """Lets in two."""
    company.hub.settings.limits.max_clients = 2
    door = Admission(company.hub)
    yield door
    door._spare.close()


@pytest.fixture
def wide(company: Company, door: Admission) -> Admission:
    """Lets in many."""
    company.hub.settings.limits.max_clients = 10_000
    return door


@pytest.fixture
def newcomer() -> Iterator[tuple[Connection, Peer]]:
    """Both ends of a new connection."""
    connection, peer = connect()
    yield connection, peer
    connection.close()
    peer.close()


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(admission, "time", fake)
    monkeypatch.setattr("gchat.hub.password_attempts.time", fake)
    return fake


def newcomer_on(connection: Connection) -> Newcomer:
    return Newcomer(connection, ADDRESS, network_of(HOST))


def let_in(door: Admission, host: str, most: int) -> int:
    """How many are let in who come from `host` at the same time, and stay; tries `most`."""
    for count in range(most):
        if door.objection(host):
            return count
        door.enter(network_of(host))
    return most


# Who is let in


def test_nobody_is_objected_to_while_there_is_a_place(door: Admission) -> None:
    assert let_in(door, HOST, 5) == 2
    assert "full (2 clients)" in (door.objection(OTHER) or "")


def test_a_place_is_taken_by_who_is_no_client_yet_and_free_when_the_connection_ends(
    company: Company, door: Admission
) -> None:
    assert let_in(door, HOST, 2) == 2
    assert not company.hub.clients
    door.leave(network_of(HOST))
    assert door.objection(OTHER) is None


def test_the_places_may_become_more_and_fewer(company: Company, door: Admission) -> None:
    assert let_in(door, HOST, 5) == 2
    company.hub.settings.limits.max_clients = 3
    assert let_in(door, HOST, 5) == 1
    company.hub.settings.limits.max_clients = 1
    assert "full (1 client)" in (door.objection(OTHER) or "")


def test_nobody_is_let_in_any_more_when_the_server_is_going_down(
    company: Company, door: Admission
) -> None:
    company.hub.shutdown.ask("a new version")
    company.hub.shutdown.closing = True
    assert door.objection(HOST) == "The server is going down: a new version"


def test_one_address_takes_only_its_places_and_others_have_theirs(
    company: Company, wide: Admission
) -> None:
    company.hub.settings.limits.max_per_address = 3
    assert let_in(wide, HOST, 9) == 3
    assert "from your address (limit 3)" in (wide.objection(HOST) or "")
    assert let_in(wide, OTHER, 9) == 3
    wide.leave(network_of(HOST))
    assert let_in(wide, HOST, 9) == 1


def test_one_customers_network_of_ipv6_counts_as_one_address(
    company: Company, wide: Admission
) -> None:
    company.hub.settings.limits.max_per_address = 3
    assert sum(let_in(wide, f"2001:db8::{number:x}", 1) for number in range(9)) == 3
    assert let_in(wide, "2001:db8:0:1::1", 9) == 3


def test_an_address_may_have_all_places_if_there_is_no_such_limit(
    company: Company, wide: Admission
) -> None:
    company.hub.settings.limits.max_per_address = 0
    assert let_in(wide, HOST, 500) == 500


def test_who_connects_too_fast_is_let_in_at_the_rate_and_told_when(
    company: Company, wide: Admission, fake_time: FakeTime
) -> None:
    company.hub.settings.limits.connect_rate = 2
    burst = 2 * CONNECT_BURST
    assert let_in(wide, HOST, 99) == burst
    why = "Too many new connections from your address (limit 2 per second); try again in 1 s"
    assert wide.objection(HOST) == why
    assert let_in(wide, OTHER, 99) == burst
    fake_time.now += 1
    assert let_in(wide, HOST, 99) == 2


def test_who_is_turned_away_uses_up_nothing(
    company: Company, wide: Admission, fake_time: FakeTime
) -> None:
    company.hub.settings.limits.connect_rate = 1
    let_in(wide, HOST, CONNECT_BURST)
    for _ in range(20):
        assert wide.objection(HOST)
    fake_time.now += 1
    assert wide.objection(HOST) is None


def test_an_address_may_connect_as_fast_as_it_can_if_there_is_no_such_limit(
    company: Company, wide: Admission, fake_time: FakeTime
) -> None:
    company.hub.settings.limits.connect_rate = 0
    assert let_in(wide, HOST, 500) == 500


def test_a_banned_one_is_told_by_whom_how_long_and_why_until_the_ban_ends(
    company: Company, door: Admission, fake_time: FakeTime
) -> None:
    company.hub.clock = Clock(fake_time.time, fake_time.monotonic)
    ban = Sanction("ann", "flooding", fake_time.now + 3600)
    company.hub.bans.add(network_of(HOST), ban, fake_time.now)
    told = "You are banned by ann for another 1 h: flooding"
    assert door.objection(HOST) == door.bar(HOST) == told
    assert door.objection(OTHER) is None
    fake_time.now += 3600
    assert door.objection(HOST) is None


def test_only_a_ban_and_the_end_of_the_server_bar_one_who_has_given_the_password(
    company: Company, door: Admission
) -> None:
    let_in(door, HOST, 2)
    assert door.objection(HOST)
    assert door.bar(HOST) is None
    company.hub.shutdown.closing = True
    assert door.bar(HOST) == "The server is going down"


def test_after_too_many_wrong_passwords_one_is_not_asked_any_more(
    company: Company, wide: Admission, fake_time: FakeTime
) -> None:
    company.hub.settings.password = Password("secret")
    while not company.hub.password_attempts.wait(network_of(HOST)):
        assert wide.objection(HOST) is None
        company.hub.password_attempts.wrong(network_of(HOST), "the server")
    why = "Too many wrong passwords from your address; try again in 30 s"
    assert wide.objection(HOST) == why
    assert wide.objection(OTHER) is None
    company.hub.settings.password = None
    assert wide.objection(HOST) is None


# Turning away


def test_who_is_turned_away_learns_why_and_is_ended(
    company: Company,
    door: Admission,
    newcomer: tuple[Connection, Peer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    connection, peer = newcomer
    turning_away = gevent.spawn(door.turn_away, newcomer_on(connection), "no reason")
    assert peer.read_to_end() == b" * no reason\n"
    peer.close()
    turning_away.get(timeout=10)
    assert caplog.messages == ["refused 127.0.0.1:53412: no reason"]
    assert company.hub.stats.refused == 1
    assert connection._socket.fileno() < 0


def test_who_is_turned_away_does_not_stay(
    door: Admission, newcomer: tuple[Connection, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LINGER", 0.01)
    connection, peer = newcomer
    peer.send(b"but I want to\n")
    gevent.spawn(door.turn_away, newcomer_on(connection), "no reason").get(timeout=10)
    assert peer.read_to_end() == b" * no reason\n"


def test_only_so_many_linger(
    door: Admission, newcomer: tuple[Connection, Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MAX_LINGERING", 1)
    monkeypatch.setattr(admission, "LINGER", 60.0)
    connection, peer = newcomer
    lingering = gevent.spawn(door.turn_away, newcomer_on(connection), "no reason")
    wait_until(lambda: door._lingering == 1, "it lingers")
    other, its_peer = connect()
    gevent.spawn(door.turn_away, newcomer_on(other), "another").get(timeout=10)
    assert its_peer.read_to_end() == b" * another\n"
    its_peer.close()
    peer.close()
    lingering.get(timeout=10)
    assert door._lingering == 0


def test_a_newcomer_that_breaks_off_is_no_error(
    door: Admission, newcomer: tuple[Connection, Peer]
) -> None:
    connection, peer = newcomer
    peer.close()
    door.turn_away(newcomer_on(connection), "no reason")
    assert connection._socket.fileno() < 0


def test_who_hammers_at_the_door_fills_no_log_and_is_counted_there(
    company: Company, door: Admission, fake_time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    burst, others = int(LOGGED.burst), 500

    def turn_away(count: int) -> None:
        for _ in range(count):
            connection, peer = connect()
            peer.close()
            door.turn_away(newcomer_on(connection), "no reason")

    turn_away(burst + others)
    assert len(caplog.messages) == burst
    fake_time.now += 1 / LOGGED.rate
    turn_away(2)
    assert len(caplog.messages) == burst + 1
    assert re.search(rf"no reason \({others} refusals before it not logged\)$", caplog.messages[-1])
    fake_time.now += 1 / LOGGED.rate
    turn_away(1)
    assert caplog.messages[-1].endswith("(1 refusal before it not logged)")
    assert company.hub.stats.refused == burst + others + 3


# Without descriptors


def test_without_descriptors_the_spare_one_serves_to_say_so(
    company: Company,
    door: Admission,
    newcomer: tuple[Connection, Peer],
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection, peer = newcomer
    spare = door._spare.fileno()

    def accept() -> tuple[Any, Any]:
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(spare)
        return connection._socket, ADDRESS

    door.turn_away_without_descriptor(accept)
    assert b"out of file descriptors" in peer.read_to_end()
    os.fstat(door._spare.fileno())
    assert "out of file descriptors" in caplog.text
    assert company.hub.stats.refused == 1


def test_being_out_of_descriptors_fills_no_log(
    door: Admission, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(100):
        door.turn_away_without_descriptor(lambda: None)
    assert len(caplog.messages) == 1


def test_if_even_the_spare_descriptor_does_not_help_the_caller_knows(door: Admission) -> None:
    def accept() -> tuple[Any, Any]:
        raise OSError(errno.ENFILE, "the machine has none left")

    for _ in range(2):
        with pytest.raises(OSError, match="none left"):
            door.turn_away_without_descriptor(accept)
    assert not door._spare.closed
