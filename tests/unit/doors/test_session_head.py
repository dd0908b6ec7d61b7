"""doors.session: of a program's lines, commands at the head are obeyed, the rest is said."""

import json

import pytest

from gchat.doors import opening, session
from tests.unit.peers import Company, Peer

OUTPUT = (
    "gcc -o app", "/usr/bin/ld: cannot find -lfoo", "/home/a/m.c:3: fatal error", "/* c */",
    "// c++", "//who", "/quit", "/forget", "/me waves", "/shutdown", "/nick boss", "/join builds",
    "/json", "/frob", "/", "make: Error 1",
)  # fmt: skip
"""What a build may print."""

SAID = [line if line != "//who" else "/who" for line in OUTPUT]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.02)


def texts(listener: Peer, count: int) -> list[str]:
    """What the next `count` lines say."""
    return [line.partition(": ")[2] for line in listener.read_lines(count)]


def test_all_lines_behind_the_first_text_are_said(company: Company, listener: Peer) -> None:
    peer = company.converse("".join(f"{line}\n" for line in OUTPUT).encode())
    assert texts(listener, len(OUTPUT)) == SAID
    assert peer.client.name == peer.client.address
    peer.end_input()
    assert peer.read_to_end() == b""


@pytest.mark.parametrize(
    "line", ["/usr/bin/ld: no -lfoo", "/quit: no", "/etc/quit", "/* c */", "// c++", "/frob", "/"]
)
def test_in_the_head_what_is_no_command_is_text_and_ends_it(
    company: Company, listener: Peer, line: str
) -> None:
    company.converse(f"{line}\n/nick boss\n".encode())
    assert texts(listener, 2) == [line, "/nick boss"]


def test_the_head_is_obeyed_up_to_the_first_text(company: Company, listener: Peer) -> None:
    peer = company.converse(b"/nick ci\n/nick listener\n/n ci2\ndone\n/nick ci3\n")
    assert listener.read_lines(2) == ["ci2: done", "ci2: /nick ci3"]
    assert peer.read_line().startswith(" * The name listener is taken")


def test_a_second_of_silence_begins_a_head_anew(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HEAD_PAUSE", 0.0)  # any wait is one
    peer = company.converse(b"text\n/nick ann\n")
    assert texts(listener, 2) == ["text", "/nick ann"]
    peer.send(b"/nick bob\ntext\n/nick carl\n")
    assert listener.read_lines(2) == ["bob: text", "bob: /nick carl"]


def test_a_pause_in_the_middle_of_a_line_does_not(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HEAD_PAUSE", 0.0)  # any wait is one
    peer = company.converse(b"text\n/ni")
    assert texts(listener, 1) == ["text"]
    peer.send(b"ck ann\n")
    assert texts(listener, 1) == ["/nick ann"]


def test_a_line_that_is_too_long_is_text_as_well(company: Company, listener: Peer) -> None:
    company.converse(b"x" * 2000 + b"\n/nick ann\n")
    assert texts(listener, 1) == ["/nick ann"]


def test_one_who_is_held_back_was_not_silent(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HEAD_PAUSE", 0.05)
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 100, 1
    lines = [f"{number}{'x' * 500}" for number in range(20)] + ["/nick boss", "/quit", "end"]
    company.converse("".join(f"{line}\n" for line in lines).encode())
    assert texts(listener, len(lines)) == lines


@pytest.mark.parametrize("secret", ["/op hush", "/msg listener hush", "/reply hush", "/m a hush"])
def test_a_secret_behind_the_head_is_neither_obeyed_nor_said(
    company: Company, listener: Peer, secret: str
) -> None:
    peer = company.converse(f"text\n{secret}\n {secret}\nmore\n".encode())
    assert texts(listener, 2) == ["text", "more"]
    first, second = peer.read_lines(2)
    assert first == second
    assert first.startswith(" * Not sent, as it may tell a secret: /")
    assert "before a program's first line of text" in first


def test_a_secret_with_a_blank_before_it_is_not_said_in_the_head(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b" /op hush\n\xef\xbb\xbf/msg listener hush\n/nick ann\ntext\n")
    assert listener.read_lines(1) == ["ann: text"]
    first, second = peer.read_lines(2)
    assert first.startswith(
        " * Not sent, as it may tell a secret: /op works only at the very beginning of a line"
    )
    assert second.startswith(
        " * Not sent, as it may tell a secret: /msg works only at the very beginning of a line"
    )


def test_a_person_is_obeyed_wherever_a_command_stands_and_told_of_slips(
    company: Company, listener: Peer
) -> None:
    peer = company.converse()
    peer.read_until("/help lists the commands")
    listener.read_until("joined")
    peer.send(b"text\n/nick ann\n/frob\n\t/op hush\n/usr/bin is full\n/op: hush\n/w\x1b[Dho\n")
    assert listener.read_lines(3)[-1] == "ann: /usr/bin is full"
    refusals = [line.partition(" ")[2] for line in peer.read_until("/w\\x1b[Dho")]
    assert [line[:24] for line in refusals if "You are now" not in line] == [
        "* Unknown command /frob;",
        "* Not sent, as it may te",
        "* Not sent, as it may te",
        "* Unknown command /w\\x1b",
    ]


def test_a_program_that_speaks_json_gives_commands_whenever_it_likes(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(
        b'/json\n{"text": "/usr/bin"}\n{"command": "/nick ci"}\n{"text": "x"}\n'
    )
    address = peer.client.address
    assert listener.read_lines(2) == [f"{address}: /usr/bin", "ci: x"]


@pytest.mark.parametrize("text", ["/op hush", " /op hush", "\ufeff/msg ann hush", "/resume lusab"])
def test_not_even_a_program_that_speaks_json_says_a_secret(
    company: Company, listener: Peer, text: str
) -> None:
    escaped = text.replace("\ufeff", "\\ufeff")
    peer = company.converse(f'/json\n{{"text": "{escaped}", "ref": 1}}\n{{"text": "x"}}\n'.encode())
    assert texts(listener, 1) == ["x"]
    refused = json.loads(peer.read_lines(2)[1])
    assert (refused["kind"], refused["ref"]) == ("error", 1)
    assert refused["text"].startswith("Not sent: a text that begins with /")
