"""store.sqlite.owed: rows in their order, bounded, and edited before they are written."""

from sys import getsizeof, maxsize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.hub.room import Room
from gchat.model.message import Kind, Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.runs import (
    EPOCH,
    ID,
    KIND,
    REF,
    ROOM,
    RUN_BYTES,
    SENDER,
    SPOKEN_UP_TO,
    TEXT,
    Row,
    without_text,
)
from gchat.store.sqlite.owed import OwedRows
from tests.unit.store.entries import entries, entry


def ids(owed: OwedRows, room: str = "lobby") -> list[int]:
    return [row[0] for row in owed.of(room)]


def with_text(row: Row, text: str) -> Row:
    return (*row[:TEXT], text, *row[EPOCH:])


def test_rows_are_owed_until_they_are_written() -> None:
    owed = OwedRows()
    owed.add(entries(3))
    owed.add(entries(2, "builds"))
    assert [row[0] for row in owed.begin(4)] == [1, 2, 3, 1]
    assert (owed.owes("lobby"), owed.owes("builds"), len(owed)) == (True, True, 5)
    owed.fail()
    owed.begin(4)
    owed.succeed(4)
    assert (owed.owes("lobby"), owed.owes("builds"), len(owed)) == (False, True, 1)
    assert owed.end("lobby") == Cursor(0, 0)
    assert owed.end("builds") == Cursor(2, 2)
    assert owed.lost == 0


def test_a_part_of_a_room_can_be_read() -> None:
    owed = OwedRows()
    owed.add(entries(9))
    assert [row[0] for row in owed.of("lobby", 3, 6)] == [4, 5, 6]
    assert owed.of("builds") == []


def test_the_first_that_are_too_many_are_lost_and_counted_and_their_ends_are_known() -> None:
    owed = OwedRows(max_rows=5)
    owed.add(entries(3))
    owed.add(entries(4, "builds"))
    assert ids(owed) == [3]
    owed.add(entries(2, "cars"))
    assert (ids(owed), ids(owed, "builds"), owed.lost) == ([], [2, 3, 4], 4)
    assert owed.lost_ends == {"lobby": Cursor(3, 3), "builds": Cursor(1, 1)}
    assert owed.owes("lobby")  # its end, at least
    ends = dict(owed.lost_ends)
    owed.add(entries(1, "dogs"))
    owed.settle_lost_ends(ends)
    assert not owed.owes("lobby")
    assert owed.lost_ends == {"builds": Cursor(2, 2)}


def test_what_is_being_written_is_not_lost() -> None:
    owed = OwedRows(max_rows=4)
    owed.add(entries(4))
    owed.begin(2)
    owed.add(entries(2, first=5))
    assert ids(owed) == [1, 2, 5, 6]
    owed.succeed(2)
    assert ids(owed) == [5, 6]
    assert owed.lost == 2


def test_more_than_there_may_be_is_kept_while_it_is_being_written() -> None:
    owed = OwedRows(max_rows=2)
    owed.add(entries(4), begun=True)
    owed.add(entries(1, first=5))
    assert ids(owed) == [1, 2, 3, 4]
    owed.succeed(4)
    assert (ids(owed), owed.lost, owed.end("lobby")) == ([], 1, Cursor(5, 5))


def test_long_ones_are_bounded_by_their_bytes() -> None:
    owed = OwedRows(max_bytes=10 * RUN_BYTES)
    owed.add([with_text(each, "x" * 3 * RUN_BYTES) for each in entries(5)])
    assert ids(owed) == [4, 5]


def test_a_message_is_deleted_and_a_notice_is_not() -> None:
    owed = OwedRows()
    owed.add(entries(3))
    owed.add([entry(4, 3, 1.0, "lobby", Kind.NOTICE, 0, "", "somebody left")])
    assert owed.delete("lobby", {2, 4, 9}) == {2}
    assert owed.delete("lobby", {2}) == set()
    assert owed.delete("builds", {1}) == set()
    assert [(row[4], row[7]) for row in owed.of("lobby")][1:] == [
        (Kind.GONE, ""),
        (Kind.SAY, "text 3"),
        (Kind.NOTICE, "somebody left"),
    ]


def test_a_text_counts_no_more_when_it_is_deleted_or_written() -> None:
    owed = OwedRows(max_bytes=10 * RUN_BYTES)
    owed.add([with_text(each, "x" * 3 * RUN_BYTES) for each in entries(2)])
    owed.delete("lobby", {1})
    owed.add([with_text(each, "x" * 3 * RUN_BYTES) for each in entries(1, first=3)])
    assert (ids(owed), owed.lost) == ([1, 2, 3], 0)
    owed.succeed(len(owed.begin(3)))
    owed.add([with_text(each, "x" * 3 * RUN_BYTES) for each in entries(2)])
    assert owed.lost == 0


class NeverLookedThrough(list[int]):
    """To look for each of many rows in a list of many ids takes the product of both."""

    def __contains__(self, _: object) -> bool:
        raise AssertionError("it was looked through")


def test_many_of_many_are_deleted_at_once() -> None:
    owed = OwedRows()
    owed.add(entries(9))
    assert owed.delete("lobby", NeverLookedThrough([2, 4])) == {2, 4}
    room = Room(RoomLog("lobby"))
    room.pages[0] = [Message(*entry) for entry in entries(9)]
    room.delete(NeverLookedThrough([2, 4]))
    assert sum(not message.text for message in room.pages[0]) == 2


def test_rows_with_a_ref_are_found_in_their_order() -> None:
    owed = OwedRows()
    for room, ref in (("b", 3), ("a", None), ("a", "x"), ("b", 4)):
        end = owed.end(room).id + 1
        owed.add([entry(end, end, 1.0, room, Kind.SAY, 7, "ann", "text", ref=ref)])
    owed.add([entry(9, 9, 1.0, "c", Kind.SAY, 8, "bob", "text", ref=5)])
    assert [(row[ROOM], row[REF]) for row in owed.marked(7)] == [("b", 3), ("a", "x"), ("b", 4)]


def test_what_somebody_has_said_is_found_in_steps_and_notices_are_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gchat.store.sqlite.owed.SCANNED_AT_A_TIME", 2)
    owed = OwedRows()
    owed.add(entries(3))
    owed.add([entry(4, 3, 1.0, "lobby", Kind.NOTICE, 7, "ann", "ann left")])
    owed.add([entry(5, 4, 1.0, "lobby", Kind.SAY, 8, "bob", "his"), *entries(1, "builds")])
    owed.delete("lobby", [2])
    assert list(owed.find_of(7)) == [
        ("lobby", [1]),
        ("lobby", [3]),
        ("lobby", []),
        ("builds", [1]),
    ]


def test_what_is_being_written_may_be_in_the_file() -> None:
    owed = OwedRows()
    owed.add(entries(4))
    assert owed.are_untouched("lobby", {1, 4})
    assert not owed.are_untouched("lobby", {4, 5})
    assert not owed.are_untouched("builds", {4})
    owed.begin(2)
    assert not owed.are_untouched("lobby", {2, 3})
    assert owed.are_untouched("lobby", {3, 4})
    owed.fail()
    assert owed.are_untouched("lobby", {1})


def test_rows_that_the_file_cannot_have_are_lost() -> None:
    owed = OwedRows()
    owed.add(entries(3))
    owed.begin(3)
    owed.succeed(2)
    assert (owed.lost, len(owed)) == (1, 0)


def test_a_row_that_is_lost_as_the_only_one_of_its_room_has_its_end_remembered() -> None:
    owed = OwedRows(max_rows=2)
    owed.add(entries(1))
    owed.add(entries(2, "builds"))
    assert (owed.of("lobby"), owed.owes("lobby")) == ([], True)
    assert owed.end("lobby") == owed.lost_ends["lobby"] == Cursor(1, 1)


def test_a_page_costs_by_its_length_however_much_is_owed() -> None:
    looked_at = 0

    class Watched(int):
        """An id that counts how often it is compared."""

        def __lt__(self, other: int) -> bool:
            nonlocal looked_at
            looked_at += 1
            return int(self) < other

        def __gt__(self, other: int) -> bool:
            return not self < other + 1

    owed = OwedRows()
    for number in range(1, 2000):
        owed.add([(Watched(number), *each[1:]) for each in entries(1, "lobby", number)])
        owed.add(entries(1, f"room {number}"))
    looked_at = 0
    assert [row[0] for row in owed.of("lobby", 1500, 1503)] == [1501, 1502, 1503]
    assert owed.delete("lobby", {1700}) == {1700}
    assert 0 < looked_at < 60


class PlainRows:
    """What OwedRows is to do, with a list of all rows that is looked through each time."""

    def __init__(self, max_rows: int, max_bytes: int) -> None:
        self._bounds = (max_rows, max_bytes)
        self.rows: list[Row] = []
        self.begun = self.lost = self.settled = 0
        self.ends: dict[str, Cursor] = {}
        self.lost_ends: dict[str, Cursor] = {}

    def add(self, rows: list[Row], begun: bool) -> None:
        self.rows += rows
        self.ends.update({row[ROOM]: Cursor(row[ID], row[SPOKEN_UP_TO]) for row in rows})
        self.begun = len(rows) if begun else self.begun
        self.lose()

    def lose(self) -> None:
        rows, bytes_ = self._bounds
        while self.rows[self.begun :] and (
            len(self.rows) > rows
            or sum(RUN_BYTES + getsizeof(row[TEXT]) for row in self.rows) > bytes_
        ):
            row = self.rows.pop(self.begun)
            self.lost_ends[row[ROOM]] = Cursor(row[ID], row[SPOKEN_UP_TO])
            self.lost += 1
            self.settled += 1

    def succeed(self, written: int) -> None:
        self.lost += self.begun - written
        self.settled += self.begun
        del self.rows[: self.begun]
        self.begun = 0

    def fail(self) -> None:
        self.begun = 0
        self.lose()

    def of(self, room: str, last: int, end: int) -> list[Row]:
        return [row for row in self.rows if row[ROOM] == room and last < row[ID] <= end]

    def end(self, room: str) -> Cursor:
        owes = room in self.lost_ends or self.of(room, 0, maxsize)
        return self.ends[room] if owes else Cursor(0, 0)

    def delete(self, room: str, ids: set[int]) -> set[int]:
        deleted = set()
        for index, row in enumerate(self.rows):
            if row[ROOM] == room and row[ID] in ids and row[KIND] == Kind.SAY:
                self.rows[index] = without_text(row)
                deleted.add(row[ID])
        return deleted


ROOMS = ("lobby", "builds", "cars")


@settings(deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(1, 20))
def test_it_does_what_a_plain_list_does(data: st.DataObject, most: int, most_long: int) -> None:
    bounds = (most, most_long * (RUN_BYTES + getsizeof("x" * 50)))
    owed, plain = OwedRows(*bounds), PlainRows(*bounds)
    ends = dict.fromkeys(ROOMS, 0)
    for _ in range(data.draw(st.integers(1, 30), "steps")):
        step = data.draw(
            st.sampled_from(["add", "add", "begin", "succeed", "fail", "delete", "settle"])
        )
        room = data.draw(st.sampled_from(ROOMS))
        if step == "add":
            rows = list[Row]()
            for room in data.draw(st.lists(st.sampled_from(ROOMS), max_size=6), "rooms"):
                ends[room] += 1
                (row,) = entries(1, room, ends[room])
                if data.draw(st.booleans(), "a notice"):
                    row = (*row[:KIND], Kind.NOTICE, *row[SENDER:])
                rows.append(with_text(row, "x" * data.draw(st.integers(0, 99))))
            begun = not plain.rows and data.draw(st.booleans(), "begun")
            owed.add(rows, begun=begun)
            plain.add(rows, begun)
        elif step == "begin" and not plain.begun:
            count = data.draw(st.integers(1, 9))
            assert owed.begin(count) == plain.rows[:count]
            plain.begun = len(plain.rows[:count])
        elif step == "succeed":
            written = data.draw(st.integers(0, plain.begun))
            owed.succeed(written)
            plain.succeed(written)
        elif step == "fail":
            owed.fail()
            plain.fail()
        elif step == "delete":
            ids = data.draw(st.sets(st.integers(1, 20), max_size=4))
            assert owed.delete(room, ids) == plain.delete(room, ids)
        elif step == "settle":
            settled = {
                room: end for room, end in plain.lost_ends.items() if data.draw(st.booleans())
            }
            owed.settle_lost_ends(settled)
            for room in settled:
                del plain.lost_ends[room]
        last, end = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 30))
        for room in ROOMS:
            assert owed.of(room) == plain.of(room, 0, maxsize)
            assert owed.of(room, last, end) == plain.of(room, last, end)
            assert owed.of(room, last, end, most) == plain.of(room, last, end)[:most]
            assert owed.owes(room) == (plain.end(room) > Cursor(0, 0))
            assert owed.end(room) == plain.end(room)
        assert (len(owed), owed.lost, owed.settled) == (len(plain.rows), plain.lost, plain.settled)
        assert owed.lost_ends == plain.lost_ends
