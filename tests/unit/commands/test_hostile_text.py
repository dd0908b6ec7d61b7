r"""What a client sends cannot drive another one's terminal, wherever it is shown.

Every command is tried with text that would, by people and programs with a session of their
own, and what comes out anywhere, as text and as JSON, is looked at byte by byte.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from operator import attrgetter

import pytest

from gchat.commands import TABLE, Command
from gchat.commands.arguments import MAX_TEXT
from gchat.doors import opening
from gchat.model import presence
from tests.blackbox.safety import assert_safe
from tests.unit.commands.typing_lines import InternetSocket
from tests.unit.peers import Company, Peer, wait_until

RAW = (
    b"begin\x00\x01\x07\x08\x0b\x0c\x1b[2J\x1b]0;title\x07\x7f"  # C0 and DEL
    b"\x9b31m\xc2\x9b31m\xc2\x85"  # C1, as a byte and as UTF-8
    b"\xe2\x80\xae\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9"  # overrides, embeddings, isolates
    b"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf"  # other ends of lines, a byte order mark
    b"\xff.\xfe\xc3(\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80\xe2\x80"  # not UTF-8
    b"end"
)
"""Bytes of which no command may let one out as it came in."""

IN_JSON = (
    "begin\x00\x07\x08\x0b\x1b[2J\x7f\x85\x9b31m\u202e\u2066\u2028\u2029\ufeff\ud800\udcff"
    "\udc9b{end"
)
"""The same as a program may put it: JSON has an escape for each of them. (An end of a line is
refused.)"""

ALSO_UNSAFE = re.compile("[\u2028\u2029\ufeff\ud800-\udfff]")

ASKING = (
    *("/history 1000", "/since 1h", "/find begin", "/find", "/topic", "/rooms", "/who", "/ignore"),
    *("/whois {attacker}", "/msg {attacker} are you there?", "/why", "/help", "/join den"),
    *("/topic", "/leave"),
)
"""What somebody types who looks at everything; the attacker's name is to be put in."""

LAST = "/version"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.01)
    monkeypatch.setattr(presence, "INTERVAL", 0.01)


def text_of(value: object) -> Iterator[str]:
    """All strings in what was read from JSON; the text of an answer has lines."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            has_lines = key == "text" and value.get("kind") == "answer"
            yield from item.split("\n") if has_lines else text_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from text_of(item)
    elif isinstance(value, str):
        yield value


def check(line: str, in_json: bool) -> None:
    """`line`, without its end, is safe to show and, if it is JSON, so is what it means."""
    assert_safe(line.encode("utf-8", "strict"))
    assert not ALSO_UNSAFE.search(line), repr(line)
    if in_json:
        assert line.isascii()
        for text in text_of(json.loads(line)):
            assert_safe(text.encode("utf-8", "strict"))
            assert not ALSO_UNSAFE.search(text), repr(text)


class Typist:
    """Somebody with a session, who speaks text or JSON."""

    def __init__(self, company: Company, name: str, in_json: bool) -> None:
        self.in_json = in_json
        self._company = company
        self._peer: Peer = company.converse(max_line=5000)
        wait_until(lambda: self._peer.client.person, "it is welcomed")
        InternetSocket(self._peer, "127.0.0.1")
        self._peer.send(f"/nick {name}\n".encode() + b"/json on\n" * in_json)
        self._peer.read_until(f"{'JSON is on' if in_json else f'You are now {name}'}")

    @property
    def name(self) -> str:
        return self._peer.client.name

    def type(self, line: str, hostile: bool = False) -> None:
        """Send a line, with what is hostile in the place of each `{}`."""
        if self.in_json:
            asked = line.replace("{}", IN_JSON) if hostile else line
            self._peer.send(json.dumps({"command": asked}).encode() + b"\n")
        else:
            self._peer.send(line.encode().replace(b"{}", RAW if hostile else b"{}") + b"\n")

    def send(self, data: bytes) -> None:
        self._peer.send(data)

    def see(self) -> list[str]:
        """All lines up to now, each of which is safe."""
        self._company.wait_until_placed()
        self.type(LAST)
        lines = [line.rstrip("\r\n") for line in self._read_to_answer()]
        for line in lines:
            check(line, self.in_json)
        return lines

    def _read_to_answer(self) -> list[str]:
        lines = [self._peer.read_line()]
        while ", on Python 3." not in lines[-1]:
            lines.append(self._peer.read_line())
        return lines


@pytest.fixture(params=["text", "JSON"])
def attacker(request: pytest.FixtureRequest, company: Company) -> Typist:
    return Typist(company, "mallory", request.param == "JSON")


@pytest.fixture(params=["text", "JSON"])
def viewer(request: pytest.FixtureRequest, company: Company) -> Typist:
    return Typist(company, "ann", request.param == "JSON")


def look_at_everything(viewer: Typist, attacker: Typist) -> list[str]:
    """What the viewer is shown, unasked and asked."""
    lines = viewer.see()
    for line in ASKING:
        viewer.type(line.format(attacker=attacker.name))
    return lines + viewer.see()


def hostile_lines(entry: Command) -> list[str]:
    """Lines that put hostile text, `{}`, into each argument of a command."""
    candidates = {"NAME": ["ann", "{}"], "ROOM": ["den", "{}"]}
    values = [
        candidates.get(argument.strip("[]"), ["{}", "a {} b", "{} {}"])
        for argument in entry.arguments.split()
    ]
    return [f"{entry.name} {' '.join(chosen)}".rstrip() for chosen in product(*values)] + [
        f"{entry.name} {{}}",
        f"{entry.name}{{}}",
    ]


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if e.name not in ("/quit", "/json")], ids=attrgetter("name")
)
def test_nothing_unsafe_comes_out_of_any_command(
    entry: Command, attacker: Typist, viewer: Typist
) -> None:
    for line in hostile_lines(entry):
        attacker.type(line, hostile=True)
        assert attacker.see()
    look_at_everything(viewer, attacker)


SHOWN: dict[str, tuple[str, Callable[[Typist], str]]] = {
    "action": ("/me {}", lambda attacker: "/history"),
    "found action": ("/me {}", lambda attacker: "/find begin"),
    "recent action": ("/me {}", lambda attacker: "/since 1h"),
    "topic": ("/topic {}", lambda attacker: "/topic"),
    "topic in the list": ("/topic {}", lambda attacker: "/rooms"),
    "away": ("/away {}", lambda attacker: f"/whois {attacker.name}"),
    "told away": ("/away {}", lambda attacker: f"/msg {attacker.name} hello"),
    "private": ("/msg ann {}", lambda attacker: "/why"),
}


@pytest.mark.parametrize("place", SHOWN)
def test_what_was_hostile_is_shown_all_the_same_but_visibly(
    place: str, attacker: Typist, viewer: Typist
) -> None:
    said, asked = SHOWN[place]
    attacker.type(said, hostile=True)
    attacker.see()
    unasked = viewer.see()
    viewer.type(asked(attacker))
    asked_for = viewer.see()
    lines = asked_for if said != "/msg ann {}" else unasked
    (line,) = [line for line in lines if "begin" in line and "are now" not in line]
    assert "end" in line.partition("begin")[2]
    for escaped in (r"\x1b", r"\x00", r"\x9b", r"\u202e", r"\u2066", r"\u2028", r"\ufeff"):
        assert escaped.replace("\\", "\\\\" if viewer.in_json else "\\") in line


def test_what_is_said_is_shown_visibly(attacker: Typist, viewer: Typist) -> None:
    if attacker.in_json:
        for ref in (IN_JSON, 7):
            attacker.send(json.dumps({"text": IN_JSON, "ref": ref}).encode() + b"\n")
        attacker.send(json.dumps({"text": IN_JSON, "to": "ann"}).encode() + b"\n")
        attacker.send(json.dumps({"text": IN_JSON, "kind": "action"}).encode() + b"\n")
    else:
        attacker.send(RAW + b"\n" + b"//" + RAW + b"\n" + RAW.replace(b"end", b"the end\r\n"))
    attacker_sees = attacker.see() if not attacker.in_json else []
    assert all("begin" not in line for line in attacker_sees)
    lines = [line for line in look_at_everything(viewer, attacker) if "begin" in line]
    assert len(lines) >= 3 * 3  # as it was said, and looked up in three ways


def test_a_request_that_is_hostile_itself_is_refused_safely(
    company: Company, viewer: Typist
) -> None:
    program = Typist(company, "ci", in_json=True)
    for fields in (
        {IN_JSON: IN_JSON},
        {"kind": IN_JSON, "text": "x"},
        {"to": IN_JSON, "text": "x"},
        {"command": IN_JSON},
        {"ref": IN_JSON * 10},
        {"text": IN_JSON, "command": "/" + IN_JSON},
    ):
        program.send(json.dumps(fields).encode() + b"\n")
    program.send(RAW + b"\n" + b'{"text": "' + RAW + b'"}\n{"' + RAW + b'": 1}\n')
    refused = [json.loads(line) for line in program.see() if '"error"' in line]
    assert len(refused) >= 8
    assert not any("begin" in line for line in viewer.see())


@pytest.mark.parametrize(
    "name",
    [b"\x1b[31mred", b"a\xe2\x80\xaeb", b"\xff\x00", b"a\xc2\x9bb", b"\xe2\x80\x8ba", b"a\x07"],
)
@pytest.mark.parametrize("command", [b"/nick ", b"/join "])
def test_a_name_that_is_hostile_is_taken_by_nobody(
    command: bytes, name: bytes, company: Company, viewer: Typist
) -> None:
    attacker = Typist(company, "mallory", in_json=False)
    attacker.send(command + name + b"\n")
    (refused, _) = attacker.see()
    assert "Names have" in refused
    assert attacker.name == "mallory"
    assert list(company.hub.rooms.by_name) == ["lobby"]
    assert len(look_at_everything(viewer, attacker)) > 5


def test_what_is_long_when_it_is_made_visible_is_measured_as_it_is_shown(
    company: Company, viewer: Typist
) -> None:
    attacker = Typist(company, "mallory", in_json=False)
    attacker.send(b"/topic " + b"\x1b" * MAX_TEXT + b"\n/away " + b"\xff" * MAX_TEXT + b"\n")
    refused = attacker.see()[:2]
    assert all(f"{4 * MAX_TEXT} characters" in line for line in refused)


def test_looks_of_ones_own_are_the_only_escapes_that_are_sent(company: Company) -> None:
    attacker = Typist(company, "mallory", in_json=False)
    viewer = company.converse()
    wait_until(lambda: viewer.client.person, "it is welcomed")
    viewer.send(b"/nick ann\n/color on\n/redraw on\n/bell on\n/time UTC\n")
    viewer.read_until("The bell is on")
    viewer.read_until("UTC")
    for line in ("/me {}", "/msg ann {}", "/topic {}", "{} ann", "/away {}"):
        attacker.type(line, hostile=True)
    attacker.see()
    viewer.send(b"/history\n/topic\n/whois mallory\n/find begin\n/version\n")
    received = "".join(line + "\n" for line in viewer.read_until(", on Python 3."))
    own = re.compile("\r\x1b\\[K|\x1b\\[38;5;\\d+m|\x1b\\[39m|\a")
    assert len(own.findall(received)) > 10
    for line in own.sub("", received).splitlines():
        check(line, in_json=False)
    assert received.count("begin") > 5
