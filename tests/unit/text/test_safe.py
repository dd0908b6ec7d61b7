"""text.safe: what may be shown to others."""

import unicodedata
from time import thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.text.clusters import IGNORABLE
from gchat.text.safe import escape, plain_lines, visible

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Unicode's directional embeddings, overrides and isolates, and their ends."""

HOSTILE = [
    *(b"\x1b]0;title\x07", b"\x9b31m", "\x9b31m".encode(), b"\0", b"\x7f", b"\r\n", b"\t"),
    *(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", OVERRIDES.encode()),
    *("\u2028\u2029\ufeff".encode(), b"\\x1b", b"plain", "grün 日本 😀".encode()),
]
PRINTABLE = {*range(0x20, 0x7F), 0x09}

LINES = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(HOSTILE), max_size=12).map(b"".join),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
PLAIN = st.text(
    st.characters(categories=["L", "N", "P", "S", "Zs"]) | st.just("\t"), max_size=60
).filter(lambda text: IGNORABLE.isdisjoint(map(ord, text)))


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
        forms = (
            character,
            f"\\x{number:02x}",
            f"\\u{number:04x}",
            f"\\U{number:08x}",
        )
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


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line), min_size=1))
def test_plain_lines_are_the_same_text_together_as_each_alone(lines: list[bytes]) -> None:
    if texts := plain_lines(lines):
        assert texts == list(map(visible, lines))
    else:
        assert any(set(line) - PRINTABLE for line in lines)


def test_lines_are_plain_if_all_are_of_printable_ascii_and_tabs() -> None:
    assert plain_lines([b"one", b"\ttwo", bytes(sorted(PRINTABLE))])[:2] == ["one", "\ttwo"]
    for byte in {*range(256)} - PRINTABLE - {*b"\n"}:
        assert plain_lines([b"one", bytes([byte]), b"two"]) == []


def test_blanks_stay_as_many_as_were_typed() -> None:
    line = "hi" + " " * 73 + " * the server moves"  # docs/using.md says why
    assert visible(line.encode()) == line


def test_a_run_sixteen_times_as_long_takes_about_sixteen_times_as_long() -> None:
    def seconds(count: int) -> float:
        began = thread_time()
        assert len(escape("\u200b" * count)) == len(r"\u200b") * count
        return thread_time() - began

    few, many = 20_000, 320_000
    assert min(seconds(many) for _ in range(2)) < 64 * min(seconds(few) for _ in range(3))
