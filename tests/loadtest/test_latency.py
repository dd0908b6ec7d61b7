"""Durations are told in units, and deliveries by the kind of user that said the lines."""

import sys
from pathlib import Path

import pytest

# Locust looks for the locustfile's modules beside it, so they are in no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from latency import DELIVERY, duration, kind_of, percentile, summary, together


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0.041, "0.041 ms"),
        (4.1649, "4.16 ms"),
        (999.4, "999 ms"),
        (999.6, "1 s"),
        (41_600, "41.6 s"),
        (999_600, "1000 s"),
        (12_345_678, "12346 s"),
    ],
)
def test_a_duration_is_told_with_a_unit_and_no_exponent(milliseconds: float, told: str) -> None:
    assert duration(milliseconds) == told


def test_the_kind_is_in_the_name_of_a_sender() -> None:
    assert kind_of("Chatter-4711.3/1@lobby") == "Chatter"


class Entry:
    """What is used of locust's, which cannot be imported here: it patches the process."""

    def __init__(self, _: object, name: str, method: str, *times: float) -> None:
        self.name, self.method, self.times = name, method, sorted(times)

    def extend(self, other: "Entry") -> None:
        self.times = sorted(self.times + other.times)

    @property
    def max_response_time(self) -> float:
        return self.times[-1]

    def get_response_time_percentile(self, share: float) -> float:
        return self.times[min(len(self.times) - 1, int(share * len(self.times)))]


class Stats:
    def __init__(self, *entries: Entry) -> None:
        self.entries = {(entry.name, entry.method): entry for entry in entries}


def test_all_deliveries_are_told_first_then_each_kind() -> None:
    stats = Stats(
        Entry(None, "Pipe", DELIVERY, 2000),
        Entry(None, "Chatter", DELIVERY, 10, 20),
        Entry(None, "line", "SEND", 9_000),
    )
    assert together(stats).times == [10, 20, 2000]
    assert percentile(together(stats), 0.99) == 2000
    lines = summary(stats)
    assert [line.partition(":")[0].strip() for line in lines] == [
        "delivery",
        "said by a Chatter",
        "said by a Pipe",
    ]
    assert [line.rpartition(" slowest ")[2] for line in lines] == ["2 s", "20 ms", "2 s"]


def test_one_kind_is_told_once_and_none_not_at_all() -> None:
    assert (summary(Stats()), percentile(together(Stats()), 0.99)) == ([], 0)
    assert len(summary(Stats(Entry(None, "Chatter", DELIVERY, 10)))) == 1
