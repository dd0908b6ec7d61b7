"""protocol.event_stream: JSON objects as server-sent events."""

import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.model.answers import moment
from gchat.model.display import PROGRAM, Display
from gchat.model.events import Joined, Kicked, encode
from gchat.model.message import Kind, Message, Private
from gchat.model.server_answers import Uptime
from gchat.protocol.event_stream import EventStream
from gchat.protocol.json_lines import JsonVoice
from gchat.protocol.voices import voice_of
from tests.json_schema import check_sent

EVENTS = PROGRAM._replace(json=True, notices=True, presence=True, framing="events")
QUIET = EVENTS._replace(presence=False)


def message(text: str, kind: str = Kind.SAY) -> Message:
    return Message(7, 5, 1000.0, "lobby", kind, 3, "ann", text, 255)


def events(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """The events in a stream, as a browser takes them: name, last id, data."""
    name, last, found = "message", "", list[bytes]()
    for line in data.split(b"\n"):
        field, _, value = line.partition(b": ")
        if field == b"event":
            name = value.decode()
        elif field == b"id":
            last = value.decode()
        elif field == b"data":
            found.append(value)
        elif not line and found:
            yield name, last, b"\n".join(found)
            name, found = "message", []
    assert data.endswith(b"\n\n")
    assert not found


def test_the_table_has_it() -> None:
    assert isinstance(voice_of(EVENTS), EventStream)
    assert isinstance(voice_of(EVENTS._replace(framing="")), JsonVoice)


@given(st.text())
def test_what_the_room_sees_has_no_name_and_its_place_as_its_id(text: str) -> None:
    ((name, last, data),) = events(voice_of(EVENTS).encoder()(message(text)))
    assert (name, last) == ("message", "ff-7")
    assert json.loads(data)["text"] == text
    assert b"%b\n" % data == voice_of(EVENTS._replace(framing="")).encoder()(message(text))


def test_what_is_hidden_is_no_event() -> None:
    joined = message(encode(Joined(["ann"], 0)), Joined.kind)
    assert voice_of(QUIET).encoder()(joined) == b""
    assert len([*events(voice_of(EVENTS).encoder()(joined))]) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("gap", voice_of(EVENTS).gap(3, "lobby")),
        ("error", voice_of(EVENTS).refusal("not now", "too fast")),
        ("private", voice_of(EVENTS).private(Private(1.0, "ann", "bob", "psst"))),
        ("answer", voice_of(EVENTS).answer(["up"], Uptime(moment(1.0), 1))),
        ("info", voice_of(EVENTS).notices(["kicked"], Kicked("op", ""))),
        ("say", voice_of(EVENTS).again(message("hello"), 2000.0)),
        ("say", voice_of(EVENTS).found(message("hello"), 2000.0)),
    ],
)
def test_all_else_has_its_kind_as_its_name_and_changes_no_id(name: str, data: bytes) -> None:
    ((found, last, fields),) = events(data)
    assert (found, last) == (name, "")
    assert json.loads(fields)["kind"] == name
    check_sent(json.loads(fields))


def test_several_lines_are_several_events_and_a_heartbeat_is_none() -> None:
    voice = voice_of(EVENTS)
    both = voice.heartbeat + voice.notices(["one", "two"]) + voice.heartbeat
    assert [json.loads(data)["text"] for _, _, data in events(both)] == ["one", "two"]


@pytest.mark.parametrize("display", [Display(), Display(json=True)])
def test_lines_have_no_heartbeat(display: Display) -> None:
    assert voice_of(display).heartbeat == b""
