"""hub.steps: who shares a cursor, and for whom a round has a step."""

from gchat.delivery.batch import MAX_MESSAGES, Batches
from gchat.delivery.cohort_sends import CohortSends
from gchat.hub.cohorts import MAX_DISPLAYS, Cohorts
from gchat.model.display import PLAIN, PROGRAM, TELNET, Display
from gchat.model.message import Kind
from gchat.model.room_log import Cursor, RoomLog


def log_of(*texts: str, kind: str = Kind.SAY) -> RoomLog:
    log = RoomLog("lobby")
    log.append(0.0, kind, texts, 1, "ann")
    return log


def steps_through(log: RoomLog, start: Cohorts) -> tuple[CohortSends, Cohorts]:
    """Those of a round that begins at `start` and goes to the end of `log`."""
    end = Cohorts(log.end)
    return CohortSends(start, end, Batches(log, {})), end


def nobody_yet() -> Cohorts:
    return Cohorts(Cursor(0, 0))


def test_those_of_one_look_share_a_cursor_and_those_of_another_have_theirs() -> None:
    cohorts = Cohorts(Cursor(7, 5))
    plain = cohorts.join(PLAIN)
    assert plain == Cursor(7, 5)
    assert cohorts.join(PLAIN) is plain is cohorts.find(PLAIN)
    assert cohorts.find(TELNET) is None
    assert cohorts.join(TELNET) is not plain


def test_a_step_leads_from_one_shared_cursor_to_the_next() -> None:
    start = nobody_yet()
    cursor = start.join(PLAIN)
    steps, end = steps_through(log_of("one", "two"), start)
    step = steps.of(PLAIN)
    assert step
    assert step.start is cursor
    assert step.end is end.find(PLAIN)
    assert step.end == Cursor(2, 2)
    assert step.data == b"ann: one\nann: two\n"
    assert step.messages == 2
    assert steps.of(PLAIN) is step
    assert steps.taken == [step]


def test_there_is_no_step_for_a_look_with_which_nobody_keeps_step() -> None:
    start = nobody_yet()
    start.join(PLAIN)
    steps, end = steps_through(log_of("one"), start)
    assert steps.of(TELNET) is None
    assert end.find(TELNET) is None
    assert steps.taken == []


def test_there_is_none_where_nothing_was_said() -> None:
    start = nobody_yet()
    start.join(PLAIN)
    steps = CohortSends(start, start, Batches(RoomLog("lobby"), {}))
    assert steps.of(PLAIN) is None


def test_there_is_none_for_what_has_no_lines_in_a_look() -> None:
    start = nobody_yet()
    for display in (PROGRAM, PLAIN):
        start.join(display)
    steps, _ = steps_through(log_of("ann has joined", kind=Kind.PRESENCE), start)
    assert steps.of(PROGRAM) is None
    assert steps.of(PLAIN)


def test_there_is_none_for_more_than_a_batch_holds() -> None:
    start = nobody_yet()
    start.join(PLAIN)
    steps, end = steps_through(log_of(*["x"] * (MAX_MESSAGES + 1)), start)
    assert steps.of(PLAIN) is None
    assert end.find(PLAIN) is None


def test_no_more_looks_are_kept_than_there_may_be_however_many_are_asked_for() -> None:
    start = nobody_yet()
    displays = [Display(end=f"{number}\n") for number in range(3 * MAX_DISPLAYS)]
    cursors = [start.join(display) for display in displays]
    assert [start.find(display) for display in displays] == cursors[:MAX_DISPLAYS] + [
        None
    ] * 2 * MAX_DISPLAYS
    assert set(cursors) == {Cursor(0, 0)}
    assert len(set(map(id, cursors))) == len(cursors)
    steps, _ = steps_through(log_of("one"), start)
    assert (
        sum(steps.of(display) is not None for display in displays)
        == MAX_DISPLAYS
        == len(steps.taken)
    )


def test_who_keeps_step_does_not_lose_it_to_others_with_ever_other_looks() -> None:
    start = nobody_yet()
    start.join(PLAIN)
    end = Cohorts(Cursor(1, 1), start.displays)
    others = [Display(end=f"{number}\n") for number in range(MAX_DISPLAYS)]
    for display in others:
        end.join(display)
    assert end.join(PLAIN) is end.find(PLAIN)
    assert len(end.displays) == MAX_DISPLAYS


def test_the_places_of_looks_that_nobody_has_any_more_are_free_again_after_a_round() -> None:
    gone = [Display(end=f"gone {number}\n") for number in range(MAX_DISPLAYS)]
    comes = [Display(end=f"comes {number}\n") for number in range(MAX_DISPLAYS)]
    end = Cohorts(Cursor(1, 1), gone)
    for display in comes:
        end.join(display)
    assert not end.displays
    end = Cohorts(Cursor(2, 2), end.displays)
    for display in comes:
        end.join(display)
    assert list(end.displays) == comes
