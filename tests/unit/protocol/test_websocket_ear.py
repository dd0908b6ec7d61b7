"""protocol.websocket_ear: RFC 6455, case by case, however the bytes are cut."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.protocol.websocket_ear import WebSocketEar, unmask
from gchat.protocol.websocket_frames import CloseCode, Opcode, close_frame, frame
from tests.websocket_frames import close, masked

LIMIT = 1000
CONTINUATION, PING, PONG = Opcode.CONTINUATION, Opcode.PING, Opcode.PONG
EURO = "€".encode()
EMOJI = "😀".encode()


class Heard(NamedTuple):
    """What an ear has made of some bytes."""

    messages: list[bytes]
    replies: bytes
    has_ended: bool


def hear(*pieces: bytes, limit: int = LIMIT) -> Heard:
    ear = WebSocketEar(limit)
    messages = [message for piece in pieces for message in ear.feed(piece)]
    return Heard(messages, ear.replies, ear.has_ended)


def hear_at_every_cut(data: bytes, limit: int = LIMIT) -> Heard:
    """What an ear makes of `data`, which must be the same in two pieces, and byte by byte."""
    heard = hear(data, limit=limit)
    assert hear(*[data[at : at + 1] for at in range(len(data))], limit=limit) == heard
    for cut in range(1, min(len(data), 200)):
        assert hear(data[:cut], data[cut:], limit=limit) == heard, cut
    return heard


def parts(*data: bytes, between: bytes = b"") -> bytes:
    """A message in several frames, with something between two of them."""
    frames = [
        masked(each, Opcode.TEXT if not index else CONTINUATION, fin=index == len(data) - 1)
        for index, each in enumerate(data)
    ]
    return between.join(frames)


@pytest.mark.parametrize(
    ("data", "messages", "replies"),
    [
        (b"", [], b""),
        (masked("hello"), [b"hello"], b""),
        (masked("one") + masked("two"), [b"one", b"two"], b""),
        (masked(""), [b""], b""),
        (masked("x" * 125), [b"x" * 125], b""),
        (masked("x" * 126), [b"x" * 126], b""),
        (masked("x" * 127), [b"x" * 127], b""),
        (masked("x" * LIMIT), [b"x" * LIMIT], b""),
        (masked("hi", length=b"\x7e\x00\x02"), [b"hi"], b""),
        (masked("hi", length=b"\x7f" + (2).to_bytes(8)), [b"hi"], b""),
        (masked("hi", key=bytes(4)), [b"hi"], b""),
        (masked("grün € 😀"), ["grün € 😀".encode()], b""),
        (masked("\ufeffa\ufffe\U0010ffff"), ["\ufeffa\ufffe\U0010ffff".encode()], b""),
        (parts(b"hel", b"lo"), [b"hello"], b""),
        (parts(b"", b"", b"hello", b""), [b"hello"], b""),
        (parts(EMOJI[:1], EMOJI[1:3], EMOJI[3:]), [EMOJI], b""),
        (parts(*[bytes([byte]) for byte in EURO * 3]), [EURO * 3], b""),
        (parts(b"x" * (LIMIT - 1), b"y"), [b"x" * (LIMIT - 1) + b"y"], b""),
        (masked("ping", PING), [], frame(b"ping", PONG)),
        (masked(b"", PING), [], frame(b"", PONG)),
        (masked(b"\xff" * 125, PING), [], frame(b"\xff" * 125, PONG)),
        (masked("unasked", PONG), [], b""),
        (parts(b"hel", b"lo", between=masked("!", PING)), [b"hello"], frame(b"!", PONG)),
        (masked("1", PING) + masked("2", PING), [], frame(b"1", PONG) + frame(b"2", PONG)),
        (masked(b"x" * 124, PING), [], frame(b"x" * 124, PONG)),
        (masked("hi", PING, length=b"\x02", key=bytes(4)), [], frame(b"hi", PONG)),
        (masked("?" * 125, PONG), [], b""),
        (parts(b"hel", b"lo", between=masked("!", PONG)), [b"hello"], b""),
        (
            parts(b"a", b"b", b"c", between=masked("1", PING) + masked("", PING)),
            [b"abc"],
            (frame(b"1", PONG) + frame(b"", PONG)) * 2,
        ),
        (parts(EMOJI[:2], EMOJI[2:], between=masked(b"\xff", PING)), [EMOJI], frame(b"\xff", PONG)),
        (parts(b"hel", b"lo") + parts(b"wo", b"rld"), [b"hello", b"world"], b""),
        (parts(b"", b""), [b""], b""),
        (parts(b"", EURO), [EURO], b""),
        (parts(b"x" * 126, b"y" * 127), [b"x" * 126 + b"y" * 127], b""),
        (masked("x" * 125, length=b"\x7e\x00\x7d"), [b"x" * 125], b""),
    ],
)
def test_what_is_right_is_taken(data: bytes, messages: list[bytes], replies: bytes) -> None:
    assert hear_at_every_cut(data) == Heard(messages, replies, False)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        *((masked("x", reserved=bits), 1002) for bits in range(1, 8)),
        *((masked("x", opcode), 1002) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (masked("x", key=None), 1002),
        (masked("x" * 126, PING), 1002),
        (masked("x" * 126, PONG), 1002),
        (masked("x", PONG, fin=False), 1002),
        (masked(b"", PING, length=b"\x7f" + (0).to_bytes(8)), 1002),
        (masked("x", reserved=4, key=None), 1002),
        (masked("x", PING, reserved=1), 1002),
        (masked(b"", PING, key=None), 1002),
        (parts(b"x", b"y", between=masked("z", Opcode.BINARY)), 1003),
        (parts(b"x", b"y", between=masked("z", 11)), 1002),
        (masked("x", fin=False) + masked("y", CONTINUATION, reserved=4), 1002),
        (masked("x" * 126, Opcode.CLOSE), 1002),
        (masked("x", PING, fin=False), 1002),
        (masked(b"", Opcode.CLOSE, fin=False), 1002),
        (masked("x", CONTINUATION), 1002),
        (masked("x", CONTINUATION, fin=False), 1002),
        (masked("x", fin=False) + masked("y"), 1002),
        (parts(b"x", b"y") + masked("z", CONTINUATION), 1002),
        (masked(b"x", Opcode.BINARY), 1003),
        (masked(b"x", Opcode.BINARY, fin=False), 1003),
        (masked("x" * (LIMIT + 1)), 1009),
        (masked(b"", length=b"\x7f" + b"\xff" * 8), 1009),
        (masked(b"", length=b"\x7f\x80" + bytes(7)), 1009),
        (masked(b"", length=b"\x7e\xff\xff"), 1009),
        (parts(b"x" * LIMIT, b"y"), 1009),
        (parts(b"x", b"y" * LIMIT), 1009),
        (masked(b"\xff"), 1007),
        (masked(b"\xc3"), 1007),
        (masked(b"\xc0\xaf"), 1007),
        (masked(b"\xed\xa0\x80"), 1007),
        (masked(b"\xf4\x90\x80\x80"), 1007),
        (masked(EURO[:2]), 1007),
        (masked(b"\x80"), 1007),
        (masked(b"\xfe\xff"), 1007),
        (masked(b"\xe0\x80\xaf"), 1007),
        (masked(b"\xf0\x80\x80\xaf"), 1007),
        (masked(b"\xed\xbf\xbf"), 1007),
        (masked(b"\xf5\x80\x80\x80"), 1007),
        (parts(EURO[:2], b"x"), 1007),
        (parts(b"x", EURO[:1]), 1007),
        (parts(b"x", b"\xff", b"y"), 1007),
        (masked(b"x", Opcode.CLOSE), 1002),
        *((close(code), 1002) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000)),
        (close(1000, b"\xff"), 1007),
    ],
)
def test_what_is_wrong_ends_the_connection_with_its_code(data: bytes, code: int) -> None:
    heard = hear_at_every_cut(data)
    messages = [b"xy"] if data.startswith(parts(b"x", b"y")) else []
    assert (heard.messages, heard.has_ended) == (messages, True)
    assert heard.replies[:1] == b"\x88"
    assert int.from_bytes(heard.replies[2:4]) == code
    assert heard.replies[4:].decode()


@pytest.mark.parametrize(
    "code", [None, 1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4999]
)
def test_a_close_frame_is_answered_and_nothing_behind_it_is_read(code: int | None) -> None:
    data = masked("before") + close(code, b"why" * bool(code)) + masked("behind") + b"\xff\xff"
    heard = hear_at_every_cut(data)
    answer = frame(b"" if code is None else code.to_bytes(2), Opcode.CLOSE)
    assert heard == Heard([b"before"], answer, True)


BAD = [
    *(EURO[:2], EMOJI[:3], b"\x80", b"\xff", b"\xc0\xaf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf"),
    *(b"\xed\xa0\x80", b"\xf4\x90\x80\x80", EURO[:2] + b"(", EMOJI[:3] + EURO),
]


@pytest.mark.parametrize("bad", BAD)
def test_text_that_is_no_utf_8_is_refused_wherever_its_frames_are_cut(bad: bytes) -> None:
    text = EURO + bad
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            heard = hear(parts(text[:first], text[first:second], text[second:]))
            assert (heard.messages, heard.has_ended) == ([], True), (first, second)
            assert heard.replies[2:4] == (1007).to_bytes(2)


@pytest.mark.parametrize("bad", [each for each in BAD if each not in (EURO[:2], EMOJI[:3])])
def test_text_that_cannot_become_utf_8_is_refused_before_its_message_ends(bad: bytes) -> None:
    for behind in (b"", b"x" * 10):
        heard = hear(masked(EURO + bad + behind, fin=False))
        assert heard.has_ended
        assert heard.replies[2:4] == (1007).to_bytes(2)


@pytest.mark.parametrize("text", [EURO, EMOJI, "aé€😀z".encode()])
def test_text_is_taken_wherever_its_frames_are_cut(text: bytes) -> None:
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            data = parts(text[:first], text[first:second], text[second:], between=masked("", PING))
            heard = hear(data)
            assert heard == Heard([text], frame(b"", PONG) * 2, False), (first, second)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 128, 999, 1000])
@pytest.mark.parametrize("key", [bytes(4), b"\xff\xff\xff\xff", b"abcd", b"\x00\x01\x00\xff"])
def test_each_length_is_unmasked_with_each_key(size: int, key: bytes) -> None:
    data = bytes(32 + at % 90 for at in range(size))
    lengths = [size.to_bytes(1)] if size <= 125 else []
    lengths += [b"\x7e" + size.to_bytes(2), b"\x7f" + size.to_bytes(8)]
    for length in lengths:  # longer than they need be as well: RFC 6455 leaves that to the sender
        assert hear_at_every_cut(masked(data, length=length, key=key)).messages == [data]


def test_a_close_frame_between_the_frames_of_a_message_ends_it() -> None:
    heard = hear_at_every_cut(parts(b"hel", b"lo", between=close(1000)))
    assert heard == Heard([], frame((1000).to_bytes(2), Opcode.CLOSE), True)


def test_what_is_too_long_is_refused_before_it_has_come() -> None:
    head = masked("x" * (LIMIT + 1))[:4]
    assert hear(head).has_ended


def test_a_message_of_the_longest_lengths_is_taken() -> None:
    for size in (65_535, 65_536, 65_537):
        assert hear(masked("x" * size), limit=size).messages == [b"x" * size]
        assert hear(masked("x" * size), limit=size - 1).has_ended


def test_frames_that_end_no_message_are_counted() -> None:
    ear = WebSocketEar(LIMIT)
    ear.feed(masked("1", PING) + parts(b"a", b"b", b"c") + masked("2", PONG))
    assert ear.others == 4


def test_nothing_is_held_when_all_is_whole() -> None:
    ear = WebSocketEar(LIMIT)
    for byte in parts(b"hel", b"lo"):
        ear.feed(bytes([byte]))
    assert (ear._pending, ear._parts, ear._decoder) == (b"", None, None)


@given(st.binary(max_size=300), st.binary(min_size=4, max_size=4))
def test_unmasking_is_its_own_inverse(data: bytes, key: bytes) -> None:
    assert unmask(data, key) == bytes(each ^ key[at % 4] for at, each in enumerate(data))
    assert unmask(unmask(data, key), key) == data


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_of_ours_are_those_of_websockets(size: int) -> None:
    frames = pytest.importorskip("websockets.frames")
    data = b"x" * size
    assert frame(data) == frames.Frame(frames.TEXT, data).serialize(mask=False)
    reason = "weil € " * 30
    shown = close_frame(CloseCode.GOING_AWAY, reason)
    assert len(shown) <= 127
    assert reason.startswith(frames.Close.parse(shown[2:]).reason)


Step = Callable[[], bytes]

ANY_FRAME = st.builds(
    masked,
    st.one_of(st.text(max_size=60).map(str.encode), st.binary(max_size=10)),
    st.sampled_from([0, 0, 0, 1, 1, 1, 1, 8, 9, 10, 3, 11]),
    fin=st.sampled_from([True, True, False]),
    reserved=st.sampled_from([0] * 20 + [1]),
    key=st.sampled_from([*[b"abcd", bytes(4), b"\xff\0\xff\0"] * 6, None]),
)


@given(st.binary(max_size=400))
def test_whatever_comes_is_heard_or_ends_the_connection(data: bytes) -> None:
    heard = hear(data)
    assert hear(*[bytes([byte]) for byte in data]) == heard
    assert b"".join(heard.messages).decode() is not None
    if heard.has_ended:
        assert b"\x88" in heard.replies


@given(st.lists(ANY_FRAME, max_size=12), st.lists(st.integers(1, 40), max_size=30))
def test_it_hears_what_websockets_hears(frames: list[bytes], sizes: list[int]) -> None:
    """The library gives frames: they are put together here, and their text is checked."""
    protocol = pytest.importorskip("websockets.protocol")
    other = protocol.Protocol(protocol.SERVER, max_size=LIMIT)
    data, expected, begun = b"".join(frames), list[bytes](), b""
    other.receive_data(data)
    bad = False
    for each in other.events_received():
        if each.opcode < 8 and not bad:
            begun += each.data
            try:
                begun.decode()
            except UnicodeDecodeError as error:
                bad = each.fin or error.reason != "unexpected end of data"
            if each.fin and not bad:
                expected.append(begun)
                begun = b""
    pieces, at = list[bytes](), 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    heard = hear(*pieces, data[at:])
    assert heard.messages == expected
    assert heard.has_ended == (bad or other.state is not protocol.OPEN)
    if heard.has_ended and not bad and other.close_sent.code != 1005:
        assert heard.replies.rpartition(b"\x88")[2][1:3] == other.close_sent.code.to_bytes(2)


def test_a_frame_that_comes_in_pieces_grows_in_place() -> None:
    ear, data = WebSocketEar(LIMIT), masked("x" * LIMIT)
    ear.feed(data[:300])
    ear.feed(data[300:600])
    held = ear._pending
    ear.feed(data[600:900])
    assert ear._pending is held  # a copy for each piece would take the square of its size
    assert ear.feed(data[900:] + masked("next")) == [b"x" * LIMIT, b"next"]
