"""A wrong clock deletes nothing for an hour, and ends no mute, ban or token.

It may be set while the server runs, or before it is started.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.hub.checkpoint import give_token
from gchat.hub.hub import Hub
from gchat.jobs import upkeep
from gchat.jobs.recorder import Recorder
from gchat.runtime.clock import TRIAL, Clock
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import at, person, refusal, run, shown, told
from tests.unit.peers import DEADLINE, Company, Peer
from tests.unit.runtime.test_clock import DAY, Machine


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(time, "time", lambda: machine.system)
    return machine


@pytest.fixture
def company(machine: Machine, tmp_path: Path) -> Iterator[Company]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.hub.clock = machine.clock
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


@pytest.fixture
def op(company: Company) -> Peer:
    op = person(company, "op")
    op.client.operator = True
    return op


def said(company: Company) -> list[str]:
    """What the file has of the lobby."""
    fresh = company.hub.history.open("lobby")
    return [message.text for message in fresh.after(0, 100) if message.is_spoken]


def say(company: Company, peer: Peer, *texts: str) -> None:
    company.say(peer, *texts)
    company.hub.pending_writes.wait_for_all(DEADLINE)


@pytest.mark.parametrize("step", [10 * DAY, -2 * DAY])
def test_a_mute_and_a_ban_last_as_long_as_they_were_meant_to(
    company: Company, machine: Machine, op: Peer, step: float
) -> None:
    bob = at(person(company, "bob"), "10.1.0.2")
    run(company, op, "/mute bob 10m")
    run(company, op, "/ban 10.2.0.0/16 1h")
    machine.system += step
    machine.pass_by(300)
    shown(company, bob)
    assert "another 5 min" in refusal(company, bob, "/me speaks")
    assert "another 55 min" in str(told(company, op, "/bans"))
    machine.pass_by(301)
    assert not company.hub.mute_of(bob.client)
    machine.pass_by(3000)
    assert not company.hub.bans.find("10.2.0.1", machine.clock.steady())


@pytest.mark.parametrize("step", [10 * DAY, -2 * DAY])
def test_uptime_is_what_has_passed(
    company: Company, machine: Machine, op: Peer, step: float
) -> None:
    machine.pass_by(120)
    machine.system += step
    assert told(company, op, "/uptime")[0].endswith("for 2 min")


def test_nothing_is_deleted_in_the_first_hour_and_then_what_is_old_by_the_clock(
    company: Company, machine: Machine, op: Peer
) -> None:
    company.hub.settings.keep_days = 3
    say(company, op, "before")
    machine.pass_by(TRIAL)
    upkeep._delete_old(company.hub)
    machine.system += 10 * DAY
    say(company, op, "after")
    for _ in range(int(TRIAL / 60)):
        upkeep._delete_old(company.hub)
        assert said(company) == ["before", "after"]
        assert company.room.log.start.id == 0
        machine.pass_by(60)
    upkeep._delete_old(company.hub)
    assert said(company) == ["after"]


def test_nothing_is_deleted_in_the_first_hour_of_a_server_whose_clock_may_be_wrong(
    company: Company, machine: Machine, op: Peer
) -> None:
    hub = company.hub
    hub.settings.keep_days = 3
    say(company, op, "before")
    give_token(hub, op.client)
    identity = hub.identities.of(op.client.number)
    machine.pass_by(60)
    machine.system += 10 * DAY
    hub.clock = Clock(lambda: machine.system, lambda: machine.forward)  # as at the next start
    for _ in range(int(TRIAL / 60)):
        upkeep._delete_old(hub)
        expire(hub)
        assert said(company) == ["before"]
        assert hub.identities.of(op.client.number) is identity
        machine.pass_by(60)
    upkeep._delete_old(hub)
    expire(hub)
    assert said(company) == []
    assert hub.identities.of(op.client.number) is None


def expire(hub: Hub) -> None:
    """Forget whose token has expired, with nobody here."""
    hub.identities.expire(hub.clock.trusted(), hub.clock.past(hub.settings.reserve), ())


def test_a_token_is_not_forgotten_in_the_first_hour(
    company: Company, machine: Machine, op: Peer
) -> None:
    hub = company.hub
    give_token(hub, op.client)
    identity = hub.identities.of(op.client.number)
    assert identity
    machine.pass_by(TRIAL)
    for step in (100 * DAY, -200 * DAY, 100 * DAY):
        expire(hub)
        machine.system += step
        expire(hub)
        machine.pass_by(1)
    assert hub.identities.of(op.client.number) is identity


def test_times_in_a_room_never_fall_and_since_finds_what_was_said_in_order(
    company: Company, machine: Machine, op: Peer
) -> None:
    for number in range(6):
        say(company, op, str(number))
        machine.pass_by(60)
        if number == 2:
            machine.system -= 2 * DAY
    messages = company.room.log.after(0, 99)
    times = [message.time for message in messages]
    assert times == sorted(times)
    shown(company, op)
    lines = [line.rpartition(": ")[2] for line in told(company, op, "/since 10m")]
    assert lines[-6:] == [*map(str, range(6))]


def test_times_do_not_fall_over_a_restart_either(machine: Machine, tmp_path: Path) -> None:
    times = list[float]()
    for _ in range(2):
        store = SqliteStore(str(tmp_path / "chat.db"))
        with Company(store=store) as company:
            company.start(Recorder(company.hub).run)
            ann = company.join("ann")
            say(company, ann, "x")
            times.append(company.room.log.after(0, 9)[-1].time)
            machine.system -= 2 * DAY
        store.close()
    assert times[0] <= times[1]
