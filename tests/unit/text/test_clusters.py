"""text.clusters and text.safe: what shows nothing is escaped, but where a script needs it."""

import re
import timeit
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.text.clusters import IGNORABLE, MARKS, MAX_MARKS
from gchat.text.kinds import PREPENDED
from gchat.text.safe import escape, visible

LISTED = [
    *(0xAD, 0x61C, *range(0x200B, 0x2010), *range(0x2060, 0x2065), *range(0x206A, 0x2070)),
    *(*range(0xFFF9, 0xFFFC), 0x180E, *range(0xE0000, 0xE0080), *range(0x1BCA0, 0x1BCA4)),
    *(*range(0x1D173, 0x1D17B), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF),
    *(0x34F, 0x115F, 0x1160, 0x17B4, 0x3164, 0xFFA0, 0xFE00, 0xFE0F, 0xE0100, 0xE01EF, 0x2065),
]
"""Code points that show nothing."""

NEEDED = {
    "Persian": "می‌خواهم",
    "Persian, abbreviated": "ه‍.",
    "Malayalam, as it was written before 2008": "ന്‍",
    "Sinhala": "ක්‍ෂ ශ්‍රී",
    "Bengali": "র‍্যাব",
    "Khmer": "ភាសា\u200bខ្មែរ",
    "Thai": "ที่นี่ น้ำ",
    "Hebrew with accents": "בְּרֵאשִׁ֖ית בָּרָ֣א",
    "Hindi": "हिन्दी में क्षत्रिय",
    "Vietnamese, decomposed": unicodedata.normalize("NFD", "Tiếng Việt ở đây"),
    "Mongolian": "ᠪᠠᠢᠭ\u180eᠠ ᠠ\u180b",
    "Tibetan": "ཧྐྵྨླྺྼྻྂ",
    "old Korean": "\u115f\u1175\u11ab \u1100\u1160\u11ab",
    "Arabic numbers": "\u0600\u0661\u0662",
    "a family": "👩‍👩‍👧‍👦",
    "skin and hair": "👩🏽‍🦰 🧑🏿‍🤝‍🧑🏻",
    "a heart on fire": "❤️‍🔥",
    "a nod": "🙂‍↕️",
    "a rainbow flag": "🏳️‍🌈",
    "Scotland": "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "keycaps": "1️⃣#️⃣",
    "text style": "☎︎",
    "a variant of an ideograph": "葛\U000e0100",
    "mathematics": "𝑥²∂ ∑ᵢ ∩︀ x⃗ ℝ∖ℚ a̅",
    "an emoji of a later version": "\U0001faf9\u200d\U0001f9b0",
    "phonetics": "t͡ʃʰ ɔ̃ː",
}

ODD = st.sampled_from(
    [
        *map(chr, sorted(IGNORABLE)[:60]),
        *("\u200c", "\u200d", "\ufe0f", "\ufe00", "\u034f", "\u0301", "\u0331", "\u05b0", "\u20e3"),
        *("ن", "ന", "\u0d4d", "ខ", "ᠠ", "ᄀ", "ᅡ", "葛", "1", "a", " ", "👩", "🏽", "\U0001f3f4"),
        *("\x1b", "\udcff", "\x85", "\U000e0067", "\U000e007f", "\U0001d165", "\U0001d400"),
    ]
)


@pytest.mark.parametrize("code", LISTED, ids=hex)
def test_what_shows_nothing_is_shown_as_its_number(code: int) -> None:
    shown = visible(f"a{chr(code)}b".encode())
    assert chr(code) not in shown
    assert f"{code:x}" in shown


def test_no_format_of_unicodes_shows_nothing() -> None:
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Cf" and code not in PREPENDED:
            assert chr(code) not in escape(f"a{chr(code)}b"), hex(code)


@pytest.mark.parametrize("text", NEEDED.values(), ids=NEEDED)
def test_living_scripts_emoji_and_mathematics_stay_as_they_are(text: str) -> None:
    assert visible(text.encode()) == text
    assert visible(f"see: {text}, or not".encode()) == f"see: {text}, or not"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a\u200db",
            "a\u200cb",
            "\u200d",
            "👩\u200d",
            "👩\u200d\u200d👩",
            "👩\u200da",
            "ن\u200c\u200cن",
        ),
        *("a\u200bb", "ខ\u200ba", "ខ\u200b\u200bខ", "a\u180eb", "a\ufe0f", "👩\ufe0f\ufe0f"),
        *("\U0001f3f4\U000e0067", "🏳\U000e0067\U000e0062\U000e0065\U000e007f", "\u1160", "a\u034f"),
        "\U0001f3f4" + "\U000e0067" * 8 + "\U000e007f",
    ],
    ids=ascii,
)
def test_where_nothing_needs_them_joiners_and_selectors_are_shown_as_numbers(text: str) -> None:
    assert "\\" in escape(text)


@pytest.mark.parametrize("mark", ["\u0301", "\u0489", "\u05b0", "\U0001d165", "\u20dd", "\u0f90"])
def test_no_letter_has_more_marks_than_scripts_need(mark: str) -> None:
    shown = visible(("o" + mark * 3000).encode())
    assert 0 < shown.count(mark) <= 8
    assert shown.count("\\") == 3000 - shown.count(mark)


def test_ignorable_characters_between_marks_allow_no_more_of_them_on_a_letter() -> None:
    shown = visible(b"o" + "\u0301\u034f".encode() * 1000)
    assert shown.count("\u0301") <= MAX_MARKS


@settings(deadline=None, max_examples=600)
@given(st.lists(ODD, max_size=14).map("".join))
def test_what_is_shown_is_shown_as_it_is_again(text: str) -> None:
    shown = visible(text.encode("utf-8", "surrogateescape"))
    assert escape(shown) == shown
    run = 0
    for character in shown:
        run = run + 1 if ord(character) in MARKS else 0
        assert run <= MAX_MARKS


def test_a_line_in_chinese_costs_little_more_than_one_look_at_each_character() -> None:
    line = ("日本語の文章を書いています。" * 5).encode()
    look = re.compile(r"[\x00-\x08\u2028-\u2029\ud800-\udfff]")

    def seconds(statement: str) -> float:
        names = {"visible": visible, "line": line, "look": look}
        return timeit.timeit(statement, globals=names, number=200)

    pairs = [
        (seconds("look.search(line.decode('utf-8', 'surrogateescape'))"), seconds("visible(line)"))
        for _ in range(60)
    ]
    looked, shown = map(min, zip(*pairs, strict=True))
    assert shown < 3 * looked
