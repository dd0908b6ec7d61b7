"""What each command costs: the CPU time that the server takes for one, in several scenes.

Each is repeated by one client, without a pause. What a client is answered, and what others are told
of it, is part of its cost. tests/attacks/test_commands.py attacks with the dearest.
"""

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from measuring.crowd import Crowd, Member
from measuring.report import Report
from measuring.server import Server

MESSAGES = 100_000
"""Messages of the lobby in the scenes with a history: what memory holds at the most."""

WORDS = 2_000
"""Different words in them, of which each message has three."""

LISTENERS = 100
"""People in the lobby in these scenes, who are told what they have to be told."""

AT_ONCE = 20
"""How often a command is sent before the answers are waited for."""

CPU_SECONDS, SECONDS = 0.1, 0.5
"""A command is repeated until it has taken the first of the server's CPU, or the second."""

COMMANDS = {
    "/forget": ("/forget",),
    "/history": ("/history 900",),
    "/since": ("/since 1h",),
    "/find, nothing": ("/find zzz",),
    "/find, a word": ("/find word77",),
    "/find, beginnings": ("/find wo* wor* word*",),
    "/find, a frequent phrase": ('/find "is line"',),
    "/find, in a room": ("/find line in:nowhere",),
    "/around": ("/around 50",),
    "/nick": ("/nick anna", "/nick ann"),
    "/nick, refused": ("/nick bob",),
    "/whois": ("/whois bob",),
    "/away": ("/away for lunch", "/away"),
    "/token": ("/token",),
    "/me": ("/me waves",),
    "/msg": ("/msg bob hello",),
    "/reply": ("/reply hello",),
    "/join": ("/join elsewhere", "/join lobby"),
    "/join, a new room": tuple(f"/join r{number}" for number in range(AT_ONCE)),
    "/leave": ("/join elsewhere", "/leave"),
    "/rooms": ("/rooms",),
    "/topic": ("/topic tea", "/topic coffee"),
    "/who": ("/who",),
    "/ignore": ("/ignore bob", "/unignore bob"),
    "/unignore": ("/unignore carl",),
    "/quiet": ("/quiet on", "/quiet off"),
    "/time": ("/time on", "/time off"),
    "/time, a zone": ("/time Europe/Berlin",),
    "/bell": ("/bell on", "/bell off"),
    "/color": ("/color on", "/color off"),
    "/redraw": ("/redraw on", "/redraw off"),
    "/json": ("/json on", "/json off"),
    "/help": ("/help",),
    "/help, one command": ("/help find",),
    "/why": ("/why",),
    "/invite": ("/invite",),
    "/uptime": ("/uptime",),
    "/version": ("/version",),
    "an unknown command": ("/hisstroy",),
    "/op": ("/op secret",),
    "/kick, refused": ("/kick carl",),
    "/release, refused": ("/release carl",),
    "/ban": ("/ban 10.1.2.3", "/unban 10.1.2.3"),
    "/unban, refused": ("/unban 10.1.2.3",),
    "/bans": ("/bans",),
    "/mute": ("/mute bob", "/unmute bob"),
    "/unmute, refused": ("/unmute carl",),
    "/delete": tuple(f"/delete {number}" for number in range(1000, 1000 + AT_ONCE)),
    "/announce": ("/announce tea",),
    "/limits": ("/limits",),
    "/stats": ("/stats",),
    "/shutdown": ("/shutdown 1h", "/shutdown cancel"),
}
"""The lines of each, which are sent in turn. Two commands that undo each other share their cost.

First come those that show or count messages, while the scene has those that it was given."""

ONE_BY_ONE = {"/since", "/stats"}
"""Commands that are sent once before the answer is waited for: it is long, or takes a second."""

ONCE_A_CONNECTION = {"/quit": "/quit", "/resume": "/resume {token}"}
"""Commands that a connection can give once: the cost of the connection is part of theirs."""

_TOKEN = re.compile(rb"/resume (\S+)")

SCENES = ("alone", "in memory", "in a file")


class Costs(NamedTuple):
    """Seconds of CPU for one line of each command, by the scenes."""

    of: dict[str, dict[str, float]]

    def dearest(self) -> list[tuple[str, dict[str, float]]]:
        """All of them, the dearest of any scene first."""
        return sorted(self.of.items(), key=lambda item: -max(item[1].values()))


def commands(core: int) -> int:
    """What each command costs, alone and with a history of 100,000 messages, the dearest first"""
    report = Report(
        f"commands: CPU of one, in ms: alone; with {MESSAGES:,} messages in memory and {LISTENERS} "
        "people in the room; with the messages in a file"
    )
    costs = Costs({})
    for scene in SCENES:
        with _server(core, scene) as server:
            for name, seconds in _measure(server, scene):
                costs.of.setdefault(name, {})[scene] = seconds
    for place, (name, found) in enumerate(costs.dearest(), 1):
        shown = "  ".join(f"{found[scene] * 1e3:9.3f}" for scene in SCENES)
        report.figure(f"{place:>2}. {name}", shown)
    return report.failures


@contextmanager
def _server(core: int, scene: str) -> Iterator[Server]:
    """A server that has, in all scenes but the first, a history."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "password").write_text("secret")
        options = ["--op-password-file", str(folder / "password")]
        if scene == "in a file":
            options += ["--history", str(folder / "chat.db")]
            with Server(core, *options) as before:  # so that memory does not hold it
                _fill(before)
        server = stack.enter_context(Server(core, *options))
        if scene == "in memory":
            _fill(server)
        yield server


def _fill(server: Server) -> None:
    crowd = Crowd(server.port)
    talker, listener = crowd.join(2)
    crowd.await_head_count(2)
    for first in range(0, MESSAGES, 1000):
        crowd.say(talker, b"".join(map(_message, range(first, first + 1000))))
        crowd.until(lambda first=first: listener.lines >= first + 1000, "it is said")  # type: ignore[misc]
    crowd.leave([talker, listener])


def _message(number: int) -> bytes:
    words = (number * factor % WORDS for factor in (1, 7, 31))
    text = " ".join(f"word{word}" for word in words)
    return f"this is line {number} of many, about {text}\n".encode()


def _measure(server: Server, scene: str) -> Iterator[tuple[str, float]]:
    """Yield the name of each command, and what it takes."""
    crowd = Crowd(server.port)
    asker, bob = crowd.join(2, speaks_at_once=False)
    if scene != "alone":
        crowd.join(LISTENERS, speaks_at_once=False)
    crowd.await_head_count(2 if scene == "alone" else 2 + LISTENERS)
    answers = asker.keep()
    crowd.say(bob, b"/nick bob\n")
    crowd.say(asker, b"/op secret\n/nick ann\n/token\n/version\n")
    crowd.until(lambda: b" * gchat " in answers, "it is named")
    token = _TOKEN.search(answers)
    crowd.say(bob, b"/msg ann hello\n")
    crowd.until(lambda: b"hello" in answers, "it is written to")
    _await_index(crowd, asker)
    for name, lines in COMMANDS.items():
        repeats = 1 if name in ONE_BY_ONE else -(-AT_ONCE // len(lines))
        yield name, _repeat(server, crowd, asker, lines * repeats)
    for name, line in ONCE_A_CONNECTION.items():
        crowd.leave([asker])  # whose token it is
        yield (
            name,
            _come_and_go(server, crowd, line.format(token=token[1].decode() if token else "none")),
        )


def _await_index(crowd: Crowd, asker: Member) -> None:
    """Wait until all messages can be found by their words, if there is a file."""
    answers = bytearray(b"not indexed")
    while b"not indexed" in answers:
        answers = asker.keep()
        crowd.say(asker, b"/find zzz\n/version\n")
        crowd.until(lambda answers=answers: b" * gchat " in answers, "it is looked for")  # type: ignore[misc]


def _repeat(server: Server, crowd: Crowd, asker: Member, lines: tuple[str, ...]) -> float:
    """Seconds of CPU for one of `lines`, which are sent again and again."""
    data = ("\n".join((*lines, "/version")) + "\n").encode()
    spent, repeats, end = 0.0, 0, time.monotonic() + SECONDS
    while spent < CPU_SECONDS and time.monotonic() < end:
        answers, began = asker.keep(), server.cpu_time()
        crowd.say(asker, data)
        crowd.until(lambda answers=answers: b" * gchat " in answers, "it is answered")  # type: ignore[misc]
        spent += server.cpu_time() - began
        repeats += 1
    return spent / repeats / len(lines)


def _come_and_go(server: Server, crowd: Crowd, line: str) -> float:
    """Seconds of CPU for a connection on which `line` is said at once, and which then ends."""
    began, repeats = server.cpu_time(), 0
    while repeats < AT_ONCE:
        (member,) = crowd.join(1, speaks_at_once=False)
        answers = member.keep()
        crowd.say(member, f"{line}\n/version\n".encode())
        crowd.until(
            lambda answers=answers, member=member: b" * gchat " in answers or member.ended,  # type: ignore[misc]
            f"{line} is answered",
        )
        crowd.leave([member])
        repeats += 1
    return (server.cpu_time() - began) / repeats
