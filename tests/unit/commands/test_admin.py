"""commands.admin: how the server runs, for operators to see and change."""

import logging
import re

import psutil
import pytest

from gchat.commands import admin
from gchat.commands.admin import MAX_NOTICE
from gchat.config.limits import MEANINGS, MIN_IDLE, MOST, Limits
from gchat.hub import membership, shutdown
from gchat.runtime.watchdog import Delay
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.fake_time import FakeTime
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    for module in (admin, shutdown):
        monkeypatch.setattr(module, "time", fake)
        monkeypatch.setattr(module, "gevent", fake)
    return fake


# /limits


def test_all_limits_are_listed_with_what_they_are_and_mean(company: Company, op: Peer) -> None:
    company.hub.settings.limits = Limits(1, 2, 3, 4, 5, 60)
    lines = told(company, op, "/limits")
    assert [line.split()[:2] for line in lines] == [
        ["rate", "1"],
        ["burst", "2"],
        ["max-clients", "3"],
        ["max-per-address", "4"],
        ["connect-rate", "5"],
        ["idle-timeout", "60"],
    ]
    for line, meaning in zip(lines, MEANINGS.values(), strict=True):
        assert line.endswith(f"  {meaning.text}")


@pytest.mark.parametrize("name", MEANINGS)
def test_a_limit_is_told_and_set_and_that_is_logged(
    name: str, company: Company, op: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    limits = company.hub.settings.limits
    field, meaning = name.replace("-", "_"), MEANINGS[name]
    before = getattr(limits, field)
    assert told(company, op, f"/limits {name}") == [f"{name} is {before}: {meaning.text}"]
    assert caplog.messages == []
    assert told(company, op, f"/limits {name.upper()} 77") == [f"{name} is 77: {meaning.text}"]
    assert getattr(limits, field) == 77
    assert caplog.messages == [f"{op.client} set the limit {name} to 77"]


def test_more_clients_than_the_limit_on_open_files_has_room_for_are_lowered_and_that_is_told(
    company: Company, op: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    company.hub.settings.slots = 50
    meaning = MEANINGS["max-clients"].text
    lowered = "(not 51: the limit on open files allows no more)"
    assert told(company, op, "/limits max-clients 51") == [
        f"max-clients is 50 {lowered}: {meaning}"
    ]
    assert company.hub.settings.limits.max_clients == 50
    assert caplog.messages == [f"{op.client} set the limit max-clients to 50 {lowered}"]
    assert told(company, op, "/limits max-clients 50") == [f"max-clients is 50: {meaning}"]
    assert told(company, op, "/limits max-per-address 51")[0].startswith("max-per-address is 51: ")


def test_a_limit_that_may_be_none_is_set_to_none(company: Company, op: Peer) -> None:
    run(company, op, "/limits rate 0")
    assert company.hub.settings.limits.lines is None


@pytest.mark.parametrize(
    ("name", "typed", "least"),
    [
        ("rate", "-1", 1),
        ("burst", "0", 1),
        ("max-clients", "0", 1),
        ("max-per-address", str(MOST + 1), 1),
        ("connect-rate", "1 2", 1),
        ("idle-timeout", str(MIN_IDLE - 1), MIN_IDLE),
    ],
)
def test_what_a_limit_does_not_take_is_refused_and_it_stays_as_it_was(
    name: str, typed: str, least: int, company: Company, op: Peer
) -> None:
    before = vars(company.hub.settings.limits).copy()
    why = refusal(company, op, f"/limits {name} {typed}")
    told = f"Limit {name} is unchanged: {typed!r} is not a number from {least} to {MOST}"
    or_none = ", or 0 for no limit" if MEANINGS[name].or_none else ""
    assert why == f"{told}{or_none}"
    assert vars(company.hub.settings.limits) == before


@pytest.mark.parametrize("typed", ["speed", "speed 7", "max_clients 7"])
def test_what_is_no_limit_is_refused_with_those_there_are(
    typed: str, company: Company, op: Peer
) -> None:
    why = f"Unknown limit; there are {', '.join(MEANINGS)}"
    assert refusal(company, op, f"/limits {typed}") == why


# /stats


def figures(company: Company, op: Peer) -> str:
    """What /stats tells, in one text."""
    return "\n".join(told(company, op, "/stats"))


def test_what_is_going_on_is_measured_while_one_waits(
    company: Company,
    op: Peer,
    ann: Peer,
    bob: Peer,
    fake_time: FakeTime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admin, "MEASURED", 0.5)
    company.say(ann, "one", "two")
    shown(company, bob)

    def talk() -> None:
        company.say(bob, *"12345")
        shown(company, ann)
        shown(company, op)

    fake_time.while_sleeping = talk
    text = figures(company, op)
    assert fake_time.slept == [0.5]
    assert "In: 7 messages" in text
    assert "now 10 messages per second" in text
    assert "Out: 14 deliveries" in text
    assert "now 20 deliveries per second" in text


def test_who_is_here_was_here_and_was_turned_away_is_counted(
    company: Company, op: Peer, ann: Peer, bob: Peer, fake_time: FakeTime
) -> None:
    run(company, ann, "/join builds")
    membership.part(company.hub, bob.client, "test")
    membership.remove(company.hub, bob.client)
    company.hub.stats.refused = 7
    assert shown(company, op) == [" * ann left", " * bob left"]
    first = figures(company, op).splitlines()[0]
    assert first == "2 clients in 2 rooms, 3 since the start; 7 refused"


def test_the_slowest_reader_is_named_with_how_far_it_is_behind(
    company: Company, op: Peer, ann: Peer, fake_time: FakeTime
) -> None:
    assert "Longest lag: 0 messages\n" in figures(company, op)
    slow = person(company, "slow", send_buffer=2048)
    company.say(ann, *(f"{number:0100}" for number in range(500)))
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    shown(company, op)
    assert f"Longest lag: {slow.client.lag} messages (slow)" in figures(company, op)
    assert slow.client.lag > 100


def test_the_loops_delay_is_told_in_milliseconds(
    company: Company, op: Peer, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company.hub.watchdog, "delay", lambda: Delay(0.1234, 0.0012))
    assert "median 1.2 ms, max 123 ms" in figures(company, op)


def test_memory_bytes_and_errors_are_told(company: Company, op: Peer, fake_time: FakeTime) -> None:
    company.hub.faults.total = 1
    company.hub.stats.bytes_in = 3 * 2**20
    text = figures(company, op)
    assert "messages, 3.0 MiB" in text
    last = text.splitlines()[-1]
    memory = re.fullmatch(r"Memory: (\d+\.\d) MiB; 1 error in the log", last)
    assert memory
    assert float(memory[1]) == pytest.approx(psutil.Process().memory_info().rss / 2**20, rel=0.1)


def test_memory_is_told_where_the_system_does_not_tell_it_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_path: str) -> None:
        raise FileNotFoundError

    now = admin._memory()
    monkeypatch.setattr(admin, "Path", fail)
    assert admin._memory() >= now / 2


# /shutdown


def wait_for_the_end(company: Company) -> str:
    """What everybody will be told at the end."""
    wait_until(company.hub.shutdown.asked.is_set, "the server is to end")
    return company.hub.shutdown.goodbye


@pytest.mark.parametrize(
    ("typed", "seconds", "told_first", "goodbye"),
    [
        ("/shutdown 5m", 300, "in 5 min", "The server is going down"),
        ("/shutdown 2h a new  version", 7200, "in 2 h: a new  version", None),
        ("/shutdown 5 minutes", 300, "in 5 min", "The server is going down"),
        ("/shutdown 2  HOURS a new  version", 7200, "in 2 h: a new  version", None),
        ("/shutdown 45 sec a new  version", 45, "in 45 s: a new  version", None),
        ("/shutdown 7d", MAX_NOTICE, "in 7 d", "The server is going down"),
        ("/shutdown 0s", 0, "now", "The server is going down"),
        ("/shutdown now", 0, "now", "The server is going down"),
        ("/shutdown NOW a new  version", 0, "now: a new  version", None),
        ("/shutdown now: a new  version", 0, "now: a new  version", None),
    ],
)
def test_the_server_is_ended_after_the_time_and_everybody_told(
    typed: str,
    seconds: int,
    told_first: str,
    goodbye: str | None,
    company: Company,
    op: Peer,
    ann: Peer,
    fake_time: FakeTime,
) -> None:
    begun = fake_time.now
    run(company, op, typed)
    assert wait_for_the_end(company) == (goodbye or "The server is going down: a new  version")
    assert fake_time.now - begun == pytest.approx(seconds, abs=0.001)
    for peer in (op, ann):
        assert shown(company, peer)[0] == f" * op shuts the server down {told_first}"


def test_a_shutdown_is_cancelled_and_everybody_told(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    run(company, bob, "/join builds")
    shown(company, bob)
    run(company, op, "/shutdown 5m")
    run(company, ann, "/who")
    ann.client.operator = True
    run(company, ann, "/shutdown CANCEL, not now")
    for peer in (op, ann, bob):
        assert shown(company, peer)[-1] == " * ann cancelled the shutdown: not now"
    assert caplog.messages[-1] == f"shutdown cancelled by {ann.client}"
    assert refusal(company, op, "/shutdown cancel") == "No shutdown is planned"
    assert not company.hub.shutdown.asked.is_set()


def test_another_shutdown_takes_the_place_of_the_first(
    company: Company, op: Peer, fake_time: FakeTime
) -> None:
    run(company, op, "/shutdown 5m first")
    run(company, op, "/shutdown 1m second")
    assert wait_for_the_end(company) == "The server is going down: second"


@pytest.mark.parametrize("typed", ["8d", f"{MAX_NOTICE + 1}s", "9w why"])
def test_too_late_a_shutdown_is_refused(typed: str, company: Company, op: Peer) -> None:
    why = "Time too long (limit 7 d)"
    assert refusal(company, op, f"/shutdown {typed}") == why
    assert not company.hub.shutdown.cancel()


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "help",
            "a new version",
            "in 5 minutes",
            "in 5m",
            "at 14:30",
            "soon",
            "yes",
            "nowhere",
        ),
        *("5", "-5m", "+5m", "5 monkeys", "5 m1", "1h30", "1.5h", "٥m", "5m,", "5minutess", "?"),
        *("9999999m", "now5m", "cancelled", "today", "the time is now"),
    ],
)
def test_what_is_neither_a_time_nor_now_nor_cancel_shuts_nothing_down(
    typed: str, company: Company, op: Peer, ann: Peer
) -> None:
    assert refusal(company, op, f"/shutdown {typed}") == (
        "Usage: /shutdown TIME|now|cancel [WHY], for example: /shutdown 5m a new version"
    )
    assert shown(company, ann) == []
    assert not company.hub.shutdown.cancel()
