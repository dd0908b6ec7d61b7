"""text.folding: which texts count as equal in a search, and the grams of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.text.folding import folded, grams

TEXTS = st.text(st.sampled_from("aAzßéE\u0301 .-上海검각かが🎉\ufe0f\u200dไทยİıΣς"), max_size=12)


@pytest.mark.parametrize(
    ("text", "fold"),
    [
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("Straße", "strasse"),
        ("ﬁn", "fin"),
        ("ｇｃｈａｔ", "gchat"),
        ("İstanbul", "istanbul"),
        ("ΌΣΟΣ", "οσοσ"),
        ("Việt", "viet"),
        ("검색", "검색"),
        ("がか", "がか"),
        ("ｶﾞ", "ガ"),
        ("❤\ufe0f", "❤"),
        ("👨\u200d👩", "👨👩"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_case_marks_and_forms_of_a_character_are_folded(text: str, fold: str) -> None:
    assert folded(text) == fold


@given(st.text(max_size=30))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(TEXTS, TEXTS, TEXTS)
def test_a_text_has_all_grams_of_each_of_its_parts(before: str, part: str, after: str) -> None:
    inside = folded(before) + folded(part) + folded(after)
    assert grams(folded(part)) <= grams(inside)


def test_grams_are_pairs_and_characters_outside_ascii() -> None:
    assert grams("abc") == {"ab", "bc"}
    assert grams("a海") == {"a海", "海"}
    assert grams("a") == grams("") == set()
