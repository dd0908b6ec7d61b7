"""text.safe.edited: backspaces, which a telnet leaves to us while we hide typing."""

import timeit

import pytest

from gchat.text.safe import edited


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("secret", "secret"),
        ("sek\x7fcret", "secret"),
        ("x\x7f\x7f\bsecret", "secret"),
        ("secreä\x7ft", "secret"),
        ("se\udcff\x7fcret", "secret"),
        ("wrong\x15secret", "secret"),
        ("secret\x15", ""),
    ],
)
def test_a_backspace_takes_back_the_character_before_it(typed: str, meant: str) -> None:
    assert edited(typed) == meant


def test_what_is_taken_back_costs_no_more_for_each_byte_in_a_long_answer() -> None:
    def seconds(count: int) -> float:
        typed = "a" * count + "\x7f" * count
        return min(timeit.repeat(lambda: edited(typed), number=1, repeat=3)) / count

    assert seconds(4000) < 5 * seconds(200)
