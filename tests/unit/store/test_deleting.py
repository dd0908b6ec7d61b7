"""store.sqlite.deleting: what is deleted is gone from the file, and all else is as it was."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind
from gchat.model.room_log import Cursor
from gchat.model.runs import Row
from gchat.store.sqlite import deleting, index, inspect, messages
from tests.unit.store.entries import entries, entry
from tests.unit.store.file_contents import LAST, found, ids, indexed, kept, made_anew

RARE = "zebrafish"


def begin_anew(file: sqlite3.Connection) -> None:
    """Index nothing of what is there; it is to be indexed again, the newest first."""
    file.executescript(
        "INSERT INTO grams (grams) VALUES ('delete-all'); UPDATE state SET value ="
        " (SELECT ifnull(max(place), 0) FROM messages) WHERE name IN ('indexed', 'indexed_from')"
    )


def contents(path: Path, file: sqlite3.Connection) -> bytes:
    """The file, with all in it that was written."""
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path.read_bytes()


# One by one


def test_of_what_is_deleted_only_the_place_is_left(file: sqlite3.Connection) -> None:
    messages.append(file, [*entries(5), *entries(5, "builds")])
    index.index(file, 7)
    assert deleting.delete(file, "lobby", [2, 4, 99]) == {2, 4}
    assert kept(file)[1:4] == [(2, Kind.GONE, ""), (3, Kind.SAY, "text 3"), (4, Kind.GONE, "")]
    assert ids(file) == [1, 2, 3, 4, 5]
    assert deleting.delete(file, "lobby", [2, 3]) == {3}
    assert messages.end(file, "lobby") == Cursor(5, 5)
    assert messages.gone_between(file, "lobby", 0, 5) == 3
    assert messages.gone_between(file, "lobby", 2, 3) == 1
    assert messages.gone_between(file, "builds", 0, 5) == 0
    while any(index.index(file, 100)):
        pass
    assert found(file, "text in:lobby") == [5, 1]
    assert found(file, "text in:builds") == [5, 4, 3, 2, 1]
    assert indexed(file) == made_anew(file)
    assert not inspect.faults(file)


def test_a_notice_is_not_deleted(file: sqlite3.Connection) -> None:
    messages.append(file, [entry(1, 0, 1.0, "lobby", Kind.NOTICE, 7, "ann", "ann left")])
    assert deleting.delete(file, "lobby", [1]) == set()
    assert kept(file) == [(1, Kind.NOTICE, "ann left")]


@pytest.mark.parametrize("text", [f"{RARE} " * 2, f"{RARE} " * 3000])
def test_it_is_overwritten_and_so_are_its_grams_when_the_index_is_merged(
    file: sqlite3.Connection, path: Path, text: str
) -> None:
    messages.append(file, entries(300))
    messages.append(file, [entry(301, 301, 1.0, "lobby", Kind.SAY, 7, "ann", text)])
    messages.append(file, entries(300, first=302))
    index.index(file, 1000)  # so that there is little in it to be merged by itself
    assert f"{RARE} {RARE}".encode() in contents(path, file)
    deleting.delete(file, "lobby", [301])
    assert f"{RARE} {RARE}".encode() not in contents(path, file)
    count = index.unmerged(file)
    assert count == 1
    index.merge(file, True)
    while index.merge(file, False):
        pass
    index.set_merged(file, count)
    assert index.unmerged(file) == 0
    assert b"zeb" not in contents(path, file)
    assert indexed(file) == made_anew(file)


def test_the_index_is_merged_in_small_steps_while_more_is_entered(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "MERGED", 1)
    for first in range(1, 4000, 500):
        messages.append(
            file,
            [
                entry(number, number, 1.0, "lobby", Kind.SAY, 7, "ann", f"w{number} x{number}")
                for number in range(first, first + 500)
            ],
        )
    while any(index.index(file, 200)):
        pass
    deleting.delete(file, "lobby", range(1, 2000))
    steps, more = 0, index.merge(file, True)
    while more:
        messages.append(file, entries(1, first=5000 + steps))
        index.index(file, 10)
        more = index.merge(file, False)
        steps += 1
    assert steps >= 3
    assert indexed(file) == made_anew(file)


# All of one sender


def by(sender: int, first: int, count: int) -> list[Row]:
    return [
        entry(number, number, 1.0, "lobby", Kind.SAY, sender, "ann", "x")
        for number in range(first, first + count)
    ]


def all_of(file: sqlite3.Connection, sender: int, most: int) -> list[tuple[str, int]]:
    places, before = list[tuple[str, int]](), LAST
    while before:
        before, some = deleting.find_of(file, sender, before, most)
        assert len(some) <= most
        places += some
    return places


def test_what_one_sender_has_said_is_found_in_steps(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.append(file, [*by(7, 1, 10), *by(8, 11, 30), *by(7, 41, 3), *entries(4, "builds")])
    messages.append(file, [entry(44, 43, 1.0, "lobby", Kind.NOTICE, 7, "ann", "about them")])
    expected = [
        *(("builds", number) for number in range(4, 0, -1)),
        *(("lobby", number) for number in [43, 42, 41, *range(10, 0, -1)]),
    ]
    assert all_of(file, 7, 1000) == expected
    for looked_at, most in ((4, 3), (3, 3), (1, 1), (100, 2)):
        monkeypatch.setattr(deleting, "SCANNED_AT_A_TIME", looked_at)
        assert all_of(file, 7, most) == expected
    assert all_of(file, 9, 5) == []


def effort(file: sqlite3.Connection, step: Callable[[], object]) -> int:
    """How much SQLite's machine does for it, in hundreds of its instructions."""
    count = 0

    def go_on() -> int:
        nonlocal count
        count += 1
        return 0

    file.set_progress_handler(go_on, 100)
    step()
    file.set_progress_handler(None, 0)
    return count


def test_a_step_takes_no_longer_in_a_long_file(file: sqlite3.Connection) -> None:
    efforts = []
    for first in (1, 301):
        count = 300 if first == 1 else 20_000
        messages.append(file, [*entries(count, first=first), *entries(count, "builds", first)])
        index.index(file, 100_000)
        efforts.append(
            [
                effort(file, lambda: deleting.remove_old(file, 1e9, 5)),
                effort(file, lambda: deleting.remove_surplus(file, "builds", 10, 5)),
                effort(file, lambda: deleting.delete(file, "builds", [200])),
                effort(file, lambda: deleting.find_crowded(file, "", 10)),
                effort(file, lambda: messages.gone_between(file, "builds", 0, 10_000)),
            ]
        )
    short, long = efforts
    assert all(after <= before + 20 for before, after in zip(short, long, strict=True)), efforts


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from(["a", "b"]), st.integers(1, 6)),
        st.tuples(st.just("index"), st.just(""), st.integers(1, 5)),
        st.tuples(st.just("delete"), st.sampled_from(["a", "b"]), st.integers(1, 12)),
        st.tuples(st.just("old"), st.just(""), st.integers(1, 9)),
        st.tuples(st.just("surplus"), st.sampled_from(["a", "b"]), st.integers(1, 6)),
        st.tuples(st.just("merge"), st.just(""), st.just(0)),
        st.tuples(st.just("forget"), st.just(""), st.just(0)),
    ),
    max_size=25,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_whatever_is_deleted_when_the_index_is_that_of_what_is_left(
    file: sqlite3.Connection, steps: list[tuple[str, str, int]]
) -> None:
    file.executescript(
        "DELETE FROM messages; DELETE FROM rooms; UPDATE state SET value = 0;"
        "INSERT INTO grams (grams) VALUES ('delete-all');"
    )
    ends = {"a": 0, "b": 0}
    for clock, (what, room, number) in enumerate(steps):
        if what == "append":
            added = entries(number, room, ends[room] + 1)
            messages.append(file, [(*entry[:2], float(clock), *entry[3:]) for entry in added])
            ends[room] += number
        elif what == "index":
            index.index(file, number)
        elif what == "delete":
            deleting.delete(file, room, [number, number + 1])
        elif what == "old":
            deleting.remove_old(file, clock - 3.0, number)
        elif what == "surplus":
            deleting.remove_surplus(file, room, number, 3)
        elif what == "forget":  # as when the layout of the index has changed
            begin_anew(file)
        else:
            index.merge(file, True)
        assert {name: messages.end(file, name).id for name in ends} == ends
        assert indexed(file) == made_anew(file)
    while any(index.index(file, 100)):
        pass
    everything = json.loads(messages.after(file, "a", 0, LAST, 10_000, LAST))
    assert found(file, "text in:a") == [each[0] for each in everything if each[4] == "say"][::-1]
    assert not inspect.faults(file)
