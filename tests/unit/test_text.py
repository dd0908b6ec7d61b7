"""text.safe: what may be shown, and what may be a name."""

import re
import timeit
import unicodedata

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gchat.text.safe import (
    MAX_MARKS,
    MAX_NAME,
    NotAName,
    as_name,
    escape,
    listing,
    name_key,
    nearest_name,
    visible,
    visible_lines,
)

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Unicode's directional embeddings, overrides and isolates, and their ends."""

HOSTILE = [
    *(b"\x1b]0;title\x07", b"\x9b31m", "\x9b31m".encode(), b"\0", b"\x7f", b"\r\n", b"\t"),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", OVERRIDES.encode()),
    *("\u2028\u2029\ufeff".encode(), b"\\x1b", b"plain", "grün 日本 😀".encode()),
]
LINES = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=12).map(b"".join),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
PLAIN = st.text(
    st.characters(categories=["L", "M", "N", "P", "S", "Zs"]) | st.just("\t"), max_size=60
)
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


# What may be shown


@settings(deadline=None, max_examples=400)
@given(LINES)
def test_what_is_shown_is_utf_8_and_cannot_drive_a_terminal(line: bytes) -> None:
    shown = visible(line)
    shown.encode("utf-8", "strict")
    for character in shown:
        assert character == "\t" or unicodedata.category(character) not in ("Cc", "Cs")
        assert character not in OVERRIDES


@settings(deadline=None, max_examples=300)
@given(PLAIN)
def test_plain_text_comes_through_unchanged(text: str) -> None:
    assert visible(text.encode()) == text
    assert escape(text) == text


@settings(deadline=None, max_examples=400)
@given(LINES)
def test_nothing_disappears(line: bytes) -> None:
    shown, at = visible(line), 0
    for character in line.decode("utf-8", "surrogateescape"):
        code = ord(character)
        number = code - 0xDC00 if 0xDC80 <= code <= 0xDCFF else code
        forms = (character, f"\\x{number:02x}", f"\\u{number:04x}")
        form = next((form for form in forms if shown.startswith(form, at)), None)
        assert form, f"{character!r} is not at {at} of {shown!r}"
        at += len(form)
    assert at == len(shown)


@settings(deadline=None, max_examples=200)
@given(LINES)
def test_what_is_shown_can_be_shown_again(line: bytes) -> None:
    assert escape(visible(line)) == visible(line)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"\x1b[2J", r"\x1b[2J"),
        (b"a\xff", r"a\xff"),
        ("a\x85".encode(), r"a\x85"),
        ("a\u202eb".encode(), r"a\u202eb"),
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),
        (b"a\tb", "a\tb"),
        ("grün\0".encode(), r"grün\x00"),
    ],
)
def test_a_forbidden_character_is_shown_as_its_number(line: bytes, shown: str) -> None:
    assert visible(line) == shown


# What may be a name


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
        ("a b", "^a space "),
        ("a*b", "^“\\*” "),
        ("a\x1bb", r"^U\+001B "),
        ("a\u202eb", r"^U\+202E "),
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


# Lists of names


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["ann"], "ann"),
        (["ann", "bob"], "ann and bob"),
        (["ann", "bob", "cy"], "ann, bob and cy"),
        (["ann", "bob", "cy", "di"], "ann, bob and 2 others"),
        (["ann", "bob", *"0123456789"], "ann, bob and 10 others"),
    ],
)
def test_a_list_names_some_and_counts_the_rest(names: list[str], text: str) -> None:
    assert listing(names, len(names), 2) == text


def test_a_list_of_very_many_looks_at_few() -> None:
    def names() -> object:
        yield "ann"
        yield "bob"
        raise AssertionError("a third name is not needed")

    assert listing(names(), 1000, 2) == "ann, bob and 998 others"  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["you", "YOU", "ｙｏｕ", "gchat"])
def test_nobody_is_called_what_notices_to_one_alone_begin_with(name: str) -> None:
    with pytest.raises(NotAName, match="somebody else"):
        as_name(name)
    assert nearest_name(name) == "guest"


def test_the_key_of_what_is_too_long_for_a_name_costs_about_what_a_names_does() -> None:
    def seconds(text: str) -> float:
        return min(timeit.repeat(lambda: name_key(text), number=10))

    assert seconds("a" + "\u0315\u0300" * 30_000) < 100 * seconds("ännchen")


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line), min_size=1))
def test_lines_are_shown_together_as_they_are_alone(lines: list[bytes]) -> None:
    assert visible_lines(lines) == list(map(visible, lines))


def test_one_line_that_is_not_plain_changes_none_of_the_others() -> None:
    assert visible_lines([b"one", b"\xff\x1b", b"\ttwo"]) == ["one", r"\xff\x1b", "\ttwo"]
    assert visible_lines([b"one", b"\ttwo"]) == ["one", "\ttwo"]
