"""What is dropped is gone at once, so that the garbage collector need not hold anybody up."""

import json
from collections.abc import Callable
from pathlib import Path
from signal import SIGUSR1

import pytest

from tests.blackbox.http_clients import Reader, curl, post
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import TlsConnection, client_hello
from tests.blackbox.waiting import wait_until
from tests.blackbox.websocket_client import websocket
from tests.conftest import StartServer
from tests.websocket_frames import close

VISITS = 10

MANY = 4000
"""So many make some hundred thousand objects: Python by itself would examine all of them."""


class Examined:
    """A server that tells what garbage it has."""

    def __init__(self, start_server: StartServer, folder: Path, *options: str) -> None:
        self._told = folder / "garbage"
        self.server = start_server(
            *("--history", str(folder / "chat.db"), "--rate", "0", *options),
            *("--max-per-address", "0", "--connect-rate", "0"),
            module="tests.blackbox.server_that_tells_of_garbage",
            environment={"GARBAGE_FILE": str(self._told), "XDG_STATE_HOME": str(folder)},
        )
        self._descriptors = 0

    def tell(self) -> dict[str, int]:
        """What there is, when everybody has left."""
        self.server.signal(SIGUSR1)
        wait_until(self._told.exists, "it tells of garbage")
        told: dict[str, int] = json.loads(self._told.read_text())
        self._told.unlink()
        return told


def says_a_few_things(server: Server) -> None:
    person = server.person()
    person.say("hello", "/me waves", "/topic tea", "/who", "bye", "/quit")
    person.rest()


def gives_commands(server: Server) -> None:
    program = server.program("/since 1", "/find one", "/help", "/msg no hi", "/away", "/x")
    program.say("/join builds", "/history 5", "/resume x", "/rooms", "/stats", "one", "two")
    program.end_input()
    program.rest()


def sends_rubbish(server: Server) -> None:
    connection = server.connect()
    connection.send(b"\0\x80\n/nick /\n/no such\n" + b"x" * 100_000 + b"\n")
    connection.end_input()
    connection.rest()


def vanishes(server: Server) -> None:
    person = server.person()
    person.say("/find x")
    person.reset()


def opens_a_websocket(server: Server) -> None:
    page = websocket(server)
    page.carry_out(text="hello")
    page.ask("/who")
    page.send(close(1000))
    page.closed()


def reads_and_posts(server: Server) -> None:
    reader = Reader(server, "/lobby/sse")
    post(server, "/lobby?name=ci", "posted")
    reader.event()
    reader.close()
    curl(server, "/no/such/page")
    curl(server, "/lobby/json?poll=1&since=10m")


def is_inside_tls(server: Server) -> None:
    connection = server._add(TlsConnection(server.address))
    connection.say("/who", "hello")
    connection.end_input()
    connection.rest()


def breaks_tls_off(server: Server) -> None:
    connection = server.connect()
    connection.send(client_hello()[:-1] + b"\0" * 100)
    connection.reset()


@pytest.mark.parametrize(
    "visit",
    [
        says_a_few_things,
        gives_commands,
        sends_rubbish,
        vanishes,
        opens_a_websocket,
        reads_and_posts,
        is_inside_tls,
        breaks_tls_off,
    ],
)
def test_who_comes_and_leaves_leaves_no_garbage(
    start_server: StartServer, tmp_path: Path, visit: Callable[[Server], object]
) -> None:
    examined = Examined(start_server, tmp_path, "--tls")
    empty = examined.server.descriptors()
    visit(examined.server)  # which makes what is made only once
    examined.server.wait_for_descriptors(empty)
    examined.tell()
    for _ in range(VISITS):
        visit(examined.server)
    examined.server.wait_for_descriptors(empty)
    assert examined.tell()["found"] < VISITS


def came(server: Server) -> int:
    """How many have come to the server."""
    return server.log().count(" INFO join ")


def test_nobody_waits_until_all_is_examined_while_many_come(
    start_server: StartServer, tmp_path: Path
) -> None:
    examined = Examined(start_server, tmp_path)
    examined.tell()
    people = [examined.server.connect() for _ in range(MANY)]
    examined.server.person("bystander")
    wait_until(lambda: came(examined.server) > len(people), "all are in")
    assert examined.tell()["full"] == 0
