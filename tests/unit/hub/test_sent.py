"""hub.sent: what a program sends once more with its ref is known again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.hub import sent
from gchat.hub.room import Pending
from gchat.hub.sent import MOST_OF_ONE, SentLines
from gchat.model.epochs import Place
from gchat.model.message import Kind, Message, Ref, Utterance

PLACE = Place(3, 9)


@pytest.fixture
def lines() -> SentLines:
    return SentLines()


def place_of(lines: SentLines, sender: int, ref: Ref, text: str) -> Place | Pending | None:
    sent = lines.find(sender, ref, text)
    return sent and sent.place


def stored(last: int, text: str, ref: Ref, kind: str = Kind.SAY) -> Message:
    return Message(last, last, 1.0, "lobby", kind, 7, "ann", text, 5, ref)


def test_it_is_known_by_sender_ref_and_text(lines: SentLines) -> None:
    lines.note(7, 1, "hello", "lobby", PLACE)
    assert place_of(lines, 7, 1, "hello") == PLACE
    assert lines.find(8, 1, "hello") is None
    assert lines.find(7, "1", "hello") is None
    assert lines.find(7, 1, "another text, by a program that marks all it sends alike") is None
    assert lines.find(7, 2, "hello") is None


def test_what_has_no_place_yet_is_known_and_gets_it(lines: SentLines) -> None:
    pending = Pending(Utterance(1.0, Kind.SAY, ["hello"], 7, "ann", 1), None)
    lines.note(7, 1, "hello", "lobby", pending)
    assert place_of(lines, 7, 1, "hello") is pending
    lines.settle(7, pending, PLACE)
    assert place_of(lines, 7, 1, "hello") == PLACE


def test_what_was_sent_with_the_same_ref_since_keeps_its_own_place(lines: SentLines) -> None:
    pending = Pending(Utterance(1.0, Kind.SAY, ["hello"], 7, "ann", 1), None)
    lines.note(7, 1, "hello", "lobby", pending)
    lines.note(7, 1, "bye", "lobby", Place(4, 9))
    lines.settle(7, pending, PLACE)
    assert place_of(lines, 7, 1, "bye") == Place(4, 9)


def test_what_the_store_knows_is_older_than_what_was_sent_since(lines: SentLines) -> None:
    lines.unread.add(7)
    lines.note(7, 2, "new", "lobby", PLACE)
    lines.read(7, [stored(1, "one", 1), stored(2, "old", 2), stored(3, "", "x", Kind.GONE)])
    assert lines.unread == set()
    assert place_of(lines, 7, 1, "one") == Place(1, 5)
    assert place_of(lines, 7, 2, "new") == PLACE
    assert lines.find(7, 2, "old") is None
    assert place_of(lines, 7, "x", "what was deleted is not said again") == Place(3, 5)


def test_a_hundred_are_known_of_each_and_so_many_of_all(
    lines: SentLines, monkeypatch: pytest.MonkeyPatch
) -> None:
    for ref in range(MOST_OF_ONE + 1):
        lines.note(7, ref, "x", "lobby", PLACE)
    assert lines.find(7, 0, "x") is None
    assert place_of(lines, 7, 1, "x") == PLACE
    monkeypatch.setattr(sent, "MOST", MOST_OF_ONE + 1)
    lines.note(8, 1, "x", "lobby", PLACE)
    assert place_of(lines, 7, MOST_OF_ONE, "x") == PLACE
    lines.note(9, 1, "x", "lobby", PLACE)
    assert lines.find(7, MOST_OF_ONE, "x") is None
    assert place_of(lines, 8, 1, "x") == place_of(lines, 9, 1, "x") == PLACE


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8), st.sampled_from(["", "forget"]))),
    st.integers(1, 12),
)
def test_the_number_that_is_kept_is_right_whatever_happens(
    steps: list[tuple[int, int, str]], most: int
) -> None:
    lines = SentLines()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sent, "MOST", most)
        patch.setattr(sent, "MOST_OF_ONE", 4)
        for sender, ref, what in steps:
            if what:
                lines.forget(sender)
            else:
                lines.note(sender, ref, "x", "lobby", PLACE)
            kept = sum(map(len, lines._of.values()))
            assert lines._count == kept <= most
