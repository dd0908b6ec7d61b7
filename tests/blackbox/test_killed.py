"""SIGKILL at any moment: what anybody was sent is in the history file, once and in order."""

import json
import random
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

PARTS = 5
"""They run side by side."""

ROUNDS = 10
"""Of each part, at least. In more than half of them something must have been heard."""

TALKERS, LISTENERS = 3, 2

LONGEST = 0.15
"""Seconds of talk, at the most, until the server is killed: some thousand lines."""


def flood(talker: Connection, first: int) -> None:
    """Say numbers until nobody takes them any more."""
    with suppress(OSError):
        while True:
            talker.say(*map(str, range(first, first + 50)))
            first += 50


def heard_by(listener: Connection) -> list[str]:
    """All whole lines that come until the connection ends, in whatever way."""
    data = b""
    with suppress(OSError):
        while portion := listener.socket.recv(2**16):
            data += portion
    return [line for line in data.decode().split("\n")[:-1] if not line.startswith(" * ")]


def kept(path: Path) -> list[str]:
    """What people have said in the lobby, as it is in the file."""
    with closing(sqlite3.connect(path)) as file:
        return [
            f"{name}: {text}"
            for name, text in file.execute(
                "SELECT name, text FROM messages WHERE room = 'lobby' AND kind = 'say' ORDER BY id"
            )
        ]


def talk_until_it_is_killed(server: Server, seconds: float) -> list[list[str]]:
    """What each listener heard, until the server was killed after so many seconds of talk."""
    people = server.people(LISTENERS + TALKERS)
    listeners, talkers = people[:LISTENERS], people[LISTENERS:]
    with ThreadPoolExecutor(TALKERS + LISTENERS) as pool:
        heard = [pool.submit(heard_by, listener) for listener in listeners]
        for number, talker in enumerate(talkers):
            pool.submit(flood, talker, number * 10**6)
        time.sleep(seconds)  # no moment is better than another
        server.signal(signal.SIGKILL)
        assert server.wait() == -signal.SIGKILL
        return [future.result() for future in heard]


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_somebody_was_sent_is_in_the_file_when_the_server_is_killed(
    start_server: StartServer, tmp_path: Path, part: int
) -> None:
    numbers = random.Random(part)
    file, before, rounds, rounds_with_talk = tmp_path / "chat.db", 0, 0, 0
    while rounds < ROUNDS or rounds_with_talk <= ROUNDS / 2:
        rounds += 1
        server = start_server("--rate", "0", "--replay", "0", "--history", str(file))
        heard = talk_until_it_is_killed(server, numbers.uniform(0, LONGEST))
        lines = kept(file)
        assert len(set(lines[before:])) == len(lines) - before
        for one in heard:
            if one:
                first = lines.index(one[0], before)
                assert lines[first : first + len(one)] == one
        rounds_with_talk += all(map(len, heard))
        before = len(lines)


def kept_privates(path: Path) -> int:
    """How many direct messages are in the file."""
    with closing(sqlite3.connect(path)) as file:
        return int(file.execute("SELECT count(*) FROM privates").fetchone()[0])


def test_direct_messages_that_had_not_arrived_a_while_before_come_all_and_once(
    start_server: StartServer, tmp_path: Path
) -> None:
    file, texts = tmp_path / "chat.db", [f"psst {number}" for number in range(5)]
    server = start_server("--history", str(file), "--rate", "0")
    bob, ann = server.json_program("bob"), server.json_program("ann", 4096)
    token = ann.ask("/token")["token"]
    bob.say(*[json.dumps({"text": "x" * 500})] * 200)  # more than her kernel takes
    for text in texts:
        assert bob.carry_out(text=text, to="ann")[-1]["kind"] == "ok"
    wait_until(lambda: kept_privates(file) == len(texts), "they are in the file")
    server.signal(signal.SIGKILL)
    assert server.wait() == -signal.SIGKILL

    server = start_server("--history", str(file), "--rate", "0")
    shown = server.json_program().carry_out(command=f"/resume {token}")
    assert [fields["text"] for fields in shown if fields["kind"] == "private"] == texts
    wait_until(lambda: kept_privates(file) == 0, "they have arrived")
