"""What the benchmark makes of its samples: medians, ratios within a repeat, verdicts."""

import sys
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from benchmark import race as race_module
from benchmark.plot import plot
from benchmark.race import Race, Spread, connecting, cost, latency, rate, spread
from benchmark.servers import ASYNCIO, GCHAT, REFERENCE, SERVERS, THREADS, Server
from benchmark.table import tables
from benchmark.talk import Talk
from benchmark.targets import SHORT_TARGETS, TARGETS, Bound, Growth, Target, verdicts
from benchmark.works import (
    HUNDRED,
    MORE_IN_FLIGHT,
    PACED,
    ROOMS,
    SINGLE,
    STALLED,
    TEN_THOUSAND,
    THOUSAND,
    WORKS,
    Sample,
    Work,
    together,
)
from child import Cpu


def sample(deliveries: int = 1_000_000, lost: int = 0, cpu: float = 1.0) -> Sample:
    """Of a second."""
    latencies = [number / 1000 for number in range(1, 1001)]
    talk = Talk(1.0, 10_000, deliveries, lost, 0, 0, Cpu(cpu, 0.0), 0.5, latencies)
    return Sample(2.0, 4096, talk)


def race(**rates: list[int]) -> Race:
    found = Race()
    for server, values in rates.items():
        for repeat, value in enumerate(values):
            name = {"gchat": GCHAT, "threads": THREADS}[server]
            found.add(HUNDRED.name, name, repeat, sample(value))
    return found


def test_of_several_values_the_median_counts() -> None:
    assert spread([5, 1, 3]) == Spread(3, 1, 5)


def test_figures_are_those_of_a_sample() -> None:
    one = sample(deliveries=2_000_000, cpu=1.0)
    assert rate(one) == 2_000_000
    assert cost(one) == pytest.approx(0.5)
    assert connecting(one) == 2.0
    assert latency(50)(one) == pytest.approx(0.5, abs=0.001)
    assert latency(99.9)(one) == pytest.approx(0.999, abs=0.001)


def test_a_ratio_is_that_of_the_same_repeat_and_not_of_medians() -> None:
    # The machine is half as fast in the second and twice in the third.
    found = race(gchat=[400, 200, 800], threads=[100, 50, 200])
    assert found.ratio(HUNDRED, GCHAT, rate, THREADS) == Spread(4, 4, 4)
    assert found.ratio(THOUSAND, GCHAT, rate, THREADS) is None


def test_a_repeat_in_which_one_of_them_failed_gives_no_ratio() -> None:
    found = race(gchat=[400, 200])
    found.add(HUNDRED.name, GCHAT, 3, sample(800))
    for repeat, value in ((0, 100), (2, 300), (3, 200)):
        found.add(HUNDRED.name, THREADS, repeat, sample(value))
    assert found.ratio(HUNDRED, GCHAT, rate, THREADS) == Spread(4, 4, 4)
    found.add(THOUSAND.name, GCHAT, 1, sample(100))
    assert found.growth(THOUSAND, GCHAT, rate, HUNDRED) == Spread(0.5, 0.5, 0.5)
    assert found.growth(TEN_THOUSAND, GCHAT, rate, HUNDRED) is None


class Order(NamedTuple):
    """In which works were done, by whom."""

    race: Race
    done: list[tuple[str, str]]


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Order:
    """Of a race in which nothing is done, and asyncio fails."""
    done: list[tuple[str, str]] = []

    def do(work: Work, server: Server, core: int, seconds: float) -> Sample:
        done.append((work.name, server.name))
        if server.name == ASYNCIO:
            raise psutil.NoSuchProcess(1)
        return sample()

    monkeypatch.setattr(race_module, "do", do)
    return Order(Race(), done)


def test_another_one_comes_first_in_each_repeat_and_what_fails_is_told(order: Order) -> None:
    servers = [SERVERS[name] for name in (GCHAT, ASYNCIO, THREADS)]
    taken = list(order.race.run([THOUSAND], servers, 2, 1.0, 0))
    assert [server for _, server in order.done] == [
        *(GCHAT, ASYNCIO, THREADS),
        *(ASYNCIO, THREADS, GCHAT),
    ]
    assert [server.name for _, server, _ in taken] == [GCHAT, THREADS, THREADS, GCHAT]
    assert len(order.race.failures) == 2
    assert order.race.failures[0].startswith(f"{THOUSAND.name}: {ASYNCIO}: ")


def test_what_is_compared_is_done_in_the_same_repeat(order: Order) -> None:
    servers = [SERVERS[name] for name in (GCHAT, THREADS)]
    list(order.race.run([HUNDRED, THOUSAND, STALLED], servers, 1, 1.0, 0))
    assert order.done == [
        (HUNDRED.name, GCHAT),
        (STALLED.name, GCHAT),
        (HUNDRED.name, THREADS),
        (THOUSAND.name, GCHAT),
        (THOUSAND.name, THREADS),
    ]
    assert together(WORKS) == [
        [HUNDRED, STALLED],
        *([work] for work in (THOUSAND, TEN_THOUSAND, PACED, ROOMS)),
        [*SINGLE],
        *([work] for work in MORE_IN_FLIGHT),
    ]


@pytest.mark.parametrize(("gchat", "reached"), [(499, False), (500, True)])
def test_a_short_run_wants_five_times_the_speed_of_threads(gchat: int, reached: bool) -> None:
    ((line, is_reached),) = verdicts(race(gchat=[gchat], threads=[100]), SHORT_TARGETS)
    assert is_reached is reached
    assert line.startswith("ok" if reached else "MISSED")


def test_each_number_of_clients_and_of_lines_in_flight_has_its_share_of_the_c_loops_speed() -> None:
    least = {HUNDRED: 0.7, THOUSAND: 0.9, TEN_THOUSAND: 0.85, **dict.fromkeys(MORE_IN_FLIGHT, 0.9)}
    assert {work.window for work in MORE_IN_FLIGHT} == {200, 1000}
    for work, share in least.items():
        for part, is_enough in ((share, True), (share - 0.01, False)):
            found = Race()
            found.add(work.name, REFERENCE, 0, sample(1_000_000))
            found.add(work.name, GCHAT, 0, sample(round(part * 1_000_000)))
            (reached,) = (
                reached
                for line, reached in verdicts(found, TARGETS)
                if reached is not None and "throughput to the C reference's" in line
            )
            assert reached is is_enough


def test_what_is_bounded_above_and_what_was_not_raced() -> None:
    found = Race()
    found.add(TEN_THOUSAND.name, GCHAT, 0, sample(cpu=3.0))
    found.add(HUNDRED.name, GCHAT, 0, sample(cpu=2.0))
    targets = (
        Growth("a", TEN_THOUSAND, cost, HUNDRED, most=1.5),
        Growth("b", TEN_THOUSAND, cost, HUNDRED, most=1.4),
        Bound("c", TEN_THOUSAND, connecting, most=2),
        Bound("d", TEN_THOUSAND, connecting, most=1.9),
        Target("e", PACED, cost, REFERENCE, most=1),
    )
    assert [reached for _, reached in verdicts(found, targets)] == [True, False, True, False, None]
    assert "not raced" in list(verdicts(found, targets))[-1][0]


def test_what_went_wrong_while_it_warmed_up_counts() -> None:
    before = sample(lost=3).talk._replace(surplus=2, rest=10)
    talk = sample(lost=4).talk.behind(before)
    assert (talk.lost, talk.surplus, talk.rest) == (7, 2, 10)
    assert talk.said == sample().talk.said


def test_the_tables_show_medians_with_their_spread_and_what_is_lost() -> None:
    found = race(gchat=[3_000_000, 1_000_000, 2_000_000], threads=[100_000, 100_000, 100_000])
    found.add(HUNDRED.name, THREADS, 3, sample(lost=7))
    found.add(PACED.name, GCHAT, 0, sample())
    lines = list(tables(found, [HUNDRED, THOUSAND, PACED]))
    assert [line for line in lines if line.startswith("#")] == [
        "### 100 clients",
        "### 1,000 clients, 20 lines a second",
    ]
    assert any(line.startswith("| gchat | 2 [1, 3] |") for line in lines)
    assert any(line.startswith(f"| {THREADS} |") and "| 20 [10, 30] × |" in line for line in lines)
    assert any("| 7 |" in line for line in lines)
    assert any(line.startswith("| gchat | 500 [500, 500] |") for line in lines)


def test_the_same_results_make_the_same_picture(tmp_path: Path) -> None:
    found = race(gchat=[3_000_000, 1_000_000], threads=[100_000])
    for name in ("one", "two"):
        plot(found, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert b"<svg" in (tmp_path / "one").read_bytes()
