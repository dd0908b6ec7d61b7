"""commands.slips: lines that would tell a secret, however they are mistyped."""

import timeit
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.commands import TABLE, is_mistyped_command, may_be_commands, secret_in, slips
from gchat.text.safe import as_meant, edited, visible

BEFORE = (
    b"", b" ", b"   ", b"\t", b"\xc2\xa0", b"\xe3\x80\x80", b"\xa0", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x0c", b"\x00", b"\x01", b"\x7f", b"\x1b", b"\x1b[D", b"\x1b[1;5C", b"\x1bOA", b"\x1b[[A",
    b"\x1b[15~", b"\x1b[200~", b"\x1bf", b"\x9b", b"\xe2\x80\x8b", b"\xe2\x80\xae", b"\xe2\x81\xa0",
    b"\xe3\x85\xa4", b"\xef\xb8\x8f", b"\xcc\x81", b"\xe2\xa0\x80", b"\xc2\xad",
    b"\xf3\xa0\x80\xa1", b" \x1b[D\t\x1b[A \xef\xbb\xbf", b"x\x7f", b"ab\b\b",
    b" " * 5000, b"\x1b[D" * 1000, b"\xef\xbb\xbf" * 2000, b"x\x7f" * 600, b"\x1b(B", b"\x1b=",
    b"\x1b]0;title\x07", b"\x9bA", b"\xc2\x9b1A", b"\xf0\x9b\xb2\xa0", b"\xef\xbf\xb0",
    b"\xf0\x93\x90\xb7", b"\xef\x9c\x80",
)  # fmt: skip
"""What may stand before a command and is not seen."""

SECRETS = {
    b"/op hush": "/op",
    b"/OP hush": "/op",
    b"/o hush": "/op",
    b"/op\xc2\xa0hush": "/op",
    b"/op\thush": "/op",
    b"/op\x00hush": "/op",
    b"/o\xe2\x80\x8bp hush": "/op",
    b"/o\x1b[Dp hush": "/op",
    b"/ op hush": "/op",
    b"/ox\x7fp hush": "/op",
    "\uff0fop hush".encode(): "/op",
    "\uff0f\uff4f\uff50 hush".encode(): "/op",
    b"/op": "/op",
    b"/msg bob hush": "/msg",
    b"/m bob hush": "/msg",
    b"/reply hush": "/reply",
    b"/rep hush": "/reply",
    b"/resume lusab-babad": "/resume",
    "/op\u200b hush".encode(): "/op",
    "/op\u200bhush".encode(): "/op",
    "/op\ufeff\u00a0hush".encode(): "/op",
    b"/op\xa0hush": "/op",
    "/op\u2800hush".encode(): "/op",
    b"/" + "\u200b".encode() * 70 + b"op hush": "/op",
    b"/res lusab": "/resume",
}


@pytest.mark.parametrize("by_person", [True, False])
@pytest.mark.parametrize("before", BEFORE)
def test_a_secret_is_found_whatever_stands_before_it(before: bytes, by_person: bool) -> None:
    for line, command in SECRETS.items():
        assert secret_in(before + line, by_person) == command, (before, line)
        assert may_be_commands([b"text", before + line])


TEXTS = (
    b"hello", b"", b" ", b"\x1b[D", b"/", b"/ ", b"//op hush", b" //op hush", b"/usr/bin/op hush",
    b"/opera", b"/operation", b"/msgs", b"/nick ann", b"/who", b"/quit", b"/rooms", b"a /op hush",
    b"say /op hush", b"1/op", b"x /msg bob", b"\xc3\xa4/op hush", b"/option", b"/resumes",
    b"[D/op hush", b"(/op hush)", b"/me /op", "\uff0fnick".encode(), "日本 /op".encode(),
)  # fmt: skip


@pytest.mark.parametrize("by_person", [True, False])
@pytest.mark.parametrize("line", TEXTS)
def test_there_is_none_in_what_is_meant_as_something_else(line: bytes, by_person: bool) -> None:
    assert secret_in(line, by_person) is None


@pytest.mark.parametrize(
    "line",
    [b" /tell bob hush", b" /sudo hush", b"/op: hush", b"/op:hush", b"/op=hush", b"/op/hush",
     b"/op) hush", b"/msg, bob", b"/msg@bob hush", b"/msg:bob hush", b"/reply> hush"],
)  # fmt: skip
def test_people_mean_it_in_other_ways_too_and_programs_do_not(line: bytes) -> None:
    assert secret_in(line, by_person=True)
    assert secret_in(line, by_person=False) is None


@pytest.mark.parametrize("line", [b"/private/var/log", b"/admin/x is down", b"/re: hello", b"/m.c"])
def test_a_path_is_none_from_anybody(line: bytes) -> None:
    assert secret_in(line, by_person=True) is None


def test_the_commands_that_carry_a_secret_are_marked() -> None:
    assert {name for name, entry in TABLE.items() if entry.secret} == {
        "/op",
        "/msg",
        "/reply",
        "/resume",
    }


@given(st.text(), st.binary(max_size=30))
def test_whatever_a_line_holds_it_can_be_looked_at(text: str, more: bytes) -> None:
    for line in (text.encode("utf-8", "surrogatepass"), b"/" + more, more + b"/op x"):
        secret_in(line, by_person=True)


@given(
    st.lists(
        st.sampled_from(
            [
                "/",
                "op",
                "x",
                " ",
                "\x1b",
                "[",
                "D",
                "1;",
                "O",
                "A",
                "\x9b",
                "\udc9b",
                "\ufeff",
                "\u0301",
                "\xa0",
                "\x00",
                "\b",
                "\x7f",
                "\uff0f",
                "]",
                "\x07",
                "文",
                "(",
                "B",
                "-",
            ]
        ),
        max_size=12,
    )
)
def test_the_glance_at_the_first_slash_misses_nothing(parts: list[str]) -> None:
    text = "".join(parts)
    line = text.encode("utf-8", "surrogateescape")
    if any(slips._secret_meant(as_meant(edited(text), unseen), True) for unseen in ("", " ")):
        assert may_be_commands([b"text", line])
        assert secret_in(line, by_person=True)


@pytest.mark.parametrize("junk", [b"\x1b", b"\x1b[D", b"\xa0", b"/a.", b"\xef\xbb\xbf", b"x\x7f"])
def test_a_line_costs_little_more_than_to_make_it_visible(junk: bytes) -> None:
    line = junk * (1000 // len(junk))

    def seconds(display: Callable[[], object]) -> float:
        return min(timeit.repeat(display, number=20, repeat=5))

    looking = seconds(lambda: (secret_in(line, True), is_mistyped_command(b"/" + line)))
    assert looking < 10 * seconds(lambda: visible(line + b"\xff"))


@pytest.mark.parametrize(
    "line", [b"/nick\x1b[D ann", b"/qu\x00it", b"/w\x07ho", b"/x\xff", "/nick\u200b".encode()]
)
def test_a_key_in_the_middle_of_a_command_is_a_mistake(line: bytes) -> None:
    assert is_mistyped_command(line)


@pytest.mark.parametrize(
    "line",
    [
        b"/usr/bin",
        b"/nick a\x1b[D",
        b"x\x00",
        b" /\x00",
        b"/",
        b"//a\x00",
        "/Users/Re\u0301mi/x".encode(),
        "/home/\u0645\u06cc\u200c\u062e/x".encode(),
        b"/home/caf\xe9/x",
    ],
)
def test_one_elsewhere_is_none(line: bytes) -> None:
    assert not is_mistyped_command(line)
