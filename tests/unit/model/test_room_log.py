"""model.log: a bounded log, and places in it."""

from itertools import pairwise
from sys import getsizeof

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.model.message import SERVER, Kind, Message, Utterance
from gchat.model.room_log import MOST_FORGOTTEN, MOST_GONE, Cursor, RoomLog
from gchat.model.runs import RUN_BYTES, TEXT, deleted, place

KINDS = [Kind.SAY, Kind.ACTION, Kind.NOTICE, Kind.PRESENCE]

ENTRIES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.lists(st.text(max_size=8), max_size=5)),
    max_size=30,
)
"""What is appended: its kind, its sender, its texts."""


SPOKEN = (Kind.SAY, Kind.ACTION)


def filled(
    entries: list[tuple[str, int, list[str]]], max_messages: int = 20, max_bytes: int = 2**20
) -> tuple[RoomLog, list[Message]]:
    """A log, and the model of it: a list of all that was ever appended."""
    log = RoomLog("lobby", max_messages, max_bytes)
    model: list[Message] = []
    spoken = 0
    for number, (kind, sender, texts) in enumerate(entries):
        log.append(float(number), kind, texts, sender, f"name{sender}")
        for text in texts:
            spoken += kind in SPOKEN
            model.append(
                Message(
                    len(model) + 1,
                    spoken,
                    float(number),
                    "lobby",
                    kind,
                    sender,
                    f"name{sender}",
                    text,
                )
            )
    return log, model


def said(log: RoomLog, *texts: str, sender: int = SERVER) -> None:
    log.append(0.0, Kind.SAY, texts, sender)


def cursor_behind(model: list[Message], count: int) -> Cursor:
    return Cursor(count, model[count - 1].spoken if count else 0)


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.data())
def test_a_reader_gets_what_is_behind_its_cursor_in_order(
    entries: list[tuple[str, int, list[str]]], data: st.DataObject
) -> None:
    log, model = filled(entries)
    place = data.draw(st.integers(0, len(model)))
    limit = data.draw(st.integers(1, 40))
    first = max(place, log.start.id)
    assert log.after(place, limit) == model[first : first + limit]


@settings(deadline=None, max_examples=200)
@given(ENTRIES)
def test_its_ends_say_how_many_messages_lie_before_them_and_how_many_people_said(
    entries: list[tuple[str, int, list[str]]],
) -> None:
    log, model = filled(entries)
    assert log.end == cursor_behind(model, len(model))
    assert log.start == cursor_behind(model, log.start.id)


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
@given(ENTRIES, st.data())
def test_the_last_messages_are_those_that_people_said_up_to_a_place(
    entries: list[tuple[str, int, list[str]]], data: st.DataObject
) -> None:
    log, model = filled(entries)
    place = data.draw(st.integers(0, len(model)))
    count = data.draw(st.integers(1, 10))
    spoken = [message for message in model[log.start.id : place] if message.kind in SPOKEN]
    found = log.last(count, 10**6, cursor_behind(model, place))
    assert found == spoken[-count:]
    most = sum(len(message.text) for message in found[1:])
    assert log.last(count, most, cursor_behind(model, place)) in (found[1:], found)
    assert log.last(count, len(found), cursor_behind(model, place), longest=1) == found


def test_the_last_messages_are_found_behind_any_number_of_notices() -> None:
    log = RoomLog("lobby")
    said(log, "long ago")
    log.append(0.0, Kind.NOTICE, ["somebody left"] * 50_000)
    said(log, "just now")
    log.append(0.0, Kind.NOTICE, ["somebody left"] * 40_000)
    assert [message.text for message in log.last(5, 100, log.end)] == ["long ago", "just now"]


@settings(deadline=None, max_examples=100)
@given(ENTRIES, st.integers(0, 3))
def test_what_somebody_said_is_counted_without_notices_about_them(
    entries: list[tuple[str, int, list[str]]], sender: int
) -> None:
    log, model = filled(entries)
    kept = model[log.start.id :]
    expected = [m for m in kept if m.kind in SPOKEN and m.sender == sender]
    assert log.said_by(sender) == len(expected)


@pytest.mark.parametrize("limit", [1, 7])
def test_reading_takes_no_more_than_it_is_asked_for(limit: int) -> None:
    log = RoomLog("lobby")
    said(log, *"abcdefghijkl")
    assert [message.id for message in log.after(2, limit)] == [*range(3, 3 + limit)]


# Places to look back from


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.integers(0, 40))
def test_behind_the_place_so_far_back_lie_so_many_messages_that_people_said(
    entries: list[tuple[str, int, list[str]]], count: int
) -> None:
    log, model = filled(entries)
    kept = model[log.start.id :]
    behind = model[log.back(count) :]
    spoken = [message for message in kept if message.kind in SPOKEN]
    wanted = spoken[len(spoken) - min(count, len(spoken)) :]
    assert [message for message in behind if message.kind in SPOKEN] == wanted
    if count and len(spoken) >= count:
        assert behind[0] == wanted[0]
    assert log.start.id <= log.back(count) <= log.end.id


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.floats(-1, 31))
def test_behind_the_place_of_a_time_lies_all_that_was_said_then_or_later(
    entries: list[tuple[str, int, list[str]]], time: float
) -> None:
    log, model = filled(entries)
    place = log.since(time)
    assert log.start.id <= place <= log.end.id
    assert model[place:] == [m for m in model[log.start.id :] if m.time >= time]


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


def bytes_of(log: RoomLog) -> int:
    """What it holds, in bytes."""
    return sum(RUN_BYTES + getsizeof(run[TEXT]) for run in log.runs(0, log.end.id))


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


# Deleting


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.data())
def test_what_is_deleted_keeps_its_place_and_all_else_is_as_it_was(
    entries: list[tuple[str, int, list[str]]], data: st.DataObject
) -> None:
    log, model = filled(entries)
    chosen = data.draw(st.sets(st.integers(0, len(model) + 2)))
    spoken = {m.id for m in model[log.start.id :] if m.id in chosen and m.kind in SPOKEN}
    assert log.delete(chosen) == spoken
    assert log.delete(chosen) == set()
    assert log.deletions == 2
    left = [m._replace(kind=Kind.GONE, text="") if m.id in spoken else m for m in model]
    assert log.after(0, 1000) == left[log.start.id :]
    assert log.end == cursor_behind(model, len(model))
    place = data.draw(st.integers(0, len(model)))
    assert log.gone_after(place) == sum(number > place for number in spoken)
    for sender in range(4):
        assert log.said_by(sender) == sum(
            m.kind in SPOKEN and m.sender == sender for m in model[log.start.id :]
        )
        assert log.ids_of(sender, place, 5) == [
            m.id
            for m in left[max(place, log.start.id) :][:5]
            if m.kind in SPOKEN and m.sender == sender
        ]
    shown = [m for m in left[log.start.id : place] if m.kind in SPOKEN]
    assert log.last(3, 10**6, cursor_behind(model, place)) == shown[-3:]
    for message in left:
        assert message.spoken_before == (left[message.id - 2].spoken if message.id > 1 else 0)


def test_what_is_deleted_takes_less_memory() -> None:
    log = RoomLog("lobby", max_bytes=20 * (RUN_BYTES + 1100))
    said(log, *["x" * 1000] * 16)
    log.delete(range(1, 13))
    said(log, *["y" * 1000] * 12)
    assert log.start.id == 0


def test_not_many_that_are_gone_are_passed_over_to_find_the_last() -> None:
    log = RoomLog("lobby")
    said(log, "seen", *["gone"] * MOST_GONE)
    log.delete(range(2, MOST_GONE + 2))
    assert [message.text for message in log.last(1, 100, log.end)] == ["seen"]
    said(log, "gone")
    log.delete([MOST_GONE + 2])
    assert log.last(1, 100, log.end) == []


def test_what_a_log_begins_with_may_be_gone() -> None:
    before = RoomLog("lobby")
    said(before, *"abc")
    before.delete([2])
    log = RoomLog("lobby")
    log.begin(before.end, 0, before.after(0, 10))
    assert log.gone_after(0) == 1
    assert [message.text for message in log.last(5, 100, log.end)] == ["a", "c"]


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


def test_times_never_fall() -> None:
    log = RoomLog("lobby")
    for time in (5.0, 3.0, 7.0, 6.0):
        log.append(time, Kind.SAY, ["x", "y"])
    assert [message.time for message in log.after(0, 9)] == [5, 5, 5, 5, 7, 7, 7, 7]
    again = RoomLog("lobby")
    again.begin(log.end, 0, log.after(4, 9))
    again.append(1.0, Kind.SAY, ["z"])
    assert again.latest == 7.0


def test_what_a_store_has_placed_is_inserted_with_what_is_gone_of_it() -> None:
    log = RoomLog("lobby")
    utterances = [
        Utterance(1.0, Kind.SAY, ["a", "b"], 1, "ann"),
        Utterance(2.0, Kind.NOTICE, ["c"], 0, ""),
        Utterance(2.0, Kind.ACTION, ["d"], 2, "bob"),
    ]
    runs = place("lobby", 1, Cursor(0, 0), 0.0, utterances)
    assert [(each[0], each[1]) for each in runs] == [(2, 2), (3, 2), (4, 3)]
    log.insert([])
    log.insert([*deleted(runs[0], [1]), *runs[1:]])
    assert log.end == Cursor(4, 3)
    assert log.gone_after(0) == 1


def test_a_log_knows_in_which_epoch_each_id_was_given_out() -> None:
    before = RoomLog("lobby")
    before.begin(Cursor(0, 0), 3)
    said(before, *"abc")
    log = RoomLog("lobby")
    log.begin(before.end, 7, before.after(0, 10))
    assert (log.epoch, log.epoch_of(3), log.epoch_of(1)) == (7, 3, 3)
    assert (log.epoch_end(3), log.epoch_end(5), log.epoch_end(7), log.epoch_end(99)) == (3, 3, 3, 3)
    assert log.epoch_end(2) is None  # what is before is not known here
    said(log, *"de")
    assert [message.epoch for message in log.after(0, 10)] == [3, 3, 3, 7, 7]
    assert (log.epoch_of(4), log.epoch_of(99)) == (7, 7)
    assert (log.epoch_end(3), log.epoch_end(7)) == (3, 5)


def test_a_new_epoch_may_begin_with_what_a_store_has_placed() -> None:
    log = RoomLog("lobby")
    log.begin(Cursor(0, 0), 3)
    said(log, "a")
    utterance = Utterance(1.0, Kind.SAY, ["b"], 1, "ann")
    placed = [
        *place("lobby", 3, Cursor(1, 1), 0.0, [utterance]),
        *place("lobby", 8, Cursor(2, 2), 0.0, [utterance]),
    ]
    log.insert(placed)
    assert (log.epoch, log.epoch_of(2), log.epoch_of(3), log.epoch_end(3)) == (8, 3, 8, 2)
