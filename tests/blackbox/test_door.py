"""Many who come at once: they are accepted at once, and let in, or told why not, in turn."""

from signal import SIGCONT, SIGSTOP, SIGTERM

import pytest

from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.conftest import StartServer

GOODBYE = " * The server is going down"


def come_at_once(server: Server, count: int) -> list[Connection]:
    """So many have connected by the time that the server looks; it is still to be continued."""
    server.signal(SIGSTOP)
    return [server.connect() for _ in range(count)]


def test_more_at_once_than_there_are_places_are_told_so_and_use_up_no_descriptors(
    start_server: StartServer,
) -> None:
    server = start_server("--max-clients", "10", descriptors=60)
    newcomers = come_at_once(server, 100)
    server.signal(SIGCONT)
    told = [newcomer.line() for newcomer in newcomers]
    assert sum(line.startswith(" * Welcome") for line in told) == 10
    assert sum(line.startswith(" * The server is full (10 clients)") for line in told) == 90
    assert "descriptors" not in server.log()


@pytest.mark.parametrize("password", [None, "open"])
def test_those_who_still_wait_when_the_server_ends_are_told_so(
    start_server: StartServer, password: str | None
) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": password} if password else {})
    first = server.connect()
    first.send(b"GET /healthz HTTP/1.0\r\n\r\n")
    assert "200" in first.rest()[0]  # its loop runs: in the first turn signals may come first
    newcomers = come_at_once(server, 15)  # all of them are accepted in one turn
    server.signal(SIGTERM)
    server.signal(SIGCONT)
    assert [newcomer.rest()[-1:] for newcomer in newcomers] == [[GOODBYE]] * 15
    assert server.wait() == 0


def test_of_those_who_come_at_once_from_one_address_only_so_many_are_let_in(
    start_server: StartServer,
) -> None:
    server = start_server("--max-per-address", "3")
    newcomers = come_at_once(server, 600)
    server.signal(SIGCONT)
    assert sum(newcomer.line().startswith(" * Welcome") for newcomer in newcomers) == 3
