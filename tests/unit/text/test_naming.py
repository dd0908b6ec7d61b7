"""text.naming: which texts may be names, and which names are the same."""

import re
import timeit
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gchat.text.naming import MAX_MARKS, MAX_NAME, NotAName, as_name, name_key, nearest_name
from gchat.text.safe import escape, visible

NAMES = st.text(
    st.characters(categories=["L", "M", "N"])
    | st.sampled_from("-_.:[]/ 0123456789．：１２３ǅßİıſªﬀ①\u0345\u200d\u0301"),
    max_size=MAX_NAME + 2,
)


def accepted(text: str) -> str:
    """`text` as a name; not an example at all if it is none."""
    try:
        return as_name(text)
    except NotAName:
        assume(False)
        raise


@settings(deadline=None, max_examples=500)
@given(NAMES)
def test_a_name_stays_the_same_name(text: str) -> None:
    name = accepted(text)
    assert as_name(name) == name


@settings(deadline=None, max_examples=500)
@given(NAMES)
def test_a_name_can_be_shown_and_is_one_word(text: str) -> None:
    name = accepted(text)
    assert visible(name.encode()) == name
    assert 1 <= len(name) <= MAX_NAME
    assert not set(name) & set(" \t:*/,[]()<>@")


def test_no_character_at_all_makes_a_name_that_is_not_seen_as_itself() -> None:
    for code in range(0x110000):
        try:
            name = as_name(f"a{chr(code)}b")
        except NotAName:
            continue
        for character in name:
            assert unicodedata.category(character)[0] in "LMN" or character in "-_."
            assert unicodedata.bidirectional(character) not in (
                *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
            )


@settings(deadline=None, max_examples=300)
@given(st.ip_addresses(), st.integers(0, 65535))
@example("127.0.0.1", 53412)
def test_an_address_is_not_a_name(address: object, port: int) -> None:
    texts = [f"{address}:{port}", f"[{address}]:{port}", f"[{address}]"]
    if "." in str(address) or ":" in str(address):
        texts.append(str(address))
    for text in texts:
        with pytest.raises(NotAName):
            as_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "１２７.０.０.１",
        "127．0．0．1",
        "١٢٧.٠.٠.١",
        "127.0.0.1：53412",
        "127.0.0.1\u0903" + "53412",  # a mark that looks like a colon
        "127.0.0.1\u02d0" + "53412",  # letters that look like a colon
        "127.0.0.1\ua4fd" + "53412",
        "127\ua4f80\ua4f80\ua4f81\ua4fd53412",  # letters that look like full stops and a colon
        "1.2",
    ],
    ids=ascii,
)
def test_what_looks_like_an_address_in_other_characters_is_not_a_name(text: str) -> None:
    with pytest.raises(NotAName):
        as_name(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "a b", "a/b", "*", "a*", "a:b", "a\tb", "a\nb", "a\x1bb", "a\u202eb"),
        *("a\u200db", "a\u200bb", "a\u3164b", "a\u00adb", "\u0301a", "a" * (MAX_NAME + 1)),
        "a" + "\u0316" * (MAX_MARKS + 1),
    ],
    ids=ascii,
)
def test_what_is_not_a_name_is_refused_with_a_reason_to_read(text: str) -> None:
    with pytest.raises(NotAName) as refusal:
        as_name(text)
    assert len(str(refusal.value)) > 5
    assert escape(str(refusal.value)) == str(refusal.value)


@settings(deadline=None, max_examples=300)
@given(NAMES)
def test_for_whatever_is_no_name_there_is_a_name_like_it(text: str) -> None:
    nearest = nearest_name(text)
    assert as_name(nearest) == nearest


def test_the_nearest_name_keeps_what_it_can() -> None:
    assert nearest_name("ann lee!") == "annlee"
    assert nearest_name("x" * 100) == "x" * MAX_NAME


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a b", "and no spaces$"),
        ("a*b", "and no “\\*”$"),
        ("a\x1bb", r"and no U\+001B$"),
        ("a\u202eb", r"and no U\+202E$"),
    ],
    ids=ascii,
)
def test_a_refusal_of_a_name_tells_which_character_is_wrong(text: str, wrong: str) -> None:
    with pytest.raises(NotAName, match=wrong):
        as_name(text)


@pytest.mark.parametrize(
    "text", ["ann", "Ann-2_x.y", "Zoë", "हिन्दी", "日本語", "אבג", "x" * MAX_NAME, "4"]
)
def test_a_name_of_any_script_is_taken_as_it_is(text: str) -> None:
    assert as_name(text) == unicodedata.normalize("NFKC", text)


@settings(deadline=None, max_examples=300)
@given(st.from_regex(re.compile(r"[a-zA-Z][a-zA-Z0-9._-]{0,22}"), fullmatch=True))
def test_upper_and_lower_case_are_the_same_name(name: str) -> None:
    assert name_key(name.upper()) == name_key(name.lower()) == name_key(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zoë", "zoe\u0308"), ("STRASSE", "straße"), ("ΣΊΣΥΦΟΣ", "σίσυφος"), ("ﬀ", "FF"), ("Å", "Å")],
)
def test_different_spellings_of_a_name_are_the_same_name(one: str, other: str) -> None:
    assert name_key(as_name(one)) == name_key(as_name(other))


@settings(deadline=None, max_examples=300)
@given(NAMES)
def test_a_key_has_no_other_key(text: str) -> None:
    key = name_key(accepted(text))
    assert name_key(key) == key


@pytest.mark.parametrize("name", ["you", "YOU", "ｙｏｕ", "gchat"])
def test_nobody_is_called_what_notices_to_one_alone_begin_with(name: str) -> None:
    with pytest.raises(NotAName, match="is reserved"):
        as_name(name)
    assert nearest_name(name) == "guest"


def test_the_key_of_what_is_too_long_for_a_name_costs_about_what_a_names_does() -> None:
    def seconds(text: str) -> float:
        return min(timeit.repeat(lambda: name_key(text), number=10))

    assert seconds("a" + "\u0315\u0300" * 30_000) < 100 * seconds("ännchen")
