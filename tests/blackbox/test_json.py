"""JSON lines: a program that speaks them beside people who do not."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import JSON_IS_ON
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE


def without_time(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` but `time`, which must be now, in UTC."""
    when = datetime.fromisoformat(fields["time"])
    assert fields["time"].endswith("Z")
    assert abs(datetime.now(UTC) - when) < timedelta(seconds=DEADLINE)
    return {name: value for name, value in fields.items() if name != "time"}


def test_what_a_program_says_in_json_is_seen_as_if_a_person_had_typed_it(server: Server) -> None:
    ann, ci = server.person("ann"), server.json_program("ci")
    ci.carry_out(command="/join builds")
    bob = server.person("bob")
    bob.say("/join builds")
    bob.expect("You are in #builds, with ci")
    assert ci.next_of("presence")["text"] == "bob joined"
    for fields, seen in (
        ({"text": "built"}, "ci: built"),
        ({"text": "built", "kind": "say"}, "ci: built"),
        ({"text": "/quit is no command here"}, "ci: /quit is no command here"),
        ({"text": "//twice"}, "ci: //twice"),
        ({"text": "one\ttwo\0"}, "ci: one\ttwo\\x00"),
        ({"text": "rests", "kind": "action"}, " ** ci rests"),
        ({"text": "only you", "to": "bob"}, "ci -> bob: only you"),
        ({"command": "/me works"}, " ** ci works"),
        ({"command": "/topic fast builds"}, " * ci set the topic: fast builds"),
    ):
        assert ci.carry_out(**fields)[-1]["kind"] == "ok", fields
        assert bob.line() == seen
    ci.carry_out(text="only you", to="ann")
    assert ann.message() == "ci -> ann: only you"


def test_what_happens_comes_as_objects_in_its_order_with_names_rooms_times_and_ids(
    server: Server,
) -> None:
    ci = server.json_program("ci")
    ann = server.person()
    ann.take_name("ann")
    ann.say("hello", "/me waves", "/msg ci psst", "/topic tea", "bye", "/quit")
    objects = [ci.object()]
    while "left" not in objects[-1]["text"]:
        objects.append(ci.object())
    shown = [without_time(fields) for fields in objects]
    assert [(each["kind"], each["name"], each["text"]) for each in shown] == [
        ("presence", "ann", "ann joined"),
        ("say", "ann", "hello"),
        ("action", "ann", "waves"),
        ("private", "ann", "psst"),
        ("notice", "ann", "ann set the topic: tea"),
        ("say", "ann", "bye"),
        ("presence", "ann", "ann left"),
    ]
    private = shown.pop(3)
    assert private["to"] == "ci"
    assert [each["id"] for each in shown] == list(range(1, 7))
    assert {each["room"] for each in shown} == {"lobby"}


def test_every_request_with_a_ref_is_answered_once_behind_its_answers_and_in_order(
    server: Server,
) -> None:
    ci = server.json_program("ci")
    refs: list[Any] = [1, "two", -3, "", 2**62, "é" * 100]
    for ref in refs:
        ci.send_object(command="/version", ref=ref)
    ci.send_object(command="/version")
    ci.send_object(command="/nick 1.2.3.4", ref="refused")
    for ref in refs:
        answer = ci.object()
        assert answer["kind"] == "answer"
        assert answer["text"].startswith("gchat ")
        ok = ci.object()
        assert (ok["kind"], ok["ref"]) == ("ok", ref)
    assert ci.object()["kind"] == "answer"
    refusal = ci.object()
    assert (refusal["kind"], refusal["ref"]) == ("error", "refused")
    assert "cannot look like an address" in refusal["text"]


GARBAGE = {
    b"hello": "Not a JSON object",
    b"who": "Not a JSON object",
    b"[1, 2]": "Not a JSON object",
    b'"text"': "Not a JSON object",
    b"null": "Not a JSON object",
    b'{"text": "cut': "Not a JSON object",
    b'{"text": "\xff"}': "Not a JSON object",
    b"[" * 50_000: "Not a JSON object",
    b"{" * 5_000: "Not a JSON object",
    b'{"text": ' + b"9" * 10_000 + b"}": "",
    b"x" * 65_537: "65536 bytes",
    b"{}": "needs a text, or a command",
    b'{"ref": 1}': "needs a text, or a command",
    b'{"text": ""}': "must be a string that is not empty",
    b'{"text": 7}': "must be a string that is not empty",
    b'{"text": null}': "must be a string that is not empty",
    b'{"text": "a", "command": "/who"}': "needs a text, or a command",
    b'{"command": "who"}': "needs a text, or a command",
    b'{"to": "ann"}': "needs a text, or a command",
    b'{"text": "a", "kind": "notice"}': "The kind is say or action",
    b'{"text": "a", "to": "ann bob"}': "The field to must be one name",
    b'{"text": "a", "to": "ann\\u2003x"}': "The field to must be one name",
    b'{"text": "a", "kind": "action", "to": "ann"}': "goes to the whole room",
    b'{"text": "a", "name": "ann"}': "Unknown field",
    b'{"text": "a\\nb"}': "must be one line: send an object for each line",
    b'{"text": "a\\r\\nb", "to": "ann"}': "must be one line",
    b'{"command": "/me a\\nb"}': "must be one line",
    b'{"text": "a", "\\u001b[2J": 1}': r"\x1b[2J",
    b'{"text": "a", "ref": [1]}': "A ref is",
    b'{"text": "a", "ref": 1.5}': "A ref is",
    b'{"text": "a", "ref": true}': "A ref is",
    b'{"text": "a", "ref": "' + b"x" * 101 + b'"}': "A ref is",
    b'{"command": "/nosuch"}': "Unknown command /nosuch",
    b'{"text": "a", "to": "nobody"}': "Nobody here is called nobody",
}


def test_garbage_is_refused_with_the_reason_and_told_to_nobody(
    server: Server, bystanders: Bystanders
) -> None:
    ci = server.json_program("ci")
    ci.send_object(command="/quiet on")
    with bystanders:
        for line, why in GARBAGE.items():
            ci.send(line + b"\n")
            error = ci.next_of("error")
            assert why in error["text"], line[:100]
        ci.send(b"\n\x00\n")
        assert "Not a JSON object" in ci.next_of("error")["text"]
        ci.send_object(text="done")
        bystanders.hear("ci: done")
    assert bystanders.messages == ["ci: done"]


def test_what_programs_are_sent_is_ascii_whatever_others_say(server: Server) -> None:
    ci, ann = server.json_program("ci"), server.person("ann")
    texts = ["grüße 你好 🙂", "a\u2028b\u0085c", '"quoted" \\ {"kind": "error"}', "\u200eleft\ttab"]
    ann.say("/nick ännchen", *texts)
    lines: list[str] = []
    for text in texts:
        while '"say"' not in (line := ci.line()):
            pass
        lines.append(line)
        shown = text.replace("\u2028", r"\u2028").replace("\u0085", r"\x85")
        shown = shown.replace("\u200e", r"\u200e")
        fields = json.loads(line)
        assert (fields["name"], fields["text"]) == ("ännchen", shown)
    assert "".join(lines).isascii()


def test_json_is_left_again_with_the_same_command(server: Server) -> None:
    ci, ann = server.json_program("ci"), server.person("ann")
    ci.send_object(command="/json off", ref=1)
    while json.loads(ci.line()) != {"kind": "ok", "ref": 1}:
        pass
    ann.say("hello")
    assert ci.line() == "ann: hello"
    ci.say("plain again")
    assert ann.message() == "ci: plain again"


def test_a_person_can_go_over_to_json_and_hears_each_message_once(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    ann.say("before")
    bob.expect("ann: before")
    bob.say("/json on")
    while not (line := bob.line()).startswith("{"):
        pass
    assert json.loads(line) == JSON_IS_ON
    ann.say("after")
    assert json.loads(bob.line())["text"] == "after"


def test_whatever_a_program_has_switched_on_each_line_stays_an_object(server: Server) -> None:
    ann, ci = server.person("ann"), server.json_program("ci")
    for switch in ("/bell on", "/redraw on", "/color on", "/time UTC", "/quiet off"):
        assert ci.carry_out(command=switch)[-1]["kind"] == "ok"
    ann.say("is ci there?", "/msg ci psst", "/me waves")
    assert ci.next_of("action")["text"] == "waves"
    ci.carry_out(command="/who")


def test_what_is_shown_again_is_marked(server: Server) -> None:
    ann, ci = server.person("ann"), server.json_program("ci")
    ann.say("first", "/me waves")
    fresh = [ci.next_of("say"), ci.next_of("action")]
    announced, *shown, ok = ci.carry_out(command="/history")
    assert announced["kind"] == "answer"
    assert shown == [fields | {"again": True, "ref": ok["ref"]} for fields in fresh]
    assert ok["kind"] == "ok"


def test_a_refusal_has_a_reason_that_programs_can_compare(server: Server) -> None:
    server.person("ann")
    ci = server.json_program("ci")
    for command, reason in (
        ("/nick ann", "name taken"),
        ("/nick a b", "not a name"),
        ("/who nowhere", "no such room"),
        ("/msg zoe hello", "no such name"),
        ("/history x", "not a number"),
        ("/nosuch", "unknown command"),
        ("/join", "wrong arguments for /join"),
        ("/kick ann", "/kick is for operators"),
    ):
        assert ci.carry_out(command=command)[-1]["reason"] == reason
    ci.say("who")
    assert ci.next_of("error")["reason"] == "no request"
