"""commands.suggestions: which known word a mistyped one is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.commands.suggestions import edit_distance, nearest

WORDS = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("typed", "word", "distance"),
    [
        ("", "", 0),
        ("help", "help", 0),
        ("help", "", 4),
        ("hlep", "help", 1),  # two neighbours swapped
        ("hepl", "help", 1),
        ("elph", "help", 2),
        ("nik", "nick", 1),
        ("nickk", "nick", 1),
        ("nack", "nick", 1),
        ("frob", "rooms", 4),
        ("ca", "abc", 3),  # restricted: a swapped pair is not edited again
    ],
)
def test_the_distance_counts_the_slips_that_make_one_word_of_another(
    typed: str, word: str, distance: int
) -> None:
    assert edit_distance(typed, word) == distance


@given(WORDS, WORDS)
def test_the_distance_is_the_same_in_both_directions_and_at_most_the_longer_word(
    one: str, other: str
) -> None:
    distance = edit_distance(one, other)
    assert distance == edit_distance(other, one)
    assert (distance == 0) is (one == other)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("/quti", "/quit"),
        ("/uqit", "/quit"),  # the first two letters swapped
        ("/huit", None),  # another first letter
        ("/qit", "/quit"),
        ("/qi", None),  # two slips in a short word
        ("/histroi", "/history"),  # two slips in a long one
        ("/hstroi", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_word_is_near_if_one_slip_or_in_a_long_word_two_make_it(
    typed: str, found: str | None
) -> None:
    assert nearest(typed, ["/history", "/quit"]) == found


def test_of_several_words_the_nearest_is_taken_and_of_equally_near_ones_the_first() -> None:
    assert nearest("/topiks", ["/topics", "/topic"]) == "/topics"
    assert nearest("/bam", ["/bar", "/ban"]) == "/bar"
