"""delivery.batch and delivery.batches: a line tells of each new day, once."""

from datetime import UTC
from itertools import pairwise

from gchat.delivery.batches import Batches
from gchat.model.display import PLAIN
from gchat.model.message import Kind
from gchat.model.room_log import Cursor, RoomLog
from tests.unit.delivery.short_logs import READER, batch_of

TIMED = PLAIN._replace(time=True, zone=UTC)

MIDNIGHT = 1_700_006_400.0  # the beginning of Wednesday, 2023-11-15, in UTC

WEDNESDAY = b" * Wednesday, 2023-11-15\n"


def over_midnight(count: int = 5) -> RoomLog:
    log = RoomLog("lobby")
    for sender, seconds in ((READER, -2), (2, -1), (READER, 1), (2, 2), (2, 86_401))[:count]:
        log.append(MIDNIGHT + seconds, Kind.SAY, [f"at {seconds}"], sender, "ann")
    return log


def test_among_lines_with_times_a_line_tells_a_new_day() -> None:
    lines = batch_of(over_midnight(4), TIMED).data.splitlines(keepends=True)
    assert lines[1:4] == [b"[23:59] ann: at -1\n", WEDNESDAY, b"[00:00] ann: at 1\n"]
    assert len(lines) == 5
    for display in (PLAIN, TIMED._replace(notices=False), TIMED._replace(json=True)):
        assert batch_of(over_midnight(), display).data.count(b"Wednesday") == 0


def test_wherever_a_batch_begins_the_day_is_told_once() -> None:
    log = over_midnight()
    whole = batch_of(log, TIMED)
    for cut in range(1, 5):
        batches = Batches(log, {})
        places = [Cursor(number, number) for number in (0, cut, 5)]
        parts = [batches.exactly(*pair, TIMED) for pair in pairwise(places)]
        assert b"".join(part.data for part in parts if part) == whole.data


def test_who_said_the_first_message_of_a_day_is_told_the_day_all_the_same() -> None:
    batch = batch_of(over_midnight(), TIMED)
    assert batch.without({READER}).data.splitlines(keepends=True) == [
        b"[23:59] ann: at -1\n",
        WEDNESDAY,
        b"[00:00] ann: at 2\n",
        b" * Thursday, 2023-11-16\n",
        b"[00:00] ann: at 86401\n",
    ]


def test_of_a_page_of_the_file_that_follows_what_memory_does_not_hold_the_day_is_told() -> None:
    page = over_midnight().after(2, 2)
    log = RoomLog("lobby")
    log.begin(Cursor(8, 8), 1)
    batch = Batches(log, {2: page}).exactly(Cursor(2, 2), Cursor(4, 4), TIMED)
    assert batch is not None
    assert batch.data.startswith(WEDNESDAY)


def test_the_day_of_the_first_message_of_all_is_not_told() -> None:
    log = over_midnight()
    batch = Batches(log, {}).exactly(Cursor(0, 0), Cursor(2, 2), TIMED)
    assert batch is not None
    assert batch.data.startswith(b"[23:59]")
