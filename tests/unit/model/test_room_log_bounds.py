"""model.room_log: how much a log keeps, and what it gives up."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind
from gchat.model.room_log import MOST_FORGOTTEN, Cursor, RoomLog
from gchat.model.runs import RUN_BYTES
from tests.unit.model.room_logs import ENTRIES, bytes_of, cursor_behind, filled, said


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.integers(1, 20))
def test_it_keeps_no_more_messages_than_it_may_and_not_many_fewer(
    entries: list[tuple[str, int, list[str]]], most: int
) -> None:
    log, model = filled(entries, most)
    kept = len(log.after(log.start.id, len(model) + 1))
    assert kept == log.end.id - log.start.id
    assert kept <= most
    if len(model) <= most:
        assert kept == len(model)


def test_it_keeps_no_more_bytes_than_it_may() -> None:
    most = 50_000
    log = RoomLog("lobby", max_bytes=most)
    kept = []
    for number in range(200):
        said(log, f"{number:04}" * 250)
        kept.append(sum(RUN_BYTES + len(m.text) for m in log.after(log.start.id, 1000)))
    assert max(kept) <= most
    assert min(kept[100:]) > most * 3 / 4


def test_a_text_of_wide_characters_counts_with_what_it_really_takes() -> None:
    log = RoomLog("lobby", max_bytes=100_000)
    said(log, *["😀" * 1000] * 100)
    assert len(log.after(log.start.id, 1000)) <= 100_000 / 4000


def test_a_message_bigger_than_all_that_it_may_keep_does_no_harm() -> None:
    log = RoomLog("lobby", max_bytes=1000)
    said(log, "x" * 10_000)
    assert log.after(log.start.id, 10) == []
    assert log.start == log.end == Cursor(1, 1)
    said(log, "y")
    assert [message.text for message in log.after(0, 10)] == ["y"]


def test_ids_go_on_without_a_hole_when_old_messages_go() -> None:
    log = RoomLog("lobby", max_messages=16)
    for _ in range(5):
        said(log, *"abcdefghijkl")
    ids = [message.id for message in log.after(log.start.id, 100)]
    assert ids[0] == log.start.id + 1
    assert ids[-1] == 60
    assert all(later == earlier + 1 for earlier, later in pairwise(ids))


@settings(deadline=None, max_examples=200)
@given(ENTRIES, ENTRIES, st.integers(0, 40))
def test_a_log_that_may_keep_less_gives_up_its_oldest_and_goes_on(
    entries: list[tuple[str, int, list[str]]],
    later: list[tuple[str, int, list[str]]],
    messages: int,
) -> None:
    most = messages * (RUN_BYTES + 60)
    log, model = filled(entries, max_messages=1000)
    before, size = log.after(log.start.id, 1000), bytes_of(log)
    log.keep(most)
    while log.tidy():
        pass
    kept = log.after(log.start.id, 1000)
    assert kept == before[len(before) - len(kept) :]
    assert log.end == cursor_behind(model, len(model))
    assert log.start == cursor_behind(model, len(model) - len(kept))
    assert bytes_of(log) <= most
    if size <= most:
        assert kept == before
    for kind, sender, texts in later:
        log.append(1000.0, kind, texts, sender, "x")
        assert bytes_of(log) <= most
    assert log.end.id == len(model) + sum(len(texts) for _, _, texts in later)


def test_a_log_that_may_keep_more_again_does() -> None:
    log = RoomLog("lobby", max_bytes=10_000)
    log.keep(20_000)
    said(log, *["x" * 1000] * 15)
    assert len(log.after(log.start.id, 100)) > 10


def test_a_log_that_is_much_too_large_forgets_a_part_at_a_time() -> None:
    log = RoomLog("lobby")
    said(log, *["x"] * (3 * MOST_FORGOTTEN))
    log.keep(10 * RUN_BYTES)
    said(log, "y")
    assert log.start.id == MOST_FORGOTTEN
    while log.tidy():
        pass
    assert log.end.id > log.start.id
    assert bytes_of(log) <= 10 * RUN_BYTES


@settings(deadline=None, max_examples=100)
@given(ENTRIES, st.integers(0, 60), st.sets(st.integers(0, 60)))
def test_what_is_given_up_is_what_is_up_to_an_id(
    entries: list[tuple[str, int, list[str]]], last: int, gone: set[int]
) -> None:
    log, model = filled(entries, max_messages=1000)
    log.delete(gone)
    left = log.after(0, 1000)
    while log.give_up(last):
        pass
    assert log.start == cursor_behind(model, min(last, len(model)))
    assert log.after(0, 1000) == left[last:]
    assert log.gone_after(0) == sum(message.kind == Kind.GONE for message in left[last:])
    log.keep(bytes_of(log))
    assert not log.tidy()


def test_much_is_given_up_by_and_by() -> None:
    log = RoomLog("lobby")
    said(log, *["x"] * 3 * MOST_FORGOTTEN)
    assert log.give_up(2 * MOST_FORGOTTEN + 1)
    assert log.start.id == MOST_FORGOTTEN
    while log.give_up(10**9):
        pass
    assert log.start == log.end
