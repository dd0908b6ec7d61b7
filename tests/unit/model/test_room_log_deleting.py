"""model.room_log: what is deleted keeps its place, and nothing else of it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind
from gchat.model.room_log import MOST_GONE, Cursor, RoomLog
from gchat.model.runs import RUN_BYTES
from tests.unit.model.room_logs import ENTRIES, SPOKEN, cursor_behind, filled, said


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


@settings(deadline=None, max_examples=200)
@given(ENTRIES, st.data())
def test_what_is_taken_back_is_as_if_it_was_never_said(
    entries: list[tuple[str, int, list[str]]], data: st.DataObject
) -> None:
    log, model = filled(entries)
    place = data.draw(st.integers(log.start.id, len(model)))
    end = cursor_behind(model, place)
    assert log.take_back(end) == len(model) - place
    assert log.end == end
    assert log.after(0, len(model)) == model[log.start.id : place]
    said(log, "instead")
    assert log.after(place, 10)[0].text == "instead"


def test_a_log_that_holds_nothing_of_what_stays_begins_anew() -> None:
    log = RoomLog("lobby", max_messages=2)
    for text in "abcdefgh":
        said(log, text)
    assert log.start.id > 1
    assert log.take_back(Cursor(1, 1)) == 7
    assert (log.start, log.end) == (Cursor(1, 1), Cursor(1, 1))
    said(log, "instead")
    assert [message.id for message in log.after(0, 10)] == [2]
