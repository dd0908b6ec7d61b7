"""delivery.batches: what a round needs is made once, and much of it is shared."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.delivery import batch
from gchat.delivery.batch import Batch
from gchat.delivery.batches import FAR, Batches
from gchat.model.display import PLAIN, TELNET
from gchat.model.message import Kind
from gchat.model.room_log import Cursor, RoomLog
from tests.unit.delivery.short_logs import ENTRIES, Entries, log_of, messages_of
from tests.unit.encoding import CountingEncoder, encode


def test_a_round_keeps_no_more_batches_than_may_be_shared() -> None:
    log = log_of([(2, Kind.SAY, "a")] * (batch.MAX_SHARED + 10))
    batches = Batches(log, {})
    for index in range(batch.MAX_SHARED + 10):
        made = batches.between(Cursor(index, index), log.end, PLAIN)
        assert made is not None
        assert batches.between(Cursor(index, index), log.end, PLAIN) is made
        assert len(batches._made) <= batch.MAX_SHARED
    again = batches.between(Cursor(0, 0), log.end, PLAIN)  # it was given up
    assert again is not None
    assert again.data == b"".join(encode(m, PLAIN) for m in log.after(0, 1000))


def test_what_lies_between_two_places_is_encoded_once_for_each_look() -> None:
    log = log_of([(2, Kind.SAY, "a")] * 3)
    batches = Batches(log, {})
    with patch.object(batch, "encoder", CountingEncoder()) as counting:
        plain = batches.between(Cursor(0, 0), log.end, PLAIN)
        assert batches.between(Cursor(0, 0), log.end, PLAIN) is plain
        assert len(counting.encoded) == 3
        telnet = batches.between(Cursor(0, 0), log.end, TELNET)
        assert len(counting.encoded) == 6
    assert plain is not None
    assert telnet is not None
    assert telnet.data == plain.data.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("count", [3, 2 * FAR], ids=["near", "far"])
def test_what_is_deleted_in_the_middle_of_a_round_is_sent_nobody_else(count: int) -> None:
    log = log_of([(2, Kind.SAY, "a")] * count)
    batches = Batches(log, {})
    before = batches.between(Cursor(0, 0), log.end, PLAIN)
    assert before is not None
    log.delete([2])
    after = batches.between(Cursor(0, 0), log.end, PLAIN)
    assert after is not None
    assert after.end == before.end
    assert after.data == b"".join(encode(m, PLAIN) for m in messages_of(log) if m.id != 2)


@pytest.mark.parametrize("count", [3, 2 * FAR], ids=["near", "far"])
def test_what_is_taken_back_is_sent_nobody_else(count: int) -> None:
    log = log_of([(2, Kind.SAY, "a")] * count)
    batches = Batches(log, {})
    assert batches.between(Cursor(0, 0), log.end, PLAIN)
    log.take_back(Cursor(1, 1))
    log.append(0.0, Kind.SAY, ["b"] * (count - 1), 2, "name2")  # with the same ids
    after = batches.between(Cursor(0, 0), log.end, PLAIN)
    assert after is not None
    assert after.data == b"".join(encode(message, PLAIN) for message in messages_of(log))


@settings(deadline=None)
@given(ENTRIES, st.data())
def test_batches_go_from_one_place_to_another(entries: Entries, data: st.DataObject) -> None:
    log = log_of(entries)
    messages = messages_of(log)
    places = [Cursor(0, 0), *(Cursor(m.id, m.spoken) for m in messages)]
    first = data.draw(st.integers(0, len(messages) - 1))
    stop = data.draw(st.integers(first + 1, len(messages)))
    most = data.draw(st.integers(1, 5))
    batches, cursor, got = Batches(log, {}), places[first], b""
    with patch("gchat.delivery.batches.MAX_MESSAGES", most):
        while cursor.id < stop:
            part: Batch | None = batches.between(cursor, places[stop], PLAIN)
            assert part is not None
            assert cursor.id < part.end.id <= min(stop, cursor.id + most)
            cursor, got = part.end, got + part.data
    assert cursor == places[stop]
    assert got == b"".join(encode(message, PLAIN) for message in messages[first:stop])


def test_what_a_cohort_was_sent_is_not_encoded_once_more_for_one_who_stood_there() -> None:
    log = log_of([(2, Kind.SAY, "a")] * (2 * FAR))
    batches = Batches(log, {})
    whole = batches.exactly(Cursor(0, 0), log.end, PLAIN)
    assert batches.between(Cursor(0, 0), log.end, PLAIN) is whole


@pytest.mark.parametrize("behind", [0, 1])
def test_what_begins_before_the_log_does_is_no_longer_kept(behind: int) -> None:
    log = RoomLog("lobby", max_messages=16)
    log.append(0.0, Kind.SAY, list(map(str, range(20))), 2, "name2")
    assert log.start.id > 1
    assert Batches(log, {}).between(Cursor(behind, behind), log.end, PLAIN) is None
    kept = Batches(log, {}).between(log.start, log.end, PLAIN)
    assert kept is not None
    assert kept.end == log.end
