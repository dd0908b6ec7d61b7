"""hub.steps: who shares a cursor, and for whom a round has a step."""

from gchat.delivery.batch import MAX_MESSAGES, Batches
from gchat.hub.steps import MAX_LOOKS, InStep, Steps
from gchat.model.log import Cursor, RoomLog
from gchat.model.look import PLAIN, PROGRAM, TELNET, Look
from gchat.model.message import Kind


def log_of(*texts: str, kind: str = Kind.SAY) -> RoomLog:
    log = RoomLog("lobby")
    log.append(0.0, kind, texts, 1, "ann")
    return log


def steps_through(log: RoomLog, start: InStep) -> tuple[Steps, InStep]:
    """Those of a round that begins at `start` and goes to the end of `log`."""
    end = InStep(log.end)
    return Steps(start, end, Batches(log, {})), end


def nobody_yet() -> InStep:
    return InStep(Cursor(0, 0))


def test_those_of_one_look_share_a_cursor_and_those_of_another_have_theirs() -> None:
    in_step = InStep(Cursor(7, 5))
    plain = in_step.take_in(PLAIN)
    assert plain == Cursor(7, 5)
    assert in_step.take_in(PLAIN) is plain is in_step.find(PLAIN)
    assert in_step.find(TELNET) is None
    assert in_step.take_in(TELNET) is not plain


def test_a_step_leads_from_one_shared_cursor_to_the_next() -> None:
    start = nobody_yet()
    cursor = start.take_in(PLAIN)
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
    start.take_in(PLAIN)
    steps, end = steps_through(log_of("one"), start)
    assert steps.of(TELNET) is None
    assert end.find(TELNET) is None
    assert steps.taken == []


def test_there_is_none_where_nothing_was_said() -> None:
    start = nobody_yet()
    start.take_in(PLAIN)
    steps = Steps(start, start, Batches(RoomLog("lobby"), {}))
    assert steps.of(PLAIN) is None


def test_there_is_none_for_what_has_no_lines_in_a_look() -> None:
    start = nobody_yet()
    for look in (PROGRAM, PLAIN):
        start.take_in(look)
    steps, _ = steps_through(log_of("ann has joined", kind=Kind.PRESENCE), start)
    assert steps.of(PROGRAM) is None
    assert steps.of(PLAIN)


def test_there_is_none_for_more_than_a_batch_holds() -> None:
    start = nobody_yet()
    start.take_in(PLAIN)
    steps, end = steps_through(log_of(*["x"] * (MAX_MESSAGES + 1)), start)
    assert steps.of(PLAIN) is None
    assert end.find(PLAIN) is None


def test_no_more_looks_are_kept_than_there_may_be_however_many_are_asked_for() -> None:
    start = nobody_yet()
    looks = [Look(end=f"{number}\n") for number in range(3 * MAX_LOOKS)]
    cursors = [start.take_in(look) for look in looks]
    assert [start.find(look) for look in looks] == cursors[:MAX_LOOKS] + [None] * 2 * MAX_LOOKS
    assert set(cursors) == {Cursor(0, 0)}
    assert len(set(map(id, cursors))) == len(cursors)
    steps, _ = steps_through(log_of("one"), start)
    assert sum(steps.of(look) is not None for look in looks) == MAX_LOOKS == len(steps.taken)


def test_who_keeps_step_does_not_lose_it_to_others_with_ever_other_looks() -> None:
    start = nobody_yet()
    start.take_in(PLAIN)
    end = InStep(Cursor(1, 1), start.looks)
    others = [Look(end=f"{number}\n") for number in range(MAX_LOOKS)]
    for look in others:
        end.take_in(look)
    assert end.take_in(PLAIN) is end.find(PLAIN)
    assert len(end.looks) == MAX_LOOKS


def test_the_places_of_looks_that_nobody_has_any_more_are_free_again_after_a_round() -> None:
    gone = [Look(end=f"gone {number}\n") for number in range(MAX_LOOKS)]
    comes = [Look(end=f"comes {number}\n") for number in range(MAX_LOOKS)]
    end = InStep(Cursor(1, 1), gone)
    for look in comes:
        end.take_in(look)
    assert not end.looks
    end = InStep(Cursor(2, 2), end.looks)
    for look in comes:
        end.take_in(look)
    assert list(end.looks) == comes
