"""The benchmark counts what arrives, notices what does not, and names what it leaves out."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

# The benchmark is started as a script, so its modules are in no package of ours.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

import fanout
from benchmark import audience as audience_module
from benchmark import servers
from benchmark import talk as talk_module
from benchmark.audience import Audience
from benchmark.member import Broken
from benchmark.process import Process
from benchmark.protocols import LINE, Dialect, Irc, Lines, Mqtt, Nats, Redis
from benchmark.servers import GCHAT, SERVERS, Missing, Server, check
from benchmark.talk import Talk, closed_loop, open_loop
from benchmark.ways import WAYS
from benchmark.works import HUNDRED, Work, do

from tests.blackbox.waiting import wait_until

ROOT = Path(__file__).parents[2]

PREFIX = len("127.0.0.1:12345: ")
"""What the servers of lines put before each."""

CLIENTS = 10
SECONDS = 0.3

Speak = Callable[[Process, Audience], Talk]


class Gathering(NamedTuple):
    """A server, and those who are there."""

    process: Process
    audience: Audience

    def talk(self, window: int = 20) -> Talk:
        talkers = self.audience.members[:3]
        return closed_loop(self.process, self.audience, talkers, window, SECONDS)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk_module, "LAST_WAIT", 0.5)
    monkeypatch.setattr(audience_module, "PATIENCE", 10.0)


def core() -> int:
    return min(os.sched_getaffinity(0))


def available(name: str) -> Server:
    server = SERVERS[name]
    try:
        check(server)
    except Missing as why:
        pytest.skip(str(why))
    return server


def crooked(fault: str, every: int) -> Server:
    program = str(ROOT / "tests/loadtest/crooked_server.py")
    return Server(
        "crooked",
        lambda port, _: [sys.executable, program, str(port), fault, str(every)],
        Lines(),
    )


@contextmanager
def gathered(server: Server, clients: int = CLIENTS, rooms: int = 1) -> Iterator[Gathering]:
    with Process(server, core()) as process:
        audience = Audience(process.port, server.dialect)
        try:
            audience.enter(clients, rooms, server.at_once)
            while not audience.probe(audience.members[0]):
                pass
            audience.measure_line(audience.members[:2])
            yield Gathering(process, audience)
        finally:
            audience.close()


def test_who_is_kept_from_running_does_not_rest() -> None:
    with gathered(crooked("none", 1)) as gathering:
        process = gathering.process
        gathering.audience.until(process.rests, "it rests")
        process.process.suspend()
        assert not process.rests()
        process.process.resume()
        gathering.audience.until(process.rests, "it rests again")


def test_every_delivery_is_counted_and_none_is_missing() -> None:
    with gathered(crooked("none", 1)) as gathering:
        assert gathering.audience.line_bytes == PREFIX + LINE
        for window in (1, 20):
            wait_until(partial(time_shows, gathering, window), "the server's time shows")


def time_shows(gathering: Gathering, window: int) -> bool:
    """Whether the server's time, which the system counts in hundredths of a second, is known
    after some talk. Asserts that everything was delivered."""
    talk = gathering.talk(window)
    assert talk.said > window
    assert talk.delivered == talk.said * (CLIENTS - 1)
    assert (talk.lost, talk.surplus) == (0, 0)
    return talk.cpu.total > 0


@pytest.mark.parametrize("fault", ["lost", "twice", "echoed"])
def test_what_is_lost_or_comes_besides_is_counted(fault: str) -> None:
    every = 100
    with gathered(crooked(fault, every)) as gathering:
        talk = gathering.talk(CLIENTS * 20)
        expected = talk.said * (CLIENTS - 1)
        wrong = talk.lost if fault == "lost" else talk.surplus
        # What was said to find out how long a line is counts towards the hundredth as well.
        assert abs(wrong - expected / every) <= 1
        assert talk.delivered + talk.lost == expected
        assert (talk.lost, talk.surplus) in ((wrong, 0), (0, wrong))


@pytest.mark.parametrize(
    ("fault", "every", "why"),
    [
        ("ended", CLIENTS * 10, "ended a connection"),
        ("longer", 5, "not always as long"),
        ("echoed", 1, "who should not get it"),
    ],
)
def test_a_server_that_cannot_be_measured_is_not(fault: str, every: int, why: str) -> None:
    with pytest.raises(Broken, match=why), gathered(crooked(fault, every)) as gathering:
        gathering.talk()


def test_what_comes_between_once_does_not_keep_a_server_from_being_measured() -> None:
    third_line = 3 * (CLIENTS - 1)  # one finds out whether all are there, two how long a line is
    with gathered(crooked("longer", third_line)) as gathering:
        assert gathering.audience.line_bytes == PREFIX + LINE


def test_latency_counts_from_when_a_line_should_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with gathered(crooked("none", 1)) as gathering:
        process, audience = gathering
        say, pauses = audience.say, iter([0.1])

        def say_late(*arguments: Any) -> None:
            time.sleep(next(pauses, 0.0))
            say(*arguments)

        talkers = audience.members[:3]
        talk = open_loop(process, audience, talkers, rate=100, seconds=SECONDS)
        assert talk.said == 100 * SECONDS
        assert len(talk.latencies) == talk.said * (CLIENTS - len(talkers))
        assert min(talk.latencies) > 0
        assert talk.seconds >= SECONDS
        # The first one is late by ten lines, so those behind it are late as well, ever less.
        monkeypatch.setattr(audience, "say", say_late)
        late = open_loop(process, audience, talkers, rate=100, seconds=SECONDS)
        assert sum(latency > 0.015 for latency in late.latencies) >= 8 * (CLIENTS - len(talkers))


@pytest.mark.parametrize("name", [*SERVERS])
def test_each_server_that_is_there_loses_nothing(name: str) -> None:
    sample = do(Work("a few", 20), available(name), core(), SECONDS)
    receivers = 19 + SERVERS[name].dialect.echoes
    assert sample.talk.delivered == sample.talk.said * receivers > 0
    assert (sample.talk.lost, sample.talk.surplus) == (0, 0)
    assert sample.talk.rest == 0 or name == "nats-server"
    assert sample.connecting > 0


@pytest.mark.parametrize("name", [*WAYS])
def test_each_other_way_in_loses_nothing(name: str) -> None:
    way = WAYS[name]
    check(way)
    sample = do(Work("a few", 20), way, core(), SECONDS)
    assert sample.talk.delivered == sample.talk.said * 19 > 0
    assert (sample.talk.lost, sample.talk.surplus, sample.talk.rest) == (0, 0, 0)


@pytest.mark.parametrize("name", [GCHAT, "nats-server", "ngircd"])
def test_rooms_are_apart(name: str) -> None:
    with gathered(available(name), clients=12, rooms=3) as gathering:
        talk = closed_loop(*gathering, gathering.audience.members, 30, SECONDS)
        assert talk.delivered == talk.said * 3 > 0
        assert (talk.lost, talk.surplus) == (0, 0)


def test_who_never_reads_is_there_and_counts_for_nothing() -> None:
    sample = do(HUNDRED._replace(clients=10, stalled=20), SERVERS[GCHAT], core(), SECONDS)
    assert sample.talk.delivered == sample.talk.said * 9
    assert sample.talk.lost == 0


@pytest.mark.parametrize("dialect", [Lines(), Irc(), Nats(), Mqtt(), Redis()])
def test_what_is_said_is_as_long_in_every_protocol(dialect: Dialect) -> None:
    said = {dialect.say(client, 0, number) for client in (0, 9999) for number in (0, 10**9)}
    assert len(said) == 4
    assert len(set(map(len, said))) == 1
    assert any(b"9999 1000000000 ..." in line for line in said)


def test_what_cannot_be_raced_here_is_named_and_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda program, **_: None)
    monkeypatch.setattr(servers, "find_spec", lambda _: None)
    named = [SERVERS[name] for name in ("ngircd", "uvloop", GCHAT)]
    assert [server.name for server in fanout.available(named)] == [GCHAT]
    assert capsys.readouterr().out.splitlines() == [
        "ngircd is left out: there is no program ngircd",
        "uvloop is left out: there is no Python module uvloop",
    ]


def test_a_race_is_run_and_told_of(tmp_path: Path) -> None:
    results, picture = tmp_path / "results.json", tmp_path / "plot.svg"
    found = run(
        *("1", "--servers", f"{GCHAT},asyncio", "--repeats", "1", "--seconds", "0.3"),
        *("--json", str(results), "--plot", str(picture)),
    )
    assert (found.returncode, found.stderr) == (0, "")
    assert re.search(r"^\| gchat \| \d", found.stdout, re.M)
    assert re.search(r"^\| asyncio \| \d.* × \|", found.stdout, re.M)
    assert "gchat has lost 0 messages" in found.stdout
    samples = json.loads(results.read_text())["works"][HUNDRED.name]
    assert samples[GCHAT][0]["deliveries_per_second"] > 0
    assert samples["asyncio"][0]["deliveries_lost"] == 0
    assert "<svg" in picture.read_text()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["99"], "numbered from 1"),
        (["--servers", "x"], "no server 'x'"),
        (["--short", "2"], "no works and servers to choose"),
    ],
)
def test_a_wrong_option_is_refused(options: list[str], why: str) -> None:
    found = run(*options)
    assert found.returncode == 2
    assert why in found.stderr


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "loadtest/fanout.py"), *options],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
