"""hub.cohorts: who is in one, where its members stand, and that nobody is passed over."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gchat.hub import cohorts as module
from gchat.hub.cohorts import IN_FLIGHT, KEPT_MARKS, Cohort, Cohorts, Key
from gchat.model.display import PLAIN, TELNET, Display
from gchat.model.ignoring import NOBODY, Followed, IgnoreList
from gchat.model.room_log import Cursor

START = Cursor(7, 5)
EMPTY: frozenset[str] = frozenset()


class Sitting:
    """A member that is nothing but that."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.slot = -1
        self.cohort: Cohort[Sitting] | None = None

    def leave_cohort(self) -> None:
        assert self.cohort
        self.cohort.remove(self.slot)
        self.cohort.apart[self.number] = self
        self.cohort = None


def key(display: Display = PLAIN, ignored: frozenset[str] = EMPTY) -> Key:
    return Key(display, ignored, object)


def find(
    cohorts: Cohorts[Sitting], display: Display = PLAIN, number: int = 0
) -> Cohort[Sitting] | None:
    return cohorts.find(key(display), START, NOBODY, number)


def join(cohort: Cohort[Sitting] | None, number: int) -> Sitting:
    assert cohort
    member = Sitting(number)
    cohort.add(member, f"connection {number}")
    member.cohort = cohort
    return member


def test_there_is_one_for_each_display_setting_and_each_ignore_list() -> None:
    cohorts = Cohorts[Sitting]({})
    plain = find(cohorts)
    join(plain, 1)
    assert find(cohorts) is plain
    assert find(cohorts, TELNET) is not plain
    ignores = IgnoreList(1)
    ignores.add("ann", Followed())
    ignoring = cohorts.find(key(ignored=frozenset(ignores.names)), START, ignores, 2)
    assert ignoring is not plain
    assert ignoring
    ignores.add("bob", Followed())
    assert list(ignoring.ignores.names) == ["ann"]  # it is no business of the others


def test_who_stands_elsewhere_cannot_join() -> None:
    cohorts = Cohorts[Sitting]({})
    join(find(cohorts), 1)
    assert cohorts.find(key(), Cursor(8, 5), NOBODY, 2) is None


def test_one_that_has_lost_its_members_is_made_anew() -> None:
    cohorts = Cohorts[Sitting]({})
    one = find(cohorts)
    join(one, 1).leave_cohort()
    other = cohorts.find(key(), Cursor(8, 5), NOBODY, 2)
    assert other is not one
    assert other
    assert other.cursor == Cursor(8, 5)
    join(other, 1)
    assert (len(cohorts), list(cohorts)) == (1, [other])


def test_there_are_no_more_than_there_may_be_and_those_without_members_make_place() -> None:
    cohorts = Cohorts[Sitting]({})
    displays = [Display(end=f"{number}\n") for number in range(2 * module.MAX_COHORTS)]
    members = [
        join(found, number)
        for number, display in enumerate(displays)
        if (found := find(cohorts, display))
    ]
    assert len(members) == module.MAX_COHORTS
    assert find(cohorts, displays[-1]) is None
    assert find(cohorts, displays[0])
    members[3].leave_cohort()
    assert find(cohorts, displays[-1])


def fill(cohorts: Cohorts[Sitting], size: int) -> list[Display]:
    """Have as many cohorts as there may be, each of so many members; returns their displays."""
    displays = [Display(end=f"{number}\n") for number in range(module.MAX_COHORTS)]
    for index, display in enumerate(displays):
        for number in range(size):
            join(find(cohorts, display), 1000 + index * size + number)
    return displays


def test_one_that_more_members_want_takes_the_place_of_the_smallest() -> None:
    apart: dict[int, Sitting] = {}
    cohorts = Cohorts(apart)
    displays = fill(cohorts, 2)
    for number, display in enumerate(displays[:-1]):
        join(find(cohorts, display), number)
    for wanting in ([101, 102, 102], [101, 102, 103]):  # of which the last are the first to be more
        for number in wanting:
            assert find(cohorts, TELNET, number) is None
        assert not apart
        cohorts.begin_round()
    assert len(apart) == 2
    assert find(cohorts, displays[-1], min(apart)) is None  # the place is for the others
    found = find(cohorts, TELNET, 102)
    join(found, 102)
    assert find(cohorts, TELNET, 101) is found
    assert len(list(cohorts)) == module.MAX_COHORTS


def test_whoever_was_refused_in_an_earlier_round_is_not_counted() -> None:
    cohorts = Cohorts[Sitting]({})
    fill(cohorts, 1)
    for number in range(5):
        assert find(cohorts, TELNET, number) is None
        cohorts.begin_round()
    assert len(cohorts) == module.MAX_COHORTS


def test_whoever_leaves_and_when_all_do_is_among_those_apart() -> None:
    apart: dict[int, Sitting] = {}
    cohorts = Cohorts(apart)
    for number in range(3):
        join(find(cohorts), number)
    cohorts.dissolve()
    assert apart.keys() == {0, 1, 2}
    assert not len(cohorts)


def test_those_who_want_to_leave_during_a_call_do_when_it_has_returned() -> None:
    cohort = find(Cohorts[Sitting]({}))
    assert cohort
    one, other = join(cohort, 1), join(cohort, 2)
    cohort.begin(10, Cursor(8, 6))
    cohort.in_call = True
    cohort.leaving += [one, one]
    cohort.end_call(1)
    assert (cohort.cursor_at(one.slot), cohort.cursor_at(other.slot)) == (Cursor(8, 6), START)
    assert (cohort.sent_at(one.slot), cohort.sent_at(other.slot)) == (10, 0)


def test_marks_of_what_can_no_longer_be_in_flight_are_forgotten() -> None:
    cohort = find(Cohorts[Sitting]({}))
    assert cohort
    join(cohort, 1)
    marks, id_ = cohort.keep_marks(), START.id
    assert cohort.keep_marks() is marks
    for _ in range(4 * KEPT_MARKS):
        id_ += 1
        cohort.begin(1000, Cursor(id_, id_))
        marks.add(cohort.sent, id_ - 1, [1000], [id_])
        cohort.finish()
        place = marks.place(max(0, cohort.sent - IN_FLIGHT))
        assert place is not None
        assert place.id == max(START.id, id_ - IN_FLIGHT // 1000 - (cohort.sent > IN_FLIGHT))
    assert len(marks) < 4 * KEPT_MARKS


def test_marks_do_not_grow_with_messages_that_are_not_shown() -> None:
    cohort = find(Cohorts[Sitting]({}))
    assert cohort
    join(cohort, 1)
    marks = cohort.keep_marks()
    for id_ in range(START.id + 1, START.id + 10 * KEPT_MARKS):
        cohort.begin(0, Cursor(id_, id_))
        marks.add(cohort.sent, id_ - 1, [0], [id_])
        cohort.finish()
        assert len(marks) <= KEPT_MARKS + 2
    assert marks.place(0) == cohort.cursor


class InFlight(RuleBasedStateMachine):
    """Members join, are sent to a few at a time, and leave in the middle of that."""

    def __init__(self) -> None:
        super().__init__()
        self.cohort: Cohort[Sitting] = Cohort(START, PLAIN, NOBODY, {})
        self.got: dict[int, int] = {}
        """Batches that each of those that are, or were, members has been sent."""
        self.members: list[Sitting] = []
        self.rounds = 0
        self.under_way = False
        self.number = 0

    @rule()
    def come(self) -> None:
        if not self.under_way:
            self.number += 1
            self.members.append(join(self.cohort, self.number))
            self.got[self.number] = self.rounds

    @rule(count=st.integers(1, 3))
    def send(self, count: int) -> None:
        if not self.under_way:
            self.cohort.begin(10, Cursor(self.cohort.cursor.id + 1, 0))
            self.under_way = True
        first = self.cohort.done
        served = self.cohort.members[first : first + count]
        names = self.cohort.connections[first : first + count]
        assert names == [f"connection {member.number}" for member in served]
        for member in served:
            self.got[member.number] += 1
        self.cohort.end_call(len(served))

    @rule()
    def finish(self) -> None:
        if self.under_way and self.cohort.done == len(self.cohort.members):
            self.cohort.finish()
            self.under_way, self.rounds = False, self.rounds + 1

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.members:
            index = data.draw(st.integers(0, len(self.members) - 1))
            self.members.pop(index).leave_cohort()

    @invariant()
    def each_stands_where_it_was_sent_to(self) -> None:
        for member in self.members:
            assert self.cohort.members[member.slot] is member
            place, sent = self.cohort.cursor_at(member.slot), self.cohort.sent_at(member.slot)
            assert place.id - START.id == self.got[member.number]
            assert sent == 10 * self.got[member.number]
        assert len(self.cohort.members) == len(self.members) == len(self.cohort.connections)


TestInFlight = InFlight.TestCase
TestInFlight.settings = settings(deadline=None, max_examples=100)
