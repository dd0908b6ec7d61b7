"""model.room_log: messages in their order, and places among them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.runs import deleted, place
from tests.unit.model.room_logs import ENTRIES, SPOKEN, cursor_behind, filled, said


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


@given(ENTRIES)
def test_it_knows_the_time_of_each_message_that_it_holds(
    entries: list[tuple[str, int, list[str]]],
) -> None:
    log, model = filled(entries)
    held = [message for message in model if message.id > log.start.id]
    assert [log.time_of(message.id) for message in held] == [message.time for message in held]


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
