"""hub.mentions: whose name is said."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gchat.hub.bells import MAX_SEARCHED, mentioned
from gchat.text.naming import MAX_NAME, NotAName, as_name, name_key


@pytest.mark.parametrize(
    "text",
    [
        "ann",
        "Ann: hello",
        "hello, ANN!",
        "@ann",
        "(ann)",
        "“ann”",
        "ann.",
        "is it you, ann...",
        "ann's turn",
        "*ann*",
        "ann/bob",
        "ann\u3000さん",
        "…ann…",
        "-ann-",
        "_ann_",
    ],
)
def test_a_name_is_found_between_blanks_and_punctuation(text: str) -> None:
    assert "ann" in mentioned([text])


@pytest.mark.parametrize("text", ["", "anna", "joann", "an n", "ann2", "ann-marie", "x.ann"])
def test_a_part_of_a_word_is_not_a_name(text: str) -> None:
    assert "ann" not in mentioned([text])


@given(
    st.text(st.characters(categories=["L", "N", "M"]) | st.sampled_from("-_."), max_size=MAX_NAME),
    st.sampled_from(["{}", "{}: hello", "hello {}!", "({})", "@{},"]),
)
@example("Ann", "{}")
@example("佐々木", "{}: hello")
@example("ΐ", "{}")
@example("ann-", "{}: hello")
def test_whatever_somebody_is_called_they_are_mentioned_by_it(name: str, text: str) -> None:
    try:
        name = as_name(name)
    except NotAName:
        assume(False)
    assert name_key(name) in mentioned([text.format(name)])


def test_a_name_is_found_however_its_accents_are_typed() -> None:
    assert name_key("rené") in mentioned(["rene\u0301: hello"])


def test_all_lines_are_looked_through_each_for_itself() -> None:
    words = mentioned(["one", "two"])
    assert {"one", "two"} <= words
    assert "onetwo" not in words


def test_no_more_is_looked_through_than_somebody_reads() -> None:
    blanks = " " * (MAX_SEARCHED - 3)
    assert "ann" in mentioned([f"{blanks}ann"])
    assert "ann" not in mentioned([f"{blanks} ann"])
    assert "ann" not in mentioned([blanks, "x", "ann"])
