"""model.look: colours that everybody can read, and looks that can be shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.model.display import PLAIN, PROGRAM, TELNET, Display
from gchat.protocol.plain import COLORS, DEFAULT_COLOR, colored

LEAST_CONTRAST = 3.5
LEVELS = (0, 95, 135, 175, 215, 255)
"""What the 6 by 6 by 6 colours of a terminal are made of (xterm's)."""


def red_green_blue(color: int) -> tuple[int, int, int]:
    """What xterm shows for one of the colours from 16 to 231."""
    red, rest = divmod(color - 16, 36)
    green, blue = divmod(rest, 6)
    return LEVELS[red], LEVELS[green], LEVELS[blue]


def luminance(color: int) -> float:
    """As WCAG 2 defines it: from 0, black, to 1, white."""
    shares = (each / 255 for each in red_green_blue(color))
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, other: float) -> float:
    """As WCAG 2 defines it, of two luminances: from 1 to 21."""
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_the_formula_is_that_of_wcag() -> None:
    assert contrast(luminance(16), luminance(231)) == pytest.approx(21)
    # Published: #ff0000 has a contrast of 4.00 to white and 5.25 to black.
    assert contrast(luminance(196), 1) == pytest.approx(4.0, abs=0.005)
    assert contrast(luminance(196), 0) == pytest.approx(5.25, abs=0.005)


@pytest.mark.parametrize("color", COLORS)
def test_a_colour_can_be_read_on_black_and_on_white(color: int) -> None:
    assert 16 <= color <= 231  # those below look different on each terminal
    assert contrast(luminance(color), 0) >= LEAST_CONTRAST
    assert contrast(luminance(color), 1) >= LEAST_CONTRAST


@pytest.mark.parametrize("color", COLORS)
def test_no_colour_is_grey(color: int) -> None:
    assert max(red_green_blue(color)) - min(red_green_blue(color)) >= 80


def test_there_are_many_colours_and_each_once() -> None:
    assert len(set(COLORS)) == len(COLORS) >= 32


def test_a_name_is_between_its_colour_and_the_terminals_own() -> None:
    before, name, after = colored("ann").partition("ann")
    assert name
    assert int(before.removeprefix("\x1b[38;5;").removesuffix("m")) in COLORS
    assert after == DEFAULT_COLOR == "\x1b[39m"


@given(st.text("aäßİabcXYZ.-_1", min_size=1, max_size=24))
def test_a_name_has_the_same_colour_in_upper_and_lower_case(name: str) -> None:
    def color(spelled: str) -> str:
        return colored(spelled).removesuffix(spelled + DEFAULT_COLOR)

    assert color(name) == color(name.casefold())


def test_names_have_different_colours() -> None:
    shown = {colored(f"name{number}").split("m")[0] for number in range(1000)}
    assert len(shown) == len(COLORS)


def test_looks_that_are_made_in_different_ways_are_the_same_one() -> None:
    assert PLAIN._replace(end="\r\n") == TELNET
    assert hash(PLAIN._replace(end="\r\n")) == hash(TELNET)
    assert PROGRAM._replace(presence=True, notices=True) == PLAIN == Display()
