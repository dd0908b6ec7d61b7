"""hub.marks: how many bytes have arrived tells which lines have."""

from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from gchat.hub.marks import GROWTH, Marks, Trail
from gchat.model.room_log import Cursor

START = Cursor(10, 4)


def marks_of(*ends: int) -> Marks:
    """Lines with these ends in the stream, all of them said by people."""
    marks = Marks(START)
    marks.add(0, START.id, ends, [START.spoken + number for number in range(1, len(ends) + 1)])
    return marks


def behind(count: int) -> Cursor:
    return Cursor(START.id + count, START.spoken + count)


def test_a_line_has_arrived_when_its_last_byte_has() -> None:
    marks = marks_of(5, 8, 20)
    places = {0: 0, 4: 0, 5: 1, 7: 1, 8: 2, 19: 2, 20: 3, 99: 3}
    assert {received: marks.place(received) for received in places} == {
        received: behind(count) for received, count in places.items()
    }


def test_what_has_no_bytes_arrives_with_what_is_before_it() -> None:
    marks = marks_of(5, 5, 5, 9)
    assert marks.place(4) == behind(0)
    assert marks.place(5) == behind(3)
    assert marks_of(0, 0, 5).place(0) == behind(2)


def test_ends_are_counted_from_what_was_sent_before() -> None:
    marks = marks_of(5)
    marks.add(100, 11, [5, 9], [6, 6])
    assert marks.place(104) == behind(1)
    assert marks.place(105) == Cursor(12, 6)
    assert marks.place(109) == Cursor(13, 6)


@given(st.lists(st.integers(0, 9), min_size=1), st.data())
def test_what_is_forgotten_is_never_told_wrong(sizes: list[int], data: st.DataObject) -> None:
    ends = [sum(sizes[: index + 1]) for index in range(len(sizes))]
    whole, part = marks_of(*ends), marks_of(*ends)
    forgotten = data.draw(st.integers(0, ends[-1] + 1))
    part.forget(forgotten)
    assert part.place(ends[-1] + 1) == whole.place(ends[-1] + 1)
    for received in range(ends[-1] + 2):
        if received >= forgotten:
            assert part.place(received) == whole.place(received)
        else:
            assert part.place(received) in (None, whole.place(received))


def test_of_messages_without_bytes_any_number_takes_no_more_memory_than_one() -> None:
    marks = marks_of(5, *[5] * 1000, 9, *[9] * 1000)
    marks.forget(0)
    assert len(marks) == 2
    assert [marks.place(received) for received in (4, 5, 8, 9)] == [
        behind(0),
        behind(1001),
        behind(1001),
        behind(2002),
    ]


# Of one connection


def trail() -> Trail:
    trail = Trail()
    trail.enter(START)
    return trail


def test_before_anything_is_sent_it_is_where_it_came_in() -> None:
    assert trail().place(0) == trail().place(1000) == START


def test_what_was_sent_to_it_alone_is_one_stream_with_answers_between() -> None:
    one = trail()
    one.add(0, START, [5, 8], [5, 6])
    one.add(100, behind(2), [5], [7])
    places = {0: 0, 5: 1, 8: 2, 99: 2, 104: 2, 105: 3}
    assert {n: one.place(n) for n in places} == {n: behind(count) for n, count in places.items()}


def test_while_it_is_in_a_cohort_the_marks_of_that_tell() -> None:
    one, marks = trail(), marks_of(50)
    one.add(0, START, [5], [5])
    one.follow(30, -20, marks)  # the cohort has sent 50 bytes, the connection 30
    marks.add(50, 11, [6, 9], [6, 7])
    assert one.place(29) == one.place(30) == one.place(35) == behind(1)
    assert one.place(36) == behind(2)
    assert one.place(39) == behind(3)
    one.stop(behind(2), 30)
    assert one.place(36) == one.place(1000) == behind(2)
    one.add(60, behind(2), [4], [7])
    assert one.place(63) == behind(2)
    assert one.place(64) == behind(3)


def test_a_line_that_was_cut_when_it_left_the_cohort_counts_when_the_rest_has_arrived() -> None:
    one, marks = trail(), marks_of()
    one.follow(0, 0, marks)
    marks.add(0, START.id, [5, 9, 20], [5, 6, 7])
    one.stop(behind(2), 0)  # 7 bytes were taken, and 2 are the rest
    assert one.place(8) == behind(1)
    assert one.place(9) == one.place(20) == behind(2)


def test_it_leaves_a_cohort_before_what_that_is_about_to_be_sent_though_it_has_no_bytes() -> None:
    one, marks = trail(), marks_of(5)
    one.follow(20, 15, marks)
    marks.add(5, 11, [0, 0], [6, 7])
    one.stop(behind(1), 20)
    assert one.place(20) == behind(1)


def test_from_a_cohort_it_takes_along_what_has_not_arrived_and_nothing_else() -> None:
    one, marks = trail(), marks_of()
    one.follow(0, 0, marks)
    marks.add(0, START.id, range(5, 5005, 5), range(5, 1005))
    one.stop(behind(1000), 4990)
    assert len(one._marks) <= 3
    assert [one.place(4990), one.place(4999), one.place(5000)] == [
        behind(998),
        behind(999),
        behind(1000),
    ]


def test_what_a_cohort_does_not_know_any_more_is_not_known_of_its_members() -> None:
    one, marks = trail(), marks_of(5, 8, 20)
    one.follow(0, 0, marks)
    marks.forget(9)
    one.stop(behind(3), 3)
    assert [one.place(3), one.place(7), one.place(8), one.place(20)] == [
        None,
        None,
        behind(2),
        behind(3),
    ]


def test_after_a_gap_it_is_behind_it_when_it_has_been_told() -> None:
    one = trail()
    one.add(0, START, [5], [5])
    one.skip(25, Cursor(90, 70))
    assert one.place(24) == behind(1)
    assert one.place(25) == Cursor(90, 70)
    one.add(25, Cursor(90, 70), [5], [71])
    assert one.place(30) == Cursor(91, 71)


def test_its_own_messages_behind_a_place_are_counted() -> None:
    one = trail()
    one.add_own([12, 14])
    one.add_own([15])
    assert [one.own_behind(Cursor(id_, 0)) for id_ in (11, 12, 13, 14, 15)] == [3, 2, 2, 1, 0]


def test_in_another_room_nothing_is_known_of_the_one_before() -> None:
    one = trail()
    one.add(0, START, [5], [5])
    one.add_own([11])
    one.enter(Cursor(3, 3))
    assert one.place(0) == one.place(5) == Cursor(3, 3)
    assert one.own_behind(Cursor(0, 0)) == 0


def test_what_has_arrived_is_forgotten() -> None:
    one, place, sent = trail(), START, 0
    for number in range(10 * GROWTH):
        marks = Marks(place)
        one.follow(sent, sent, marks)
        marks.add(0, place.id, [3], [place.spoken + 1])
        place, sent = Cursor(place.id + 1, place.spoken + 1), sent + 3
        one.stop(place, sent - 30)
        one.add(sent, place, [3], [place.spoken + 1])
        one.add_own([place.id + 1])
        place, sent = Cursor(place.id + 1, place.spoken + 1), sent + 3
        if one.is_long:
            one.tidy(sent - 30)
            assert not one.is_long
        assert one.place(sent - 4) == behind(2 * number)
        assert one.place(sent - 3) == behind(2 * number + 1)
        assert len(one._marks) + len(one._own) < 2 * GROWTH


class Stream(NamedTuple):
    """What a connection was sent: the end of each message in it, and whose own it is."""

    ends: list[int]
    own: list[bool]

    def place(self, received: int) -> Cursor:
        return behind(bisect_right(self.ends, received))

    def own_behind(self, place: Cursor) -> int:
        return sum(self.own[place.id - START.id :])


ROUNDS = st.lists(
    st.tuples(
        st.booleans(),  # whether it is a member of a cohort
        st.lists(st.integers(0, 3), min_size=1, max_size=4),  # the sizes of messages
        st.integers(0, 3),  # how many bytes it is sent besides
        st.integers(0, 4),  # how many bytes of what it was sent arrive
        st.booleans(),  # whether it is tidied
    ),
    max_size=30,
)


@given(ROUNDS)
def test_a_trail_knows_what_has_arrived_whatever_was_sent_how(
    rounds: list[tuple[bool, list[int], int, int, bool]],
) -> None:
    one, stream = trail(), Stream([], [])
    cohort, sent_to_cohort, sent, received, followed = Marks(START), 7, 0, 0, False
    for is_member, sizes, besides, arrives, is_tidied in rounds:
        if followed and not is_member:
            one.stop(behind(len(stream.ends)), received)
        elif is_member and not followed:
            one.follow(sent, sent - sent_to_cohort, cohort)
        followed, first = is_member, len(stream.ends)
        ends = list(accumulate(sizes))
        spoken = [behind(first + count).spoken for count in range(1, len(sizes) + 1)]
        cohort.add(sent_to_cohort, START.id + first, ends, spoken)
        if not is_member:
            one.add(sent, behind(first), ends, spoken)
            one.add_own([behind(first + n).id for n, size in enumerate(sizes, 1) if not size])
        stream.ends.extend(sent + end for end in ends)
        stream.own.extend(not (size or is_member) for size in sizes)
        sent_to_cohort, sent = sent_to_cohort + ends[-1], sent + ends[-1]
        if not is_member:
            sent += besides
        received = min(sent, received + arrives)
        if is_tidied and not is_member:
            one.tidy(received)
        for bytes_ in range(received, sent + 1):
            place = stream.place(bytes_)
            assert one.place(bytes_) == place
            assert one.own_behind(place) == stream.own_behind(place)


def test_however_much_it_says_while_nothing_arrives_a_trail_does_not_grow() -> None:
    one, cohort = trail(), Marks(START)
    for number in range(10 * GROWTH):  # it is alone with each, and a member in between
        one.follow(50, 50, cohort)
        one.stop(behind(number), 10)
        one.add(50, behind(number), [0], [START.spoken + number + 1])
        one.add_own([START.id + number + 1])
        if one.is_long:
            one.tidy(10)
    one.tidy(10)
    assert len(one._marks) + len(one._own) <= 2
    assert one.place(49) == START
    assert one.own_behind(START) == 10 * GROWTH
    assert one.place(50) == behind(10 * GROWTH)
    assert one.own_behind(behind(10 * GROWTH)) == 0
