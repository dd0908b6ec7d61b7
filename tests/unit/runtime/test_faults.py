"""runtime.faults: mistakes of ours are logged without filling the log, and end nothing for good."""

import gc
import logging
import re
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import gevent
import pytest
from gevent.event import Event

from gchat.runtime.faults import Faults
from gchat.text.phrases import listing
from tests.unit.peers import DEADLINE, wait_until, within_deadline

ROOT = Path(__file__).parents[3]

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import gevent
from gchat.runtime.faults import Faults
from gchat.runtime.logs import start_logging
handler = start_logging("info")
Faults().start()
gevent.spawn(lambda: 1 / 0).join()
gevent.sleep(0)
print("it goes on")
handler.flush()
"""


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def started(faults: Faults) -> Iterator[Faults]:
    """As it is in the program. (The hub gets back what handled errors before, as that is patched
    for every test; see conftest.py.)"""
    greenlet = faults.start()
    yield faults
    greenlet.kill()


def fail(error: BaseException | None = None) -> NoReturn:
    raise error or ValueError("made to fail")


def fail_elsewhere() -> NoReturn:
    raise ValueError("made to fail")


def report(
    faults: Faults, times: int = 1, failing: Callable[..., object] = fail, *arguments: object
) -> None:
    for _ in range(times):
        try:
            failing(*arguments)
        except Exception:
            faults.report("cannot do it for %s", "ann")


def with_traceback(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.exc_info]


def without(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if not record.exc_info]


class Unfit:
    """What cannot be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("it is unfit")


# What is logged


def test_an_error_is_logged_once_with_its_context_and_traceback(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    report(faults)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "cannot do it for ann")
    assert "Traceback" in caplog.text
    assert caplog.text.rstrip().endswith("ValueError: made to fail")


def test_of_a_thousand_more_of_its_kind_one_line_tells_how_many(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    report(faults, 1001)
    assert len(caplog.records) == 1
    faults.log_repeated()
    assert len(with_traceback(caplog)) == 1
    (again,) = without(caplog)
    assert re.fullmatch(
        r"cannot do it for ann: 1000 more times in the last minute "
        r"\(ValueError at runtime/test_faults\.py:\d+ fail\)",
        again,
    )
    assert faults.total == 1001


def test_what_was_told_is_not_told_again(faults: Faults, caplog: pytest.LogCaptureFixture) -> None:
    report(faults)
    faults.log_repeated()
    assert without(caplog) == []
    report(faults, 2)
    faults.log_repeated()
    faults.log_repeated()
    report(faults)
    faults.log_repeated()
    assert [line.split(": ")[1].split(" in ")[0] for line in without(caplog)] == [
        "2 more times",
        "1 more time",
    ]


def test_the_line_about_further_ones_is_about_the_last_of_them(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("ann", "bob", "cleo"):
        try:
            fail()
        except ValueError:
            faults.report("cannot send to %s", name)
    faults.log_repeated()
    assert without(caplog)[0].startswith("cannot send to cleo: 2 more times")


def test_further_ones_are_told_by_itself_and_not_more_often_than_they_may(
    started: Faults, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gchat.runtime.faults.REPEAT_SECONDS", 0.05)
    began = time.monotonic()
    with within_deadline("it tells of them three times"):
        while len(without(caplog)) < 3:
            report(started, 10)
            gevent.sleep(0.001)
    assert len(without(caplog)) <= (time.monotonic() - began) / 0.05
    started.log_repeated()
    told = [
        int(match[1]) for line in without(caplog) if (match := re.search(r"(\d+) more time", line))
    ]
    assert sum(told) == started.total - 1
    assert len(with_traceback(caplog)) == 1


def test_errors_of_another_type_or_from_another_place_are_another_kind(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        report(faults)
        report(faults, 1, fail, KeyError("made to fail"))
        report(faults, 1, fail_elsewhere)
    assert len(with_traceback(caplog)) == 3
    faults.log_repeated()
    assert len(without(caplog)) == 3


def test_the_place_is_the_last_one_in_our_own_code(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_in_between() -> None:
        listing((fail() for _ in range(1)), 1, 1)

    report(faults, 2, fail_in_between)
    faults.log_repeated()
    assert re.search(r"at text/phrases\.py:\d+ listing\)$", without(caplog)[-1])


def test_kinds_are_bounded_and_what_is_beyond_is_counted_all_the_same(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gchat.runtime.faults.MAX_KINDS", 3)
    for number in range(50):
        kind = type(f"Error{number}", (Exception,), {})
        report(faults, 2, fail, kind())
    assert faults.total == 100
    assert len(with_traceback(caplog)) == len(faults._kinds) == 4
    faults.log_repeated()
    assert [line.split(": ")[1].split(" in ")[0] for line in without(caplog)] == [
        "1 more time",
        "1 more time",
        "1 more time",
        "93 more times",
    ]
    assert "Error49 at" in without(caplog)[-1]


def test_nothing_of_an_error_is_kept(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    class Held:
        pass

    def fail_with_it() -> NoReturn:
        held = Held()
        references.append(weakref.ref(held))
        raise ValueError(held)

    deaf = logging.Logger("deaf")
    deaf.addHandler(logging.NullHandler())
    monkeypatch.setattr("gchat.runtime.faults.log", deaf)
    references: list[weakref.ref[Held]] = []
    report(faults, 3, fail_with_it)
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


# Reporting never fails


@pytest.mark.parametrize(
    ("what", "arguments"),
    [("cannot send to %s", (Unfit(),)), ("%d", ("ann",)), ("%s %s", ("ann",)), ("100 %", ())],
)
def test_a_context_that_cannot_be_shown_costs_no_more_than_itself(
    what: str, arguments: tuple[object, ...], faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        fail()
    except ValueError:
        faults.report(what, *arguments)
    (record,) = caplog.records
    assert record.getMessage() == what
    assert record.exc_info
    assert faults.total == 1


def test_an_error_is_counted_even_if_it_cannot_be_logged(
    faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.runtime.faults.log.error", fail)
    report(faults)
    assert faults.total == 1


# What ends greenlets


def die() -> NoReturn:
    raise ZeroDivisionError("made to fail")


def spawn_greenlet() -> None:
    gevent.spawn(die)


def spawn_bare_greenlet() -> None:
    gevent.spawn_raw(die)


def call_from_the_loop() -> None:
    gevent.get_hub().loop.run_callback(die)


@pytest.mark.parametrize("begin", [spawn_greenlet, spawn_bare_greenlet, call_from_the_loop])
def test_what_ends_a_greenlet_is_reported(
    begin: Callable[[], None], started: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    begin()
    wait_until(lambda: started.total, "it is reported")
    (record,) = caplog.records
    assert record.getMessage().startswith("error in <")
    assert record.exc_info
    assert record.exc_info[0] is ZeroDivisionError
    assert "in die" in caplog.text


def test_who_spawns_a_thousand_that_fail_fills_no_log(
    started: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    with within_deadline("all have failed"):
        gevent.joinall([gevent.spawn(die) for _ in range(1000)])
    wait_until(lambda: started.total == 1000, "all are counted")
    assert len(caplog.records) == 1


def test_a_greenlet_that_is_killed_or_exits_is_no_error(started: Faults) -> None:
    killed = gevent.spawn(Event().wait)
    gevent.sleep(0)
    killed.kill()
    gevent.spawn(sys.exit, 1).join()
    gevent.spawn(die).join()  # is reported after them
    wait_until(lambda: started.total, "it is reported")
    assert started.total == 1


@pytest.mark.parametrize(
    ("context", "kind", "error", "logged"),
    [
        (Unfit(), ValueError, ValueError("made to fail"), "error in %s"),
        (None, ValueError, ValueError("made to fail"), "error in None"),
        (("link", "ann"), ValueError, ValueError("made to fail"), "error in ('link', 'ann')"),
        ("loop", ValueError, "only a text", "error in loop"),
        ("loop", ValueError, None, "error in loop"),
        ("loop", None, None, "error in loop"),
    ],
)
def test_whatever_gevent_hands_over_is_reported_and_nothing_raised(
    context: object,
    kind: Any,
    error: Any,
    logged: str,
    started: Faults,
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        fail()
    except ValueError:
        gevent.get_hub().handle_error(context, kind, error, None)
    assert [record.getMessage() for record in caplog.records] == [logged]
    assert "ValueError" in caplog.text


def test_if_nothing_is_handed_over_nothing_is_raised(started: Faults) -> None:
    hub: Any = gevent.get_hub()
    hub.handle_error(None, None, None, None)
    hub.handle_error(None, "no type", 1, 2)


def test_in_the_program_what_ends_a_greenlet_is_in_its_log() -> None:
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, timeout=DEADLINE, check=True
    )
    assert program.stdout == b"it goes on\n"
    assert b"ERROR error in <Greenlet" in program.stderr
    assert program.stderr.endswith(b"ZeroDivisionError: division by zero\n")
