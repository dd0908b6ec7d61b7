"""protocol.json_lines: objects in lines, both ways."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.model.display import Display
from gchat.model.message import Kind, Message, Private
from gchat.protocol.json_lines import (
    MAX_REF,
    JsonVoice,
    NotARequest,
    Request,
    encode_message,
    read_request,
    with_ref,
)
from gchat.text.safe import escape, visible

KINDS = [Kind.SAY, Kind.ACTION, Kind.NOTICE, Kind.PRESENCE]

NOON = 1715947200.123
ANY_TEXT = st.text(st.characters(), max_size=40)  # surrogates as well
SAFE_TEXT = ANY_TEXT.map(escape)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
VOICE = JsonVoice(Display(json=True))
FIELD = st.sampled_from(["text", "to", "kind", "command", "ref", "other"])


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def decoded(data: bytes) -> dict[str, Any]:
    """The object in `data`, which must be one line of ASCII."""
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    assert all(0x20 <= byte < 0x7F for byte in data[:-1])
    fields = json.loads(data)
    assert isinstance(fields, dict)
    return fields


# What a program is sent


@given(st.integers(1), st.floats(0, 2e9), st.sampled_from(KINDS), SAFE_TEXT, SAFE_TEXT)
def test_a_message_is_read_back_as_it_was_said(
    number: int, time: float, kind: str, name: str, text: str
) -> None:
    fields = decoded(encode_message(Message(number, 1, time, "bög", kind, 7, name, text)))
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "kind": kind,
        "id": number,
        "room": "bög",
        "name": name,
        "text": text,
    }


def test_a_message_that_is_shown_again_says_so() -> None:
    message = Message(1, 1, NOON, "lobby", Kind.SAY, 7, "ann", "hello")
    again = decoded(encode_message(message, again=True))
    assert again == decoded(encode_message(message)) | {"again": True}


def test_a_time_is_utc_in_milliseconds() -> None:
    for time, shown in ((NOON, "12:00:00.123"), (NOON - 0.123, "12:00:00.000")):
        fields = decoded(VOICE.private(Private(time, "ann", "bob", "x")))
        assert fields["time"] == f"2024-05-17T{shown}Z"


@given(SAFE_TEXT, SAFE_TEXT, SAFE_TEXT)
def test_a_private_message_is_read_back(name: str, to: str, text: str) -> None:
    fields = decoded(VOICE.private(Private(NOON, name, to, text)))
    del fields["time"]
    assert fields == {"kind": "private", "name": name, "to": to, "text": text}


@given(ANY_TEXT)
def test_what_the_server_says_is_read_back(text: str) -> None:
    assert decoded(VOICE.notices([text])) == {"kind": "answer", "text": text}
    assert decoded(VOICE.refusal(text)) == {"kind": "error", "text": text}


@given(ANY_TEXT | st.integers(-(2**63) + 1, 2**63 - 1), ANY_TEXT)
def test_a_reference_comes_back_as_it_was(ref: str | int, text: str) -> None:
    assert read_request(line(text="x", ref=ref)).ref == ref
    assert decoded(with_ref("ok", ref)) == {"kind": "ok", "ref": ref}
    assert decoded(VOICE.refusal(text, ref)) == {"kind": "error", "ref": ref, "text": text}


# What a program sends


@pytest.mark.parametrize(
    ("fields", "typed"),
    [
        ({"text": "waves", "kind": "action"}, "/me waves"),
        ({"text": "hello", "to": "ann"}, "/msg ann hello"),
        ({"text": "/who", "to": "ann"}, "/msg ann /who"),
        ({"command": "/who"}, "/who"),
        ({"command": "/join builds"}, "/join builds"),
        ({"command": "/nick a\nb"}, "/nick a\\x0ab"),
    ],
)
def test_a_request_is_the_command_that_a_person_would_type(
    fields: dict[str, str], typed: str
) -> None:
    request = read_request(line(**fields))
    assert request.is_command
    assert request.line == typed
    assert request.said == (fields["text"] if "kind" in fields else "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        ("  as it is  ", "  as it is  "),
        ("/who", "/who"),
        ("//who", "//who"),
        ("a\nb\r\0", "a\\x0ab\\x0d\\x00"),
        ("\ud800\udc80\udcff", "\U00010080\\xff"),
        ("\ud800", "\\ud800"),
        ("\u202e", "\\u202e"),
    ],
)
@pytest.mark.parametrize("kind", [{}, {"kind": "say"}])
def test_a_text_is_said_as_it_is_whatever_it_begins_with(
    text: str, shown: str, kind: dict[str, str]
) -> None:
    request = read_request(line(text=text, **kind))
    assert not request.is_command
    assert request.line == shown
    assert request.said.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@pytest.mark.parametrize(
    "blanks", ["ann bob", "ann\tbob", "ann\u3000bob", " ", "\u2003", "ann bob "]
)
def test_a_private_message_goes_to_one_name(blanks: str) -> None:
    with pytest.raises(NotARequest, match="The field to must be one name"):
        read_request(line(text="x", to=blanks))


@pytest.mark.parametrize("name", ["ann\nbob", "ann\x1fbob", "ann\u2028bob", "ann\x85bob"])
def test_what_could_begin_another_argument_is_shown_in_the_name(name: str) -> None:
    typed = read_request(line(text="x", to=name)).line
    assert typed.split() == ["/msg", escape(name), "x"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": ""},
        {"text": None},
        {"text": 7},
        {"text": ["x"]},
        {"text": True},
        {"to": "ann"},
        {"kind": "say"},
        {"text": "x", "kind": "notice"},
        {"text": "x", "kind": "presence"},
        {"text": "x", "kind": "action", "to": "ann"},
        {"command": "who"},
        {"command": " /who"},
        {"command": "/who", "text": "x"},
        {"command": "/who", "to": "ann"},
        {"text": "x", "extra": 1},
        {"text": "x", "ref": 1.5},
        {"text": "x", "ref": True},
        {"text": "x", "ref": []},
        {"text": "x", "ref": 2**63},
        {"text": "x", "ref": "x" * (MAX_REF + 1)},
    ],
)
def test_what_is_no_request_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(NotARequest):
        read_request(line(**fields))


def test_an_unknown_field_is_named_safely_and_briefly() -> None:
    with pytest.raises(NotARequest) as refused:
        read_request(line(**{"\x1b[2J" + "x" * 1000: 1}))
    assert "“\\x1b[2J" in str(refused.value)
    assert len(str(refused.value)) < 200


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
@example(b"")
@example(b"\xff")
@example(b"\xef\xbb\xbf{}")
@example(b"\x00{\x00}")
@example(b"[" * 60_000)
@example(b'{"text":' * 8_000)
@example(b'{"ref": ' + b"9" * 60_000 + b"}")
@example(b'{"text": "x", "ref": 1e999}')
@example(b'{"text": "x", "ref": NaN}')
@example(b'{"text": "\\ud800"}')
@example(b'{"\\ud800": 1}')
@example(b'{"text": "x", "ref": "\\ud800"}')
def test_whatever_comes_is_a_request_or_is_refused(data: bytes) -> None:
    with suppress(NotARequest):
        check(read_request(data))


@given(st.dictionaries(FIELD, JSON | st.sampled_from(["say", "action", "/who", "ann"])))
def test_whatever_an_object_holds_it_is_a_request_or_is_refused(fields: dict[str, Any]) -> None:
    with suppress(NotARequest):
        check(read_request(line(**fields)))


def check(request: Request) -> None:
    """What a request holds must be one line, safe to show, and a reference that can be sent."""
    assert request.line
    assert visible(request.line.encode()) == request.line
    if request.ref is not None:
        assert decoded(with_ref("ok", request.ref))["ref"] == request.ref
