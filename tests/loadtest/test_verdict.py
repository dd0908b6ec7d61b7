"""The counting: every message that is missing, repeated or out of order, and nothing else."""

import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

# Locust looks for the locustfile's modules beside it, so they are in no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from receipts import Message, Receipts
from verdict import MORE, Counts, count, unheard

SENT = {"ann": [10, 20, 30, 40, 50]}


def receipts(*numbers: int, sender: str = "ann", joined: int = 0) -> Receipts:
    """Bob's, who joined at a moment and got messages of `sender`."""
    bob = Receipts("bob")
    bob.join(joined)
    for number in numbers:
        bob.count(sender, number)
    return bob


def faults(bob: Receipts) -> tuple[int, int, int]:
    return bob.missing(SENT), bob.repeated, bob.out_of_order


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((1, 2, 3, 4, 5), (0, 0, 0)),
        ((), (5, 0, 0)),
        ((2, 3, 4, 5), (1, 0, 0)),
        ((1, 2, 4, 5), (1, 0, 0)),
        ((1, 5), (3, 0, 0)),
        ((1, 2, 3), (2, 0, 0)),
        ((1, 1, 2, 3, 4, 5), (0, 1, 0)),
        ((1, 2, 3, 4, 5, 1, 5), (0, 2, 0)),
        ((1, 3, 2, 4, 5), (0, 0, 1)),
        ((5, 1, 2, 3, 4), (0, 0, 4)),
        ((5, 4, 3, 2, 1), (0, 0, 4)),
        ((1, 5, 3, 3), (2, 1, 1)),
        ((1, 4, 2, 4, 2), (2, 2, 1)),
    ],
)
def test_missing_repeated_and_out_of_order_are_told_apart(
    numbers: tuple[int, ...], expected: tuple[int, int, int]
) -> None:
    assert faults(receipts(*numbers)) == expected


@given(st.lists(st.integers(1, 12)), st.integers(0, 12))
def test_the_counts_are_those_of_a_count_by_hand(numbers: list[int], total: int) -> None:
    bob = receipts(*numbers)
    firsts = list(dict.fromkeys(numbers))
    late = [n for index, n in enumerate(firsts) if n < max(firsts[: index + 1])]
    assert bob.deliveries == len(firsts)
    assert bob.repeated == len(numbers) - len(firsts)
    assert bob.out_of_order == len(late)
    assert bob.missing({"ann": list(range(1, total + 1))}) == len(
        set(range(1, total + 1)) - set(firsts)
    )


@given(st.lists(st.integers(1, 12)), st.integers(0, 13))
def test_a_receiver_is_owed_all_that_was_sent_after_it_joined(
    numbers: list[int], joined: int
) -> None:
    moments = list(range(1, 13))
    owed = {number for number in moments if number > joined}
    assert receipts(*numbers, joined=joined).missing({"ann": moments}) == len(owed - set(numbers))


def test_what_was_sent_before_the_receiver_joined_may_come_or_not() -> None:
    for numbers in ((3, 4, 5), (2, 3, 4, 5), (1, 2, 3, 4, 5), (1, 3, 4, 5)):
        assert faults(receipts(*numbers, joined=20)) == (0, 0, 0)


def test_a_receiver_that_never_joined_is_owed_nothing_but_fails_the_run() -> None:
    nobody = Receipts("bob")
    assert nobody.missing(SENT) == 0
    assert count([nobody], {}, SENT) == Counts(absent=1, examples=["bob could not join"])
    assert not Counts(users=2, messages=9, deliveries=9, absent=1).passed


def test_a_receiver_that_has_left_is_owed_only_what_came_before_its_last_message() -> None:
    bob = receipts(1, 3)
    bob.leave()
    assert faults(bob) == (1, 0, 0)


def test_nobody_is_owed_their_own_messages() -> None:
    assert receipts(1, 2, 3, 4, 5).missing(SENT | {"bob": [15, 25]}) == 0


def test_their_own_messages_must_not_come_back() -> None:
    bob = receipts(1, 2, 3, 4, 5)
    bob.count("bob", 1)
    counts = count([bob], {}, SENT | {"bob": [15]})
    assert (counts.echoed, counts.deliveries, counts.missing) == (1, 5, 0)
    assert counts.examples == ["bob got its own 1"]


def test_who_has_left_is_owed_nothing_of_those_whom_it_never_heard() -> None:
    bob = receipts(1, 2)
    bob.leave()
    assert bob.missing(SENT | {"eve": [15, 25]}) == 0


def test_what_is_said_where_one_arrives_is_not_astray_until_one_has_joined() -> None:
    bob = Receipts("bob@tea")
    bob.count("ann@lobby", 1)
    assert bob.astray == 0
    bob.join(0)
    bob.count("ann@lobby", 2)
    assert bob.astray == 1


def test_each_sender_has_an_order_of_its_own() -> None:
    bob = receipts(1, 2)
    for number in (1, 2, 3, 4, 5):
        bob.count("eve", number)
    bob.count("ann", 3)
    assert bob.missing({"ann": [1, 2, 3], "eve": [1, 2, 3, 4, 5]}) == 0
    assert (bob.repeated, bob.out_of_order, bob.deliveries) == (0, 0, 8)


def test_a_number_that_cannot_be_is_as_good_as_missing_and_costs_nothing() -> None:
    assert faults(receipts(1, 10**18)) == (4, 0, 0)


@given(st.integers(1), st.integers(0))
def test_a_message_is_read_as_it_was_written(number: int, sent: int) -> None:
    message = Message("4711.3", number, sent)
    assert Message.parse(f"127.0.0.1:53412: {message.text()}") == message
    assert Message.parse(f"[::1]:53412: {message.text()}") == message


def test_a_message_that_was_cut_or_changed_is_none() -> None:
    text = Message("4711.3", 12, 345).text()
    for end in range(len(text)):
        assert Message.parse(f"ann: {text[:end]}") is None
        assert Message.parse(f"ann: {text[end + 1 :]}") is None
    assert Message.parse("ann: " + text.replace("12", "1x")) is None


TEXT = Message("ann", 1, 10).text()


@pytest.mark.parametrize(
    "line",
    [
        f"[12:30] ann: {TEXT}",
        f"[2026-11-23 12:30] 127.0.0.1:53412: {TEXT}",
        " * ann and 310 others joined",
        f" * ann: {TEXT}",
        f" ** ann: {TEXT}",
        "ann: hello",
        "",
    ],
)
def test_replay_notices_and_other_talk_do_not_count(line: str) -> None:
    bob = receipts()
    assert bob.take(line) is None
    assert (bob.deliveries, bob.announced, *faults(bob)) == (0, 0, 5, 0, 0)


def test_messages_that_the_server_says_were_missed_are_a_fault() -> None:
    bob = receipts(1, 2, 3, 4, 5)
    bob.take(" * You missed 1 message: more was said than is kept for a slow reader")
    bob.take(" * You missed 12 messages: more was said than is kept for a slow reader")
    bob.take(" * You missed some comings and goings: more was said than is kept for a slow reader")
    assert bob.announced == 13
    assert not count([bob], SENT, SENT).passed


def test_a_line_that_is_a_message_is_counted_under_its_sender() -> None:
    bob = receipts()
    lines = [f"127.0.0.1:1: {Message('ann', number, number).text()}" for number in (1, 2, 2, 5, 4)]
    assert [m.number for m in filter(None, map(bob.take, lines))] == [1, 2, 2, 5, 4]
    assert faults(bob) == (1, 1, 1)


def test_the_counts_of_processes_add_up_to_those_of_one() -> None:
    sent = {"ann": [10, 20, 30], "bob": [15], "eve": [16, 17]}
    ann, bob, eve = (Receipts(name) for name in sent)
    ann.join(0)
    bob.join(0)
    eve.join(12)
    for receiver in (ann, bob, eve):
        for sender, number in chain((("ann", n) for n in (1, 3, 2, 2)), [("eve", 2)]):
            if sender != receiver.name:
                receiver.count(sender, number)
    together = count([ann, bob, eve], sent, sent)
    first = count([ann, bob], {"ann": sent["ann"], "bob": sent["bob"]}, sent)
    second = count([eve], {"eve": sent["eve"]}, sent)
    assert first + second == together
    assert together == Counts(
        users=3,
        messages=6,
        deliveries=8,
        missing=4,
        repeated=2,
        out_of_order=2,
        examples=[
            "ann misses bob 1",
            "ann misses eve 1",
            "bob got ann 2 behind 3",
            "bob got ann 2 again",
            "bob misses eve 1",
            "eve got ann 2 behind 3",
            "eve got ann 2 again",
            "eve misses bob 1",
        ],
    )


def test_no_more_than_ten_faults_are_told_one_by_one() -> None:
    sent = {"ann": list(range(1, 100))}
    people = [receipts(*range(2, 100, 2)) for _ in range(3)]
    counts = count(people, {}, sent)
    assert counts.missing == 150
    assert len(counts.examples) == 10
    assert counts.examples[0] == "bob misses ann 1"


def test_a_slow_reader_may_miss_what_it_is_told_that_it_has_missed() -> None:
    for told, missing in ((1, 1), (2, 0), (3, 0)):
        eve = Receipts("eve", slow=True)
        eve.join(0)
        eve.take(f" * You missed {told} messages: more was said than is kept for a slow reader")
        for number in (3, 4, 5):
            eve.count("ann", number)
        counts = count([eve], {}, SENT)
        assert (counts.missing, counts.told, counts.announced) == (missing, told, 0)
        assert counts.passed is not missing


def test_what_was_said_in_another_room_is_not_owed_and_must_not_come() -> None:
    bob = Receipts("bob@tea")
    bob.join(0)
    sent = {"ann@tea": [1], "eve@coffee": [1, 2]}
    bob.count("ann@tea", 1)
    assert count([bob], {}, sent).faults == 0
    bob.count("eve@coffee", 1)
    assert count([bob], {}, sent).astray == 1


def test_one_who_moves_is_one_user() -> None:
    stays = [Receipts("7.1/1@tea"), Receipts("7.1/2@coffee"), Receipts("7.2/1@tea")]
    for stay in stays:
        stay.join(0)
    assert count(stays, {}, {}).users == 2


@pytest.mark.parametrize(
    "line", ["\x1b[2J", "a\x9b5m", "\u202eabc", "bad \udcff", "NUL \0", "a\rb"]
)
def test_what_drives_a_terminal_is_a_fault(line: str) -> None:
    bob = receipts()
    bob.take(f"ann: {line}")
    assert bob.unclean == 1


@pytest.mark.parametrize("line", ["a tab\tis fine", "Grüße, 你好", "\\x1b[2J", "\u00a0", "\ufffd"])
def test_what_does_not_is_none(line: str) -> None:
    bob = receipts()
    bob.take(f"ann: {line}")
    assert bob.unclean == 0


@pytest.mark.parametrize("fault", ["missing", "repeated", "out_of_order", *MORE])
def test_a_single_fault_of_any_kind_fails(fault: str) -> None:
    counts = Counts(users=2, messages=9, deliveries=9)
    assert counts.passed
    changed: dict[str, Any] = {fault: 1}
    assert not replace(counts, **changed).passed


def test_nothing_delivered_is_nothing_tested_unless_nobody_was_there_to_receive_it() -> None:
    assert not Counts(users=1, messages=9).passed
    assert not Counts(users=1, senders=1, messages=9).passed
    assert not Counts().passed
    assert Counts(senders=1, messages=9).passed


def test_the_verdict_can_be_read() -> None:
    assert (
        str(Counts(50, 1234, 60466, 1, 2, 3)) == "50 users, 1234 messages, 60466 deliveries, "
        "1 missing, 2 repeated, 3 out of order"
    )
    counts = Counts(users=2, messages=9, deliveries=9, announced=4, absent=3)
    assert str(counts).endswith(", 4 announced as missed, 3 could not join")


def test_lines_that_are_waited_for_are_those_of_whom_misses_most_in_each_room() -> None:
    near, far, other = Receipts("a@tea"), Receipts("b@tea"), Receipts("c@ink")
    for each in (near, far, other):
        each.join(0)
    for number in (1, 2, 3):
        near.count("ann@tea", number)
    rooms = {"tea": {"ann@tea": [10, 20, 30, 40]}, "ink": {"eve@ink": [10, 20]}}
    assert unheard([near, far, other], rooms) == 4 + 2
    assert unheard([near], rooms) == 1
