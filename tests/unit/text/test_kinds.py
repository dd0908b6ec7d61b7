"""text.kinds: what Unicode says of each character, found at once instead of one by one."""

import re
from unicodedata import category

import pytest

from gchat.text.kinds import (
    IGNORABLE,
    KINDS,
    MARK,
    PREPENDED,
    SEEN,
    SELECTORS,
    SPACING_MARK,
    UNPRINTABLE,
    as_class,
    codes_in,
    ranges_of,
)

FILLERS = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9)}


def kind_of(code: int) -> int:
    """The kind of a character by its own category, and the exceptions."""
    if code in FILLERS | SELECTORS:
        return IGNORABLE
    if code in PREPENDED or not (chr(code).isprintable() or category(chr(code)) in ("Cf", "Zs")):
        return UNPRINTABLE
    marks = {"Mn": MARK, "Me": MARK, "Mc": SPACING_MARK, "Cf": IGNORABLE, "Zs": UNPRINTABLE}
    return marks.get(category(chr(code)), SEEN)


def test_each_character_is_of_the_kind_that_its_category_tells() -> None:
    assert bytes(map(kind_of, range(len(KINDS)))) == KINDS


def test_behind_the_table_is_no_mark_and_only_formats_that_ranges_tell() -> None:
    shown_nothing = codes_in(ranges_of(IGNORABLE))
    for code in range(len(KINDS), 0x110000):
        assert category(chr(code))[0] != "M" or code in SELECTORS, hex(code)
        assert category(chr(code)) != "Cf" or code in shown_nothing, hex(code)
    assert shown_nothing >= SELECTORS | {*range(0xE0000, 0xE1000)}


@pytest.mark.parametrize("kinds", [(MARK,), (IGNORABLE, MARK, SPACING_MARK), (UNPRINTABLE, SEEN)])
def test_ranges_have_all_of_their_kinds_in_order_and_a_class_has_all_of_the_ranges(
    kinds: tuple[int, ...],
) -> None:
    ranges = ranges_of(*kinds)
    assert list(ranges) == sorted(ranges)
    codes = codes_in(ranges)
    assert {code for code in codes if code < len(KINDS)} == {
        code for code, kind in enumerate(KINDS) if kind in kinds
    }
    of_class = re.compile(f"[{as_class(ranges)}]")
    assert codes == {code for code in range(0x110000) if of_class.match(chr(code))}


def test_a_class_may_begin_and_end_with_what_means_something_in_it() -> None:
    of_class = re.compile(f"[{as_class([(0x2D, 0x2D), (0x5B, 0x5E)])}]")
    assert [*filter(of_class.match, map(chr, range(128)))] == [*"-[\\]^"]
