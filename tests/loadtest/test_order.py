"""Two receivers of a room are found to have seen it in different orders, and only then."""

import sys
from itertools import permutations
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

# Locust looks for the locustfile's modules beside it, so they are in no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from order import Key, RoomOrder, contradictions, witness_of
from receipts import Receipts

PEOPLE = ["ann", "bob", "eve", "joe", "kim"]


def room() -> dict[str, Receipts]:
    """All five, in one room."""
    order = RoomOrder()
    return {name: Receipts(name, order) for name in PEOPLE}


def reordered(everybody: dict[str, Receipts]) -> int:
    return sum(receiver.reordered for receiver in everybody.values())


def numbered(senders: list[str]) -> list[Key]:
    """One message after the other, each with its number among those of its sender."""
    return [(sender, senders[: index + 1].count(sender)) for index, sender in enumerate(senders)]


@given(st.lists(st.sampled_from(PEOPLE)), st.data())
def test_receivers_that_are_ahead_of_each_other_agree(
    senders: list[str], data: st.DataObject
) -> None:
    messages = numbered(senders)
    everybody = room()
    pending = {name: [m for m in messages if m[0] != name] for name in PEOPLE}
    while any(pending.values()):
        name = data.draw(st.sampled_from([name for name, rest in pending.items() if rest]))
        everybody[name].count(*pending[name].pop(0))
    assert reordered(everybody) == 0


def test_two_messages_the_other_way_round_are_found_whoever_says_and_sees_them() -> None:
    for first, second, misled in permutations(PEOPLE, 3):
        everybody = room()
        for name, receiver in everybody.items():
            messages = [(first, 1), (second, 1)]
            for message in reversed(messages) if name == misled else messages:
                if message[0] != name:
                    receiver.count(*message)
        assert reordered(everybody) > 0, (first, second, misled)


def test_a_missing_message_is_no_other_order() -> None:
    for misled in PEOPLE:
        everybody = room()
        messages = numbered(["ann", "bob", "eve", "ann", "joe", "kim", "bob"] * 3)
        for message in messages:
            for name, receiver in everybody.items():
                if message[0] != name and (name, message) != (misled, messages[7]):
                    receiver.count(*message)
        assert reordered(everybody) == 0


def test_who_comes_later_is_compared_from_then_on() -> None:
    order = RoomOrder()
    ann, bob = Receipts("ann", order), Receipts("bob", order)
    for number in range(1, 100):
        ann.count("eve", number)
        bob.count("eve", number)
    joe = Receipts("joe", order)
    for receiver in (ann, bob):
        receiver.count("eve", 100)
        receiver.count("kim", 1)
    joe.count("kim", 1)
    joe.count("eve", 100)
    assert (ann.reordered, bob.reordered) == (0, 0)
    assert joe.reordered > 0


def test_who_will_not_stay_is_nobody_that_others_are_compared_with() -> None:
    order = RoomOrder()
    passing = [Receipts(f"{number}", order, passing=True) for number in range(3)]
    ann, bob = Receipts("ann", order), Receipts("bob", order)
    for receipts in passing:
        receipts.leave()
    for receiver, senders in ((ann, ("eve", "kim")), (bob, ("kim", "eve"))):
        for sender in senders:
            receiver.count(sender, 1)
    assert bob.reordered == 1


def test_processes_compare_what_their_witnesses_saw() -> None:
    here = witness_of("ann", [["eve", 1], ["bob", 1], ["joe", 1]])
    assert not list(contradictions(here, [("eve", 1), ("ann", 1), ("joe", 1), ("kim", 1)]))
    assert list(contradictions(here, [("joe", 1), ("eve", 1)])) == [("eve", 1)]
