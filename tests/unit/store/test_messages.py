"""store.sqlite.messages: what is appended, and read again as a log in memory has it."""

import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind, Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.runs import Row, rows_of
from gchat.store.sqlite import messages
from gchat.store.sqlite.messages import MOST_AT_ONCE, TAIL, TAIL_CHARACTERS, decode
from tests.unit.store.entries import entries

ALL = 10**9


def read(
    file: sqlite3.Connection, last: int = 0, end: int = ALL, count: int = ALL
) -> list[Message]:
    return decode(messages.after(file, "lobby", last, end, count, ALL))


@pytest.mark.parametrize("count", [0, 1, MOST_AT_ONCE, MOST_AT_ONCE + 1, 3 * MOST_AT_ONCE])
def test_any_number_of_messages_is_written_at_once(file: sqlite3.Connection, count: int) -> None:
    messages.append(file, entries(count))
    assert read(file) == entries(count)


def test_all_are_written_or_none(file: sqlite3.Connection) -> None:
    messages.append(file, entries(1))
    again = [*entries(MOST_AT_ONCE, first=2), *entries(1)]
    for few_or_many in (again[-2:], again):
        with pytest.raises(sqlite3.IntegrityError):
            messages.append(file, few_or_many)
        assert len(read(file)) == 1
    messages.append(file, again[:-1])
    assert len(read(file)) == MOST_AT_ONCE + 1


def with_text(entry: Row, text: str) -> Row:
    return Message(*entry)._replace(text=text)


@pytest.mark.parametrize("count", [1, 2 * MOST_AT_ONCE])
def test_a_place_that_was_given_away_keeps_its_message_and_is_not_counted(
    file: sqlite3.Connection, count: int
) -> None:
    messages.append(file, entries(1))
    mine = [with_text(each, "mine") for each in entries(count + 1)]
    assert messages.append_owed(file, mine, {}) == count
    assert [message.text for message in read(file)] == ["text 1", *["mine"] * count]


def test_the_end_of_what_is_lost_is_kept_and_never_falls(file: sqlite3.Connection) -> None:
    assert messages.append_owed(file, [], {"lobby": Cursor(7, 5), "builds": Cursor(1, 1)}) == 0
    assert messages.end(file, "lobby") == Cursor(7, 5)
    messages.append_owed(file, [], {"lobby": Cursor(6, 5)})
    assert messages.end(file, "lobby") == Cursor(7, 5)
    assert messages.append_owed(file, entries(1, first=8), {"lobby": Cursor(7, 7)}) == 1
    assert messages.end(file, "lobby") == Cursor(8, 8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_it_gives_the_same_answers_as_a_log_in_memory(
    file: sqlite3.Connection, data: st.DataObject
) -> None:
    file.execute("DELETE FROM messages")
    log = RoomLog("lobby")
    lines = st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9), max_size=4
    )
    said = st.tuples(st.sampled_from([Kind.SAY, Kind.ACTION, Kind.NOTICE]), lines)
    for number, (kind, texts) in enumerate(data.draw(st.lists(said, max_size=12))):
        log.append(1000.0 + number // 2 + 0.123, kind, texts, number, f"name{number}")
    messages.append(file, [row for run in log.runs(0, log.end.id) for row in rows_of(run)])
    messages.append(file, entries(5, "elsewhere"))
    assert messages.end(file, "lobby") == log.end
    assert messages.start(file, "lobby") == 0
    last, count = data.draw(st.integers(0, 40)), data.draw(st.integers(1, 40))
    assert read(file, last, count=count) == log.after(last, count)
    least = log.end.spoken - count + 1
    assert messages.first_with(file, "lobby", "spoken", least) == log.back(count)
    time = data.draw(st.floats(999, 1010))
    assert messages.first_with(file, "lobby", "time", time) == log.since(time)
    again = RoomLog("lobby")
    end, tail = messages.tail(file, "lobby")
    again.begin(end, 0, decode(tail))
    assert (again.start, again.end, again.after(0, ALL)) == (log.start, log.end, log.after(0, ALL))


def test_as_much_is_read_as_has_so_many_characters_and_at_least_one(
    file: sqlite3.Connection,
) -> None:
    messages.append(file, entries(9))
    for characters, count in ((1, 1), (6, 1), (7, 2), (12, 2), (13, 3)):  # each has 6
        assert len(decode(messages.after(file, "lobby", 0, ALL, ALL, characters))) == count
    assert [message.id for message in read(file, 3, 5)] == [4, 5]


@pytest.mark.parametrize("kept", [range(1, 10), range(5), [3, 4, 7]])
def test_a_log_begins_with_what_has_no_hole_behind_it(
    file: sqlite3.Connection, kept: list[int]
) -> None:
    messages.append(file, [entry for entry in entries(10) if entry[0] in kept or entry[0] > 8])
    end, tail = messages.tail(file, "lobby")
    assert end == Cursor(10, 10)
    first = decode(tail)[0].id
    assert first == (min(kept) if len(kept) == 9 else 9)


def test_a_log_begins_with_only_so_much(file: sqlite3.Connection) -> None:
    messages.append(file, entries(2 * TAIL))
    assert len(decode(messages.tail(file, "lobby")[1])) == TAIL
    text = "x" * (TAIL_CHARACTERS // 3)
    long = [with_text(each, text) for each in entries(9, "long")]
    messages.append(file, long)
    assert len(decode(messages.tail(file, "long")[1])) == 3


def test_what_is_found_where_some_are_gone_is_what_follows(file: sqlite3.Connection) -> None:
    messages.append(file, [entry for entry in entries(20) if entry[0] not in (1, 2, 3, 9, 10)])
    assert messages.start(file, "lobby") == 3
    for least, first in ((1, 4), (4, 4), (9, 11), (10, 11), (11, 11), (12, 12), (20, 20)):
        place = messages.first_with(file, "lobby", "spoken", least)
        assert read(file, place)[0].id == first
    assert messages.first_with(file, "lobby", "spoken", 21) == 20


def test_the_end_of_a_room_of_which_nothing_is_left_is_known(file: sqlite3.Connection) -> None:
    assert messages.end(file, "lobby") == Cursor(0, 0)
    file.execute("INSERT INTO rooms VALUES ('lobby', 30, 20)")
    assert messages.end(file, "lobby") == Cursor(30, 20)
    assert messages.start(file, "lobby") == 30
    messages.append(file, entries(1, first=31))
    assert messages.end(file, "lobby").id == 31


def test_what_is_written_while_a_tail_is_read_is_not_in_it_and_takes_nothing_away(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.append(file, entries(2))
    end = messages.end

    def end_and_more(connection: sqlite3.Connection, room: str) -> Cursor:
        before = end(connection, room)
        messages.append(connection, entries(1, first=3))
        return before

    monkeypatch.setattr(messages, "end", end_and_more)
    place, tail = messages.tail(file, "lobby")
    assert place.id == 2
    assert decode(tail) == entries(2)
