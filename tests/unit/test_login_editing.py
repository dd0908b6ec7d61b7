"""chat.login: backspaces in an answer, which a telnet leaves to us while we hide typing."""

import timeit

import pytest

from chat.login import _edited


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (b"secret", b"secret"),
        (b"sek\x7fcret", b"secret"),
        (b"x\x7f\x7f\bsecret", b"secret"),
        (b"secre\xc3\xa4\x7ft", b"secret"),
        (b"se\xff\x7fcret", b"secret"),
    ],
)
def test_a_backspace_takes_back_the_character_before_it(typed: bytes, meant: bytes) -> None:
    assert _edited(typed) == meant


def test_what_is_taken_back_costs_no_more_for_each_byte_in_a_long_answer() -> None:
    def seconds(count: int) -> float:
        typed = b"a" * count + b"\x7f" * count
        return min(timeit.repeat(lambda: _edited(typed), number=1, repeat=3)) / count

    assert seconds(4000) < 5 * seconds(200)
