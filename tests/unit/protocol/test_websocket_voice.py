"""protocol.websocket_voice: each JSON object is a frame."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.model.answers import moment
from gchat.model.display import Display
from gchat.model.epochs import Place
from gchat.model.events import Joined, Kicked, encode
from gchat.model.message import Kind, Message, Private
from gchat.model.server_answers import Uptime
from gchat.protocol.voices import accepted, voice_of
from gchat.protocol.websocket_voice import WebSocketVoice
from tests.json_schema import check_sent

DISPLAY = Display(json=True, framing="websocket")
LINES = DISPLAY._replace(framing="")


def message(text: str, kind: str = Kind.SAY) -> Message:
    return Message(7, 5, 1000.0, "lobby", kind, 3, "ann", text, 255)


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The frames in `data`: the first byte, and what is in it."""
    while data:
        size, at = data[1], 2
        if size > 125:
            at = 4 if size == 126 else 10
            size = int.from_bytes(data[2:at])
        yield data[0], data[at : at + size]
        data = data[at + size :]


def objects(data: bytes) -> list[dict[str, object]]:
    found = list(frames(data))
    assert {first for first, _ in found} <= {0x81}
    return [json.loads(each) for _, each in found]


def test_the_table_has_it() -> None:
    assert isinstance(voice_of(DISPLAY), WebSocketVoice)


@given(st.text(max_size=70_000))
def test_what_the_room_sees_is_the_line_in_a_frame(text: str) -> None:
    ((first, line),) = frames(voice_of(DISPLAY).encoder()(message(text)))
    assert first == 0x81
    assert line + b"\n" == voice_of(LINES).encoder()(message(text))


def test_what_is_hidden_is_no_frame() -> None:
    quiet = voice_of(DISPLAY._replace(presence=False))
    assert quiet.encoder()(message(encode(Joined(["ann"], 0)), Joined.kind)) == b""


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("gap", voice_of(DISPLAY).gap(3, "lobby")),
        ("error", voice_of(DISPLAY).refusal("not now", "too fast")),
        ("private", voice_of(DISPLAY).private(Private(1.0, "ann", "bob", "psst"))),
        ("answer", voice_of(DISPLAY).answer(["up"], Uptime(moment(1.0), 1))),
        ("info", voice_of(DISPLAY).notices(["kicked"], Kicked("op", ""))),
        ("say", voice_of(DISPLAY).again(message("hello"), 2000.0)),
        ("say", voice_of(DISPLAY).found(message("hello"), 2000.0)),
        ("ok", accepted(DISPLAY, 7, Place(7, 255), "lobby")),
    ],
)
def test_all_else_is_an_object_as_in_lines(kind: str, data: bytes) -> None:
    (fields,) = objects(data)
    assert fields["kind"] == kind
    check_sent(fields)


def test_what_answers_a_request_has_its_ref() -> None:
    voice = voice_of(DISPLAY).answering(9)
    answers = voice.answer(["up"]) + voice.refusal("no", "muted") + voice.again(message("x"), 1.0)
    assert [fields["ref"] for fields in objects(answers)] == [9, 9, 9]


def test_several_lines_are_several_frames_and_nothing_is_none() -> None:
    assert [each["text"] for each in objects(voice_of(DISPLAY).notices(["a", "b"]))] == ["a", "b"]
    assert voice_of(DISPLAY).notices([]) == b""
    assert voice_of(DISPLAY).answer([]) == b""


def test_a_heartbeat_is_a_ping_and_something_that_a_page_sees() -> None:
    (ping, nothing), (text, seen) = frames(voice_of(DISPLAY).heartbeat)
    assert (ping, nothing, text) == (0x89, b"", 0x81)
    check_sent(json.loads(seen))


def test_an_ok_is_json_whatever_is_spoken_by_now() -> None:
    assert json.loads(accepted(Display(), 3)) == {"kind": "ok", "ref": 3}
