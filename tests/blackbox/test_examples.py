"""examples/: a bot and a bridge, through lost connections and restarts of the server."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals

import pytest

from tests.blackbox.server import ROOT, Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer


@contextmanager
def example(name: str, *arguments: str) -> Iterator[None]:
    """The example of that name runs within."""
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def has_token(path: str) -> bool:
    """Whether a program can come back with its token, also if the server is killed now."""
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute("SELECT state ->> '$.person' FROM identities").fetchall()
    return (0,) in rows


def place_of(server: Server) -> tuple[str, str]:
    return server.address[0], str(server.address[1])


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--history", str(tmp_path / "chat.db")]


@pytest.mark.parametrize("end", [SIGTERM, SIGKILL])
def test_the_bot_survives_a_taken_name_and_a_restart_and_answers_once(
    start_server: StartServer, options: list[str], end: Signals
) -> None:
    server = start_server(*options)
    host, port = place_of(server)
    ann = server.person("clock")
    with example("bot.py", host, port):
        wait_until(lambda: len(ann.who()) > 1 and has_token(options[1]), "the bot is here")
        ann.say("!time")
        name = re.fullmatch(r"(clock\d+): clock: it is \d\d:\d\d", ann.message())
        assert name
        server.signal(end)
        server.wait()
        server = start_server(*options, port=int(port))
        bob = server.person("bob")
        bob.say("!time")
        assert re.fullmatch(rf"{name[1]}: bob: it is \d\d:\d\d", bob.message())
        bob.say("done")
        assert bob.who() == sorted([name[1], "bob"])


def test_the_bridge_says_each_line_once_over_a_restart(
    start_server: StartServer, options: list[str], tmp_path: Path
) -> None:
    server = start_server(*options)
    host, port = place_of(server)
    log = tmp_path / "build.log"
    log.write_text("old\n")
    ann = server.person("ann")
    ann.say("/join builds")
    with example("bridge.py", host, port, str(log), "builds"), log.open("a") as file:
        wait_until(lambda: "log" in ann.who(), "the bridge is here")
        print("one\ntwo", file=file, flush=True)
        assert [ann.message(), ann.message()] == ["log: one", "log: two"]
        wait_until(lambda: has_token(options[1]), "its token is in the file")
        server.signal(SIGKILL)
        server.wait()
        print("three", file=file, flush=True)
        server = start_server(*options, port=int(port))
        bob = server.person("bob")
        bob.say("/join builds")
        wait_until(lambda: "log" in bob.who(), "it is back")
        print("four", file=file, flush=True)
        bob.lines_until("log: four")
        bob.say("/history")
        history = bob.lines_until("log: four")
        assert [line.rpartition("log: ")[2] for line in history if "log: " in line] == [
            "one",
            "two",
            "three",
            "four",
        ]
