"""protocol.wire: how each kind of message looks to a client."""

import calendar
import json
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from gchat.model.display import PLAIN, PROGRAM, TELNET, Display
from gchat.model.message import SERVER, Kind, Message, Private, Utterance
from gchat.model.runs import messages_of, place
from gchat.protocol.plain import colored
from gchat.protocol.voices import encoder, run_encoder, voice_of
from tests.unit.encoding import encode

NOON = calendar.timegm((2024, 5, 17, 12, 0, 0))
SAID = Message(1, 1, NOON, "lobby", Kind.SAY, 7, "ann", "grün")
NOTICE = Message(2, 1, NOON, "lobby", Kind.NOTICE, SERVER, "", "ann left")


ACTION = Message(3, 2, NOON, "lobby", Kind.ACTION, 7, "ann", "waves")
PRESENCE = Message(4, 2, NOON, "lobby", Kind.PRESENCE, 7, "ann", "ann joined")
PRIVATE = Private(NOON, "ann", "bob", "psst")

UTC_PLAIN = PLAIN._replace(zone=UTC)
TIMED = Display(time=True, zone=UTC)
BERLIN = Display(time=True, zone=ZoneInfo("Europe/Berlin"))
COLOR = Display(color=True)
REDRAW = Display(redraw=True)
EVERYTHING = Display("\r\n", time=True, zone=UTC, color=True, redraw=True)
JSON = Display(json=True)
ANN, BOB = colored("ann"), colored("bob")

EACH_KIND = [
    (PLAIN, "ann: grün\n", " ** ann waves\n", " * ann left\n", " * ann joined\n"),
    (TELNET, "ann: grün\r\n", " ** ann waves\r\n", " * ann left\r\n", " * ann joined\r\n"),
    (PROGRAM, "ann: grün\n", " ** ann waves\n", "", ""),
    (Display(presence=False), "ann: grün\n", " ** ann waves\n", " * ann left\n", ""),
    (
        TIMED,
        "[12:00] ann: grün\n",
        "[12:00] ** ann waves\n",
        "[12:00] * ann left\n",
        "[12:00] * ann joined\n",
    ),
    (
        BERLIN,
        "[14:00] ann: grün\n",
        "[14:00] ** ann waves\n",
        "[14:00] * ann left\n",
        "[14:00] * ann joined\n",
    ),
    (COLOR, f"{ANN}: grün\n", f" ** {ANN} waves\n", " * ann left\n", " * ann joined\n"),
    (
        REDRAW,
        "\r\x1b[Kann: grün\n",
        "\r\x1b[K ** ann waves\n",
        "\r\x1b[K * ann left\n",
        "\r\x1b[K * ann joined\n",
    ),
    (
        EVERYTHING,
        f"\r\x1b[K[12:00] {ANN}: grün\r\n",
        f"\r\x1b[K[12:00] ** {ANN} waves\r\n",
        "\r\x1b[K[12:00] * ann left\r\n",
        "\r\x1b[K[12:00] * ann joined\r\n",
    ),
]
"""A look, and what something said, an action, a notice and a presence are in it."""


@pytest.mark.parametrize(("display", "said", "action", "notice", "presence"), EACH_KIND)
def test_each_kind_of_message_is_one_line_in_each_look(
    display: Display, said: str, action: str, notice: str, presence: str
) -> None:
    lines = [encode(message, display).decode() for message in (SAID, ACTION, NOTICE, PRESENCE)]
    assert lines == [said, action, notice, presence]


@pytest.mark.parametrize(
    ("display", "line"),
    [
        (PLAIN, "ann -> bob: psst\n"),
        (PROGRAM, "ann -> bob: psst\n"),
        (TIMED, "[12:00] ann -> bob: psst\n"),
        (COLOR, f"{ANN} -> {BOB}: psst\n"),
        (EVERYTHING, f"\r\x1b[K[12:00] {ANN} -> {BOB}: psst\r\n"),
    ],
)
def test_a_private_message_is_one_line_in_each_look(display: Display, line: str) -> None:
    assert voice_of(display).private(PRIVATE).decode() == line


def test_the_servers_words_to_one_client_have_neither_time_nor_colour() -> None:
    assert voice_of(EVERYTHING).notices(["one", "two"]) == b"\r\x1b[K * one\r\n\r\x1b[K * two\r\n"
    assert voice_of(EVERYTHING).refusal("no", "muted") == b"\r\x1b[K * no\r\n"


def test_in_json_each_kind_is_an_object() -> None:
    for message in (SAID, ACTION, NOTICE, PRESENCE):
        fields = json.loads(encode(message, JSON))
        assert (fields["kind"], fields["text"]) == (message.kind, message.text)
        again = json.loads(voice_of(JSON).again(message, NOON))
        assert again == fields | {"again": True}
    assert json.loads(voice_of(JSON).private(PRIVATE))["kind"] == "private"
    notices = [json.loads(line) for line in voice_of(JSON).notices(["a", "b"]).splitlines()]
    assert notices == [{"kind": "info", "text": text} for text in "ab"]
    assert json.loads(voice_of(JSON).answer(["a", "b"])) == {"kind": "answer", "text": "a\nb"}
    assert json.loads(voice_of(JSON).refusal("no", "muted")) == {
        "kind": "error",
        "reason": "muted",
        "text": "no",
    }


def test_in_json_nothing_is_changed_by_how_lines_look() -> None:
    assert encode(SAID, EVERYTHING._replace(json=True)) == encode(SAID, JSON)
    quiet = JSON._replace(presence=False)
    assert encode(PRESENCE, quiet) == b""


@pytest.mark.parametrize(
    ("now", "line"),
    [
        (NOON + 11 * 3600, "[12:00] ann: grün\n"),
        (NOON + 12 * 3600, "[2024-05-17 12:00] ann: grün\n"),
        (NOON + 365 * 24 * 3600, "[2024-05-17 12:00] ann: grün\n"),
    ],
)
def test_a_line_shown_later_has_its_time_and_its_day_if_that_is_over(now: float, line: str) -> None:
    assert voice_of(UTC_PLAIN).again(SAID, now) == line.encode()


def test_a_line_shown_later_ends_as_the_client_wants_it() -> None:
    assert voice_of(TELNET._replace(zone=UTC)).again(NOTICE, NOON) == b"[12:00] * ann left\r\n"


def test_notices_are_a_line_each_and_begin_as_no_name_can() -> None:
    assert voice_of(PLAIN).notices(["one", "two"]) == b" * one\n * two\n"
    assert voice_of(TELNET).notices(["one", "two"]) == b" * one\r\n * two\r\n"


def test_a_gap_notice_says_how_many_were_missed() -> None:
    assert voice_of(PLAIN).gap(1, "lobby").startswith(b" * You missed 1 message: ")
    assert voice_of(TELNET).gap(1234, "lobby").startswith(b" * You missed 1234 messages: ")
    assert voice_of(PLAIN).gap(0, "lobby").startswith(b" * You missed some comings and goings: ")
    assert json.loads(voice_of(Display(json=True)).gap(1234, "lobby"))["missed"] == 1234


@pytest.mark.parametrize("display", [PLAIN, TELNET, EVERYTHING, JSON, Display(presence=False)])
def test_what_is_gone_is_shown_to_nobody(display: Display) -> None:
    gone = SAID.without_text()
    assert (gone.kind, gone.text) == (Kind.GONE, "")
    assert encode(gone, display) == b""


@pytest.mark.parametrize(
    "display",
    [
        *(display for display, *_ in EACH_KIND),
        EVERYTHING,
        JSON,
        Display(json=True, framing="events"),
        Display(json=True, framing="websocket"),
    ],
)
@pytest.mark.parametrize("kind", [Kind.SAY, Kind.ACTION, Kind.NOTICE])
def test_a_run_is_the_lines_of_its_messages(display: Display, kind: str) -> None:
    texts = ["", "grün", " a  b ", "ann: ", "\x1b[K", "😀"]
    (run,) = place("lobby", 7, (3, 2), NOON, [Utterance(NOON, kind, texts, 7, "ann")])
    encode = encoder(display)
    assert run_encoder(display, encode)(run) == b"".join(map(encode, messages_of(run)))
