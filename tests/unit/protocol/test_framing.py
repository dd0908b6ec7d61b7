"""protocol.framing: bytes in, lines out."""

import re
import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gchat.protocol.framing import Event, LineFramer, Lines, TooLong, lines_in
from gchat.protocol.telnet import LAST_OPTION, MAX_SUBNEGOTIATION, TelnetCommands

MAX_LINE = 12
"""Small, so that lines over it are common."""

HELD_OF_TELNET = 2 + MAX_SUBNEGOTIATION
"""Bytes of a telnet command that may wait for the rest of it."""

IAC, NOP, IP, AYT, SB, SE = b"\xff", b"\xf1", b"\xf4", b"\xf6", b"\xfa", b"\xf0"
WILL, WONT, DO, DONT = b"\xfb", b"\xfc", b"\xfd", b"\xfe"
TIMING_MARK, ECHO = b"\x06", b"\x01"

PIECES = [
    *(b"\r", b"\n", b"\0", b"a", b"bc", b"long" * 4, b"\xc3\xa4", IAC, SE, SB, NOP, IP, AYT),
    *(WILL, DO, TIMING_MARK, ECHO),
    *(IAC + WILL + ECHO, IAC + DO + ECHO, IAC + WONT + ECHO, IAC + DONT + ECHO, IAC + DO + b"\xfe"),
    *(IAC + IP + IAC + DO + TIMING_MARK, IAC + WILL + b"\xc9", IAC + DO + b"\x45"),
    *(IAC + SB + b"\x18" + IAC + IAC + SE + IAC + SE, b"\xe9", b"\n" + IAC),
    *(IAC + IP, IAC + AYT, IAC + NOP, IAC + IAC, IAC + SB + b"x" + IAC + SE, IAC + SB),
]
"""What input is made of that has something to do with lines or telnet."""

INPUT = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join),
    st.binary(max_size=80),
)
CUTS = st.lists(st.integers(0, 120), max_size=20)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """`data` in the pieces that packets might bring it in."""
    return [data[start:end] for start, end in pairwise([0, *sorted(places), len(data)])]


def telnet_in(events: Sequence[Event]) -> list[TelnetCommands]:
    return [event for event in events if isinstance(event, TelnetCommands)]


def replies_in(events: Sequence[Event]) -> bytes:
    """What telnet is to be answered."""
    return b"".join(commands.reply for commands in telnet_in(events))


def too_long_in(events: Sequence[Event]) -> int:
    """How many lines were too long."""
    return sum(event.number for event in events if isinstance(event, TooLong))


def held(framer: LineFramer) -> int:
    """Bytes that wait for what follows them."""
    return len(framer._pending) + (len(framer._telnet._partial) if framer._telnet else 0)


class Seen:
    """All that a framer makes of `pieces`, and how much it held between them at most."""

    def __init__(self, pieces: list[bytes], max_line: int = MAX_LINE) -> None:
        framer = LineFramer(max_line)
        events: list[Event] = []
        self.held = 0
        for piece in pieces:
            events += framer.feed(piece)
            self.held = max(self.held, held(framer))
        self.spoken = framer.spoken
        events += framer.end()
        self.lines = lines_in(events)
        self.refused = too_long_in(events)
        self.replies = replies_in(events)
        self.telnet = framer.telnet
        self.interrupted = any(commands.interrupted for commands in telnet_in(events))

    def everything(self) -> tuple[object, ...]:
        return (
            self.lines,
            self.refused,
            self.replies,
            self.telnet,
            self.interrupted,
            self.spoken,
        )


@settings(deadline=None, max_examples=500)
@given(INPUT, CUTS)
@example(b"a\r\nb\r\0c\rd\n", list(range(12)))
@example(IAC + DO + TIMING_MARK + b"x" + IAC + IAC + b"\n", list(range(9)))
@example(IAC + WILL + ECHO + IAC + SB + b"x" * 600 + IAC + SE, [4, 5, 200, 600, 605])
def test_the_same_bytes_give_the_same_however_they_are_cut(data: bytes, places: list[int]) -> None:
    assert Seen(cut(data, places)).everything() == Seen([data]).everything()


@settings(deadline=None, max_examples=300)
@given(INPUT, CUTS)
def test_no_line_is_longer_than_the_limit_or_empty(data: bytes, places: list[int]) -> None:
    for line in Seen(cut(data, places)).lines:
        assert 0 < len(line) <= MAX_LINE


@settings(deadline=None, max_examples=300)
@given(INPUT, CUTS)
def test_no_more_is_held_than_a_line_and_a_telnet_command(data: bytes, places: list[int]) -> None:
    assert Seen(cut(data, places)).held <= MAX_LINE + HELD_OF_TELNET


@settings(deadline=None, max_examples=500)
@given(INPUT.map(lambda data: data.replace(IAC, b"")), CUTS)
def test_lines_end_where_a_regular_expression_says(data: bytes, places: list[int]) -> None:
    model = re.split(rb"\r\n|\r\0|\r|\n", data)
    seen = Seen(cut(data, places))
    assert seen.lines == [line for line in model if 0 < len(line) <= MAX_LINE]
    assert seen.refused == sum(len(line) > MAX_LINE for line in model)
    assert not seen.replies
    assert not seen.telnet


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0", b"\r"])
def test_each_line_end_ends_one_line(end: bytes) -> None:
    assert Seen([b"one" + end + b"two" + end]).lines == [b"one", b"two"]


def test_a_line_is_there_as_soon_as_its_carriage_return_is() -> None:
    framer = LineFramer(MAX_LINE)
    assert lines_in(framer.feed(b"one\r")) == [b"one"]
    assert lines_in(framer.feed(b"\ntwo\n")) == [b"two"]


def test_an_empty_line_is_nothing() -> None:
    assert Seen([b"\n\r\n\r\r\0\n", b"\n"]).lines == []


def test_a_line_of_the_limit_is_taken_and_one_byte_more_is_refused() -> None:
    seen = Seen([b"x" * MAX_LINE + b"\r\n" + b"y" * (MAX_LINE + 1) + b"\n" + b"z\n"])
    assert seen.lines == [b"x" * MAX_LINE, b"z"]
    assert seen.refused == 1


def test_a_line_over_the_limit_is_refused_once_however_long_it_is() -> None:
    framer = LineFramer(MAX_LINE)
    events: list[Event] = []
    for _ in range(100):
        events += framer.feed(b"x" * MAX_LINE)
    assert events == [TooLong(1)]
    assert framer.feed(b"the end of it\nnext\n") == [Lines([b"next"])]


def test_a_line_over_the_limit_costs_no_memory() -> None:
    max_line, piece = 2**16, b"x" * 2**14
    framer = LineFramer(max_line)
    tracemalloc.start()
    try:
        for _ in range(1000):
            framer.feed(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * max_line


def test_what_was_begun_and_not_ended_is_a_line_at_the_end_of_input() -> None:
    framer = LineFramer(MAX_LINE)
    assert lines_in(framer.feed(b"one\ntw")) == [b"one"]
    assert lines_in(framer.feed(b"o")) == []
    assert lines_in(framer.end()) == [b"two"]
    assert lines_in(framer.end()) == []


def test_the_begun_line_is_not_said_at_the_end_of_input_if_it_was_too_long() -> None:
    seen = Seen([b"x" * (MAX_LINE + 1), b"rest"])
    assert seen.lines == []
    assert seen.refused == 1


@pytest.mark.parametrize(
    ("data", "has_begun"),
    [
        (b"", False),
        (b"one\n", False),
        (b"one\r", False),
        (b"one\ntw", True),
        (b"x" * (MAX_LINE + 1), True),
        (b"x" * (MAX_LINE + 1) + b"\n", False),
        (IAC + NOP + IAC + DO, False),
    ],
)
def test_a_line_has_begun_until_it_ends_even_if_it_is_too_long(
    data: bytes, has_begun: bool
) -> None:
    framer = LineFramer(MAX_LINE)
    framer.feed(data)
    assert framer.has_begun is has_begun


# Telnet


def test_every_option_is_declined() -> None:
    seen = Seen([IAC + WILL + ECHO + IAC + DO + ECHO + b"text\r\n"])
    assert seen.replies == IAC + DONT + ECHO + IAC + WONT + ECHO
    assert seen.lines == [b"text"]


def test_a_refusal_needs_no_answer() -> None:
    seen = Seen([IAC + DO + ECHO, IAC + WONT + ECHO + IAC + DONT + ECHO])
    assert seen.replies == IAC + WONT + ECHO
    assert seen.lines == []


@settings(deadline=None)
@given(CUTS)
def test_control_c_is_answered_and_not_shown(places: list[int]) -> None:
    seen = Seen(cut(b"hel" + IAC + IP + IAC + DO + TIMING_MARK + b"lo\r\n", places))
    assert seen.lines == [b"hello"]
    assert seen.replies == IAC + WONT + TIMING_MARK
    assert seen.interrupted


def test_are_you_there_is_noticed_and_not_shown() -> None:
    framer = LineFramer(100)
    commands, lines = framer.feed((IAC + AYT) * 1000 + b"ab\n")
    assert lines == Lines([b"ab"])
    assert commands == TelnetCommands(1000, b"", interrupted=False, asked=True)


def test_a_doubled_255_is_one_from_telnet_and_two_from_others() -> None:
    assert Seen([IAC + NOP + b"a" + IAC + IAC + b"\n"]).lines == [b"a\xff"]
    assert Seen([b"a" + IAC + IAC + b"\n"]).lines == [b"a\xff\xff"]


def test_a_subnegotiation_is_taken_out() -> None:
    data = IAC + WILL + ECHO + b"a" + IAC + SB + b"\x18\0xterm\n" + IAC + SE + b"b\n"
    assert Seen([data]).lines == [b"ab"]


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"\x18", b"x", b"\n", SE, IAC + IAC]), max_size=9), CUTS)
@example([IAC + IAC, SE, b"rest"], [])
def test_a_doubled_255_does_not_end_a_subnegotiation(
    inside: list[bytes], places: list[int]
) -> None:
    data = IAC + WILL + ECHO + IAC + SB + b"\x27" + b"".join(inside) + IAC + SE + b"said\n"
    assert Seen(cut(data, places)).lines == [b"said"]


def test_a_subnegotiation_without_an_end_does_not_swallow_the_rest() -> None:
    framer = LineFramer(65536)
    framer.feed(IAC + WILL + ECHO + IAC + SB)
    assert lines_in(framer.feed(b"x" * MAX_SUBNEGOTIATION + b"\nnext\n"))[-1] == b"next"


def test_telnet_is_told_who_echoes_and_that_it_agrees_needs_no_answer() -> None:
    framer = LineFramer(MAX_LINE)
    framer.feed(IAC + NOP)
    assert framer.hide_typing(True) == IAC + WILL + ECHO
    assert framer.echoes
    events = framer.feed(IAC + DO + ECHO + IAC + DO + TIMING_MARK)
    assert replies_in(events) == IAC + WONT + TIMING_MARK
    assert framer.hide_typing(False) == IAC + WONT + ECHO
    assert not framer.echoes
    assert replies_in(framer.feed(IAC + DONT + ECHO)) == b""
    assert replies_in(framer.feed(IAC + DO + ECHO)) == IAC + WONT + ECHO


def test_a_line_that_is_too_long_is_told_of_at_its_place() -> None:
    data = b"one\n" + b"x" * (MAX_LINE + 1) + b"\n" + b"y" * (MAX_LINE + 1) + b"\n\ntwo\n"
    assert LineFramer(MAX_LINE).feed(data) == [Lines([b"one"]), TooLong(2), Lines([b"two"])]


@pytest.mark.parametrize("rest", [b"\n", b"\0"])
def test_the_rest_of_a_line_end_that_comes_late_says_nothing(rest: bytes) -> None:
    framer = LineFramer(MAX_LINE)
    framer.feed(b"the password\r")
    framer.spoken = False  # as after a login
    assert lines_in(framer.feed(rest)) == []
    assert not framer.spoken


@pytest.mark.parametrize("option", [69, 70, 85, 86, 200, 201])
def test_offers_of_a_clients_for_games_are_answered_as_the_first_bytes_alone(option: int) -> None:
    offer = bytes([option])
    seen = Seen([IAC, DO, offer + IAC + WILL + offer + b"north\n"], max_line=99)
    assert seen.replies == IAC + WONT + offer + IAC + DONT + offer
    assert seen.lines == [b"north"]
    assert Seen([b"\n" + IAC + DO + offer + b"\n"]).lines == [IAC + DO + offer]


@pytest.mark.parametrize("command", [AYT, NOP])
@pytest.mark.parametrize("before", [b"", b"one\n", b"one\r\n", b"one\r\0", b"\r"], ids=repr)
def test_a_telnet_that_has_not_negotiated_may_ask_where_a_line_begins(
    command: bytes, before: bytes
) -> None:
    for pieces in ([before + IAC + command + b"two\n"], [before, IAC, command, b"two\n"]):
        seen = Seen(pieces)
        assert seen.lines[-1] == b"two"
        assert seen.telnet


def test_only_negotiating_telnet_is_not_speaking() -> None:
    framer = LineFramer(MAX_LINE)
    framer.feed(IAC + WILL + ECHO + IAC + DO)
    assert framer.telnet
    assert not framer.spoken
    framer.feed(ECHO + b"h")
    assert framer.spoken


@pytest.mark.parametrize(
    "data",
    [
        "text".encode("utf-16"),  # begins with FF FE
        b"a\xff\xff\xffb",
        IAC + DO + bytes([LAST_OPTION + 1]) + b"!",
        IAC + WONT + ECHO + b"!",
        b"a" + IAC + SB + b"b" + IAC + SE + b"c",
        b"a" + IAC,
        b"a" + IAC + DO,
        *(text.encode("latin-1") for text in ("ÿô est un mot", "Louÿs, aÿô", "aÿöb", "aÿñb ÿó")),
        b"a" + IAC + WILL + b"\xc9",
        b"a" + IAC + IP + IAC,
    ],
)
def test_binary_data_that_is_not_telnet_comes_through_whole(data: bytes) -> None:
    seen = Seen([data], max_line=65536)
    assert seen.lines == [data]
    assert not seen.telnet
    assert not seen.replies


@settings(deadline=None, max_examples=300)
@given(INPUT, CUTS)
def test_no_telnet_goes_to_a_client_that_sent_none(data: bytes, places: list[int]) -> None:
    seen = Seen(cut(data, places))
    assert seen.telnet or not seen.replies
    assert IAC in data or not seen.telnet
