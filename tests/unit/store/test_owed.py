"""store.sqlite.owed: rows in their order, bounded, and edited before they are written."""

from hypothesis import given
from hypothesis import strategies as st

from gchat.hub.room import Room
from gchat.model.message import Kind, Message
from gchat.model.room_log import MESSAGE_BYTES, Cursor, RoomLog
from gchat.store.sqlite.owed import OwedRows
from tests.unit.store.entries import entries


def ids(owed: OwedRows, room: str = "lobby") -> list[int]:
    return [row[0] for row in owed.of(room)]


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
    owed = OwedRows(max_bytes=10 * MESSAGE_BYTES)
    owed.add([(*entry[:-1], "x" * 3 * MESSAGE_BYTES) for entry in entries(5)])
    assert ids(owed) == [4, 5]


def test_a_message_is_deleted_and_a_notice_is_not() -> None:
    owed = OwedRows()
    owed.add(entries(3))
    owed.add([(4, 3, 1.0, "lobby", Kind.NOTICE, 0, "", "somebody left")])
    assert owed.delete("lobby", {2, 4, 9}) == {2}
    assert owed.delete("lobby", {2}) == set()
    assert owed.delete("builds", {1}) == set()
    assert [(row[4], row[7]) for row in owed.of("lobby")][1:] == [
        (Kind.GONE, ""),
        (Kind.SAY, "text 3"),
        (Kind.NOTICE, "somebody left"),
    ]


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


def test_rows_that_the_file_cannot_have_are_lost() -> None:
    owed = OwedRows()
    owed.add(entries(3))
    owed.begin(3)
    owed.succeed(2)
    assert (owed.lost, len(owed)) == (1, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 5), st.sampled_from(["lobby", "builds"])),
        st.tuples(st.just("begin"), st.integers(1, 6)),
        st.tuples(st.sampled_from(["succeed", "fail"])),
    )
)


@given(STEPS)
def test_each_row_is_written_once_in_order_or_counted(steps: list[tuple[object, ...]]) -> None:
    owed = OwedRows(max_rows=8)
    ends = {"lobby": 0, "builds": 0}
    written: dict[str, list[int]] = {"lobby": [], "builds": []}
    begun: list[tuple[object, ...]] = []
    for step, *arguments in steps:
        if step == "add":
            count, room = arguments
            assert isinstance(count, int)
            assert isinstance(room, str)
            owed.add(entries(count, room, ends[room] + 1))
            ends[room] += count
            assert owed.end(room).id == ends[room]
        elif step == "begin" and not begun:
            begun = [*owed.begin(int(str(arguments[0])))]
        elif step == "succeed":
            for row in begun:
                written[str(row[3])].append(int(str(row[0])))
            owed.succeed(len(begun))
            begun = []
        elif step == "fail":
            owed.fail()
            begun = []
    assert len(owed) <= max(8, len(begun))
    for room, numbers in written.items():
        assert numbers == sorted(set(numbers))
        assert not {*numbers} & {*ids(owed, room)}
    assert sum(map(len, written.values())) + len(owed) + owed.lost == sum(ends.values())
