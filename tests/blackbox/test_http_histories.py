"""Server-sent events that are cut again and again: nothing is missing, and nothing comes twice.

The checker (tests.checker) judges what all have seen of the room.
"""

import json
import socket
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from signal import SIGKILL

import pytest

from tests.blackbox.http_clients import curl, read_answer
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.checker.histories import Event, Gap, History, Line, Witness, faults
from tests.conftest import StartServer

TALKERS, READERS, LINES = 3, 4, 120
LAST = "the end"


def request(server: Server, data: bytes) -> socket.socket:
    """A connection on which `data` was sent."""
    connection = socket.create_connection(server.address, DEADLINE)
    connection.sendall(data)
    return connection


def event_of(block: bytes) -> Event | None:
    """What an event tells of what was said; None if that is nothing."""
    fields = dict(line.partition(b": ")[::2] for line in block.split(b"\n"))
    if fields.get(b"event") == b"gap":
        return Gap(json.loads(fields[b"data"])["missed"])
    if b"id" not in fields:
        return None
    message = json.loads(fields[b"data"])
    assert fields[b"id"].decode() == message["place"]
    epoch, _, number = message["place"].rpartition("-")
    return Line(epoch, int(number), message["text"]) if message["kind"] == "say" else None


class Follower:
    """Follows the lobby from its beginning, over connections that break at any byte."""

    def __init__(self, server: Server, seed: int) -> None:
        self.server = server
        self.witness = Witness(reads_to_the_end=True)
        self.cuts = 0
        self._random = Random(seed)
        self._last = ""

    def run(self) -> None:
        """Read until the end was said."""
        while not self._is_over():
            try:
                self._read_for_a_while()
            except OSError:  # the server was killed
                continue
            self.cuts += 1

    def _is_over(self) -> bool:
        shown = self.witness.shown
        return bool(shown) and isinstance(shown[-1], Line) and shown[-1].text == LAST

    def _read_for_a_while(self) -> None:
        where = f"Last-Event-ID: {self._last}\r\n" if self._last else ""
        head = f"GET /lobby/sse?since=all HTTP/1.1\r\nHost: localhost\r\n{where}\r\n"
        left = self._random.choice((1, 200, 700, 3000, 9000))
        with request(self.server, head.encode()) as connection:
            data = b""
            while left > 0 and (portion := connection.recv(min(left, 4096))):
                data += portion
                left -= len(portion)
                if data.endswith(b"\n\n") and LAST.encode() in data:
                    break
        _, _, data = data.partition(b"\r\n\r\n")
        *blocks, _ = data.split(b"\n\n")  # what is not whole is as good as not sent
        for block in blocks:
            if found := event_of(block):
                self.witness.shown.append(found)
            for line in block.split(b"\n"):
                if line.startswith(b"id: "):
                    self._last = line[4:].decode()


class Poster:
    """Posts lines with keys, and tries again if it gets no answer."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.witness = Witness()

    def run(self) -> None:
        """Post LINES lines, some at a time."""
        for first in range(0, LINES, 3):
            texts = [f"{self.name} says {number}" for number in range(first, first + 3)]
            self.witness.sent += texts
            self._post(texts)

    def _post(self, texts: list[str]) -> None:
        body = "\n".join(texts)
        data = (
            f"POST /lobby?name={self.name} HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )
        with request(self.server, data.encode()) as connection:
            received = b""
            while portion := connection.recv(65536):
                received += portion
        answer = read_answer(received)
        assert answer.status == 200, answer
        epoch, _, _ = answer.fields["place"].rpartition("-")
        for number, text in zip(answer.fields["ids"], texts, strict=True):
            self.witness.answered.append(Line(epoch, number, text))


def stored_in(server: Server) -> list[Line]:
    """What the server has of the lobby."""
    lines = [json.loads(line) for line in curl(server, "/lobby/json?poll=1").body.splitlines()]
    return [
        Line(each["place"].rpartition("-")[0], each["id"], each["text"])
        for each in lines
        if each["kind"] == "say"
    ]


def judge(server: Server, posters: list[Poster], followers: list[Follower]) -> None:
    """Fail the test if a promise was broken."""
    witnesses = {poster.name: poster.witness for poster in posters}
    witnesses |= {f"follower {n}": each.witness for n, each in enumerate(followers)}
    witnesses["the last one"] = Witness([LAST])
    assert faults(History(witnesses, stored_in(server))) == []
    assert all(follower.cuts > 3 for follower in followers)


@pytest.mark.parametrize("keeps", [False, True], ids=["in memory", "with a file"])
def test_followers_that_are_cut_miss_nothing_and_get_nothing_twice(
    start_server: StartServer, tmp_path: Path, keeps: bool
) -> None:
    server = start_server(*(("--history", str(tmp_path / "chat.db")) if keeps else ()))
    posters = [Poster(server, f"poster{number}") for number in range(TALKERS)]
    followers = [Follower(server, seed) for seed in range(READERS)]
    with ThreadPoolExecutor(TALKERS + READERS) as pool:
        reading = [pool.submit(follower.run) for follower in followers]
        for each in [pool.submit(poster.run) for poster in posters]:
            each.result()
        assert curl(server, "/lobby", "-d", LAST).status == 200
        wait_for(reading)
    judge(server, posters, followers)


def test_followers_go_on_behind_a_server_that_was_killed(
    start_server: StartServer, tmp_path: Path
) -> None:
    options = ("--history", str(tmp_path / "chat.db"))
    server = start_server(*options)
    posters = [Poster(server, f"poster{number}") for number in range(TALKERS)]
    followers = [Follower(server, seed) for seed in range(READERS)]
    with ThreadPoolExecutor(TALKERS + READERS) as pool:
        reading = [pool.submit(follower.run) for follower in followers]
        for each in [pool.submit(poster.run) for poster in posters]:
            each.result()
        server.signal(SIGKILL)
        server.wait()
        other = start_server(*options, port=server.address[1])
        more = [Poster(other, f"later{number}") for number in range(TALKERS)]
        for each in [pool.submit(poster.run) for poster in more]:
            each.result()
        assert curl(other, "/lobby", "-d", LAST).status == 200
        wait_for(reading)
    judge(other, posters + more, followers)


def wait_for(reading: list["Future[None]"]) -> None:
    """Wait until all have read to the end."""
    wait_until(lambda: all(each.done() for each in reading), "all have read to the end")
    for each in reading:
        each.result()
