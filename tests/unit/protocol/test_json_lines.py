"""protocol.json_lines and json_requests: objects in lines, both ways."""

import json
from contextlib import suppress
from dataclasses import fields as fields_of
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.model.answers import Answer, Whois, moment
from gchat.model.display import Display
from gchat.model.events import Muted
from gchat.model.message import Kind, Message, Private
from gchat.protocol import json_requests
from gchat.protocol.json_lines import JsonVoice, encode_message
from gchat.protocol.json_requests import MAX_REF, NotARequest, Request, read_request
from gchat.protocol.voices import accepted
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
    fields = decoded(encode_message(Message(number, 1, time, "bög", kind, 7, name, text, 0x7F)))
    assert fields.pop("time").endswith("Z")
    assert fields == {
        "kind": kind,
        "id": number,
        "place": f"7f-{number}",
        "room": "bög",
        "name": name,
        "text": text,
    }


def test_a_message_that_is_shown_again_says_so() -> None:
    message = Message(1, 1, NOON, "lobby", Kind.SAY, 7, "ann", "hello")
    again = decoded(VOICE.again(message, NOON))
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
    assert decoded(VOICE.notices([text])) == {"kind": "info", "text": text}
    muted = Muted("op", "spam", None)
    assert decoded(VOICE.notices([text], muted)) == {
        "kind": "info",
        "event": "muted",
        "by": "op",
        "why": "spam",
        "term": None,
        "text": text,
    }
    refusal = {"kind": "error", "reason": "muted", "text": text}
    assert decoded(VOICE.refusal(text, "muted")) == refusal


FACTS = Whois("ann", True, "den", ["den"], moment(NOON), moment(NOON + 1), away="lunch")


@given(st.lists(ANY_TEXT.filter(bool), min_size=1))
def test_an_answer_is_one_object_with_its_facts_and_its_text(texts: list[str]) -> None:
    text = "\n".join(texts)
    assert decoded(VOICE.answer(texts)) == {"kind": "answer", "text": text}
    assert decoded(VOICE.answer(texts, FACTS)) == {
        "kind": "answer",
        "answer": "whois",
        "name": "ann",
        "here": True,
        "room": "den",
        "rooms": ["den"],
        "since": "2024-05-17T12:00:00.123Z",
        "seen": "2024-05-17T12:00:01.123Z",
        "away": "lunch",
        "address": None,
        "text": text,
    }


def test_an_answer_of_facts_alone_is_told_and_one_of_nothing_is_not() -> None:
    assert decoded(VOICE.answer([], FACTS))["text"] == ""
    assert VOICE.answer([]) == b""


def test_no_fact_hides_a_field_of_all_answers() -> None:
    for each in get_args(Answer):
        assert not {"kind", "answer", "text", "ref"} & {field.name for field in fields_of(each)}
    assert len({each.answer for each in get_args(Answer)}) == len(get_args(Answer))


@given(ANY_TEXT | st.integers(-(2**63) + 1, 2**63 - 1), ANY_TEXT)
def test_a_reference_comes_back_as_it_was_with_all_that_answers_it(
    ref: str | int, text: str
) -> None:
    assert read_request(line(text="x", ref=ref)).ref == ref
    assert decoded(accepted(Display(), ref)) == {"kind": "ok", "ref": ref}
    voice = VOICE.answering(ref)
    error = {"kind": "error", "reason": "muted", "text": text, "ref": ref}
    assert decoded(voice.refusal(text, "muted")) == error
    message = Message(1, 1, NOON, "lobby", Kind.SAY, 7, "ann", "hello")
    private = Private(NOON, "ann", "bob", "x")
    for answer, plain in (
        (voice.answer(["x"], FACTS), VOICE.answer(["x"], FACTS)),
        (voice.again(message, NOON), VOICE.again(message, NOON)),
        (voice.found(message, NOON), VOICE.found(message, NOON)),
        (voice.private(private), VOICE.private(private)),
    ):
        assert decoded(answer) == decoded(plain) | {"ref": ref}


# What a program sends


@pytest.mark.parametrize(
    ("fields", "typed"),
    [
        ({"text": "waves", "kind": "action"}, "/me waves"),
        ({"text": "hello", "to": "ann"}, "/msg ann hello"),
        ({"text": "/who", "to": "ann"}, "/msg ann /who"),
        ({"command": "/who"}, "/who"),
        ({"command": "/join builds"}, "/join builds"),
        ({"command": "/nick a\x07b"}, "/nick a\\x07b"),
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
        ("a\x07b\0", "a\\x07b\\x00"),
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


@pytest.mark.parametrize("kind", ["say", "action"])
def test_a_text_is_escaped_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    escaped = list[str]()

    def note(text: str) -> str:
        escaped.append(text)
        return escape(text)

    monkeypatch.setattr(json_requests, "escape", note)
    request = read_request(line(text="\u202e", kind=kind, ref=1))
    assert escaped.count("\u202e") == 1
    assert request.shown == "\\u202e"


@pytest.mark.parametrize(
    "blanks", ["ann bob", "ann\tbob", "ann\u3000bob", " ", "\u2003", "ann bob ", "ann ", " ann"]
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
        assert decoded(accepted(Display(), request.ref))["ref"] == request.ref
