"""A JSON program in several rooms: every line whole, in each room's order, none lost or twice."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from typing import Any

import pytest

from tests.blackbox.connection import Connection, JsonProgram
from tests.blackbox.kernel import server_side
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

ROOMS = ("lobby", "builds", "ops")

COUNT = 1500
"""Lines of a flood in each room: with 600 bytes each more than the kernel holds of them all."""

PAD = "x" * 450

Fields = dict[str, Any]


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    return ["--history", str(tmp_path / "chat.db"), "--rate", "0"]


class Seen:
    """What a program has been shown, over all of its connections."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = defaultdict(list)
        self.places: dict[str, str] = {}
        self.gaps: list[Fields] = []
        self._begun = b""

    def take(self, fields: Fields) -> None:
        """One object more."""
        if fields["kind"] == "say":
            self.texts[fields["room"]].append(fields["text"].partition(" ")[0])
        elif fields["kind"] == "gap":
            self.gaps.append(fields)
        if "place" in fields:
            self.places[fields["room"]] = fields["place"]

    def read(self, connection: Connection, size: int) -> None:
        """Take what is in so many bytes of a connection, or fewer; each line must be whole."""
        *lines, self._begun = (self._begun + connection.socket.recv(size)).split(b"\n")
        for line in lines:
            self.take(json.loads(line))

    def read_until(self, program: JsonProgram, condition: Callable[[], bool]) -> None:
        """Take object after object until `condition` holds."""
        while not condition():
            self.take(program.object())

    def has_all_up_to(self, last: int) -> bool:
        """Whether the line `last` has come in each room."""
        return all(self.texts[room][-1:] == [str(last)] for room in ROOMS)

    def check(self, count: int) -> None:
        """All lines up to `count` must have come in each room, in their order, each once."""
        assert not self.gaps
        for room in ROOMS:
            assert self.texts[room] == [str(number) for number in range(count)], room


def in_all_rooms(
    server: Server, name: str, seen: Seen | None = None, receive_buffer: int | None = None
) -> JsonProgram:
    """A program of that name in all ROOMS."""
    program = server.json_program(name, receive_buffer)
    for room in ROOMS[1:]:
        for fields in program.carry_out(join=room):
            if seen:
                seen.take(fields)
    return program


def flood(server: Server, first: int, count: int) -> None:
    """Have one program say so many numbered lines in all ROOMS, by turns, the first room last:
    of that, the others may have got nothing yet when they have of all others."""
    talker = in_all_rooms(server, f"talker{first}")
    for number in range(first, first + count):
        lines = [json.dumps({"text": f"{number} {PAD}", "room": room}) for room in reversed(ROOMS)]
        talker.say(*lines)
    talker.carry_out(command="/uptime")
    talker.close()


def read_slowly(connection: Connection, seen: Seen, portions: int) -> None:
    """Read a few bytes so many times, as a client on a bad line does: each time the server has more
    to send than the kernels take."""
    for _ in range(portions):
        wait_until(lambda: server_side(connection).unacknowledged > 0, "the server has to wait")
        seen.read(connection, 100)


def read_what_has_arrived(server: Server, connection: Connection, seen: Seen) -> None:
    """Take all that the kernel of a program acknowledges while the server does nothing."""
    server.signal(SIGSTOP)

    def is_read() -> bool:
        if server_side(connection).unacknowledged:
            seen.read(connection, 2**20)
        return not server_side(connection).unacknowledged

    wait_until(is_read, "all has arrived")
    connection.socket.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            seen.read(connection, 2**20)


def token_of(program: JsonProgram, seen: Seen) -> str:
    """The token of a program, which has a place of its first room from then on."""
    shown = program.ask("/token")
    seen.take(shown)
    return str(shown["token"])


def has_places(path: str) -> bool:
    """Whether the places in all ROOMS are saved in the history file."""
    with closing(sqlite3.connect(path)) as file:
        return bool(file.execute("SELECT count(*) FROM places").fetchone()[0] >= len(ROOMS))


def test_a_slow_reader_in_flooded_rooms_gets_every_line_whole_and_in_order(
    start_server: StartServer,
) -> None:
    server, seen = start_server("--rate", "0"), Seen()
    slow = in_all_rooms(server, "slow", seen, 4096)
    with ThreadPoolExecutor() as pool:
        flooding = pool.submit(flood, server, 0, COUNT)
        read_slowly(slow, seen, 30)
        flooding.result()
    while not seen.has_all_up_to(COUNT - 1):
        seen.read(slow, 2**20)
    seen.check(COUNT)


@pytest.mark.parametrize(
    ("end", "with_places"),
    [("reset", True), ("reset", False), ("stopped", True), ("stopped", False), ("killed", True)],
)
def test_it_comes_back_to_all_its_rooms_and_nothing_is_lost_or_twice(
    start_server: StartServer, options: list[str], end: str, with_places: bool
) -> None:
    server, seen = start_server(*options), Seen()
    program = in_all_rooms(server, "ann", seen, 4096)
    token = token_of(program, seen)
    wait_until(lambda: has_places(options[1]), "its places are in the file")
    flood(server, 0, COUNT)
    read_slowly(program, seen, 10)
    if not with_places:
        read_what_has_arrived(server, program, seen)
    program.reset()
    server.signal(SIGCONT)
    if end != "reset":
        server.signal(SIGKILL if end == "killed" else SIGTERM)
        assert server.wait() in (0, -SIGKILL)
        server = start_server(*options)
    again = server.json_program()
    request = {"resume": token, "places": seen.places} if with_places else {"resume": token}
    objects = again.carry_out(**request)
    assert objects[-1]["kind"] == "ok", objects[-1]
    for fields in objects:
        seen.take(fields)
    flood(server, COUNT, 100)
    seen.read_until(again, lambda: seen.has_all_up_to(COUNT + 99))
    seen.check(COUNT + 100)
