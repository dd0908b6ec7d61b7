"""What the benchmark makes of its samples: medians, ratios within a repeat, verdicts."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from benchmark.plot import plot
from benchmark.race import Race, Spread, connecting, cost, latency, rate, spread
from benchmark.servers import GCHAT, REFERENCE, THREADS
from benchmark.table import tables
from benchmark.talk import Talk
from benchmark.targets import SHORT_TARGETS, Bound, Growth, Target, verdicts
from benchmark.works import HUNDRED, PACED, TEN_THOUSAND, THOUSAND, Sample
from child import Cpu


def sample(deliveries: int = 1_000_000, lost: int = 0, cpu: float = 1.0) -> Sample:
    """Of a second."""
    latencies = [number / 1000 for number in range(1, 1001)]
    talk = Talk(1.0, 10_000, deliveries, lost, 0, Cpu(cpu, 0.0), 0.5, latencies)
    return Sample(2.0, 4096, talk)


def race(**rates: list[int]) -> Race:
    found = Race()
    for server, values in rates.items():
        for value in values:
            found.add(HUNDRED.name, {"gchat": GCHAT, "threads": THREADS}[server], sample(value))
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


@pytest.mark.parametrize(("gchat", "reached"), [(499, False), (500, True)])
def test_a_short_run_wants_five_times_the_speed_of_threads(gchat: int, reached: bool) -> None:
    ((line, is_reached),) = verdicts(race(gchat=[gchat], threads=[100]), SHORT_TARGETS)
    assert is_reached is reached
    assert line.startswith("ok" if reached else "MISSED")


def test_what_is_bounded_above_and_what_was_not_raced() -> None:
    found = Race()
    found.add(TEN_THOUSAND.name, GCHAT, sample(cpu=3.0))
    found.add(HUNDRED.name, GCHAT, sample(cpu=2.0))
    targets = (
        Growth("a", TEN_THOUSAND, cost, HUNDRED, most=1.5),
        Growth("b", TEN_THOUSAND, cost, HUNDRED, most=1.4),
        Bound("c", TEN_THOUSAND, connecting, most=2),
        Bound("d", TEN_THOUSAND, connecting, most=1.9),
        Target("e", PACED, cost, REFERENCE, most=1),
    )
    assert [reached for _, reached in verdicts(found, targets)] == [True, False, True, False]


def test_the_tables_show_medians_with_their_spread_and_what_is_lost() -> None:
    found = race(gchat=[3_000_000, 1_000_000, 2_000_000], threads=[100_000, 100_000, 100_000])
    found.add(HUNDRED.name, THREADS, sample(lost=7))
    found.add(PACED.name, GCHAT, sample())
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
