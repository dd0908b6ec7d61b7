"""Many who come at once: they are accepted at once, and let in, or told why not, in turn."""

from signal import SIGCONT, SIGSTOP, SIGTERM

from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.conftest import StartServer

GOODBYE = " * the server is going down"


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
    assert sum(line.startswith(" * welcome") for line in told) == 10
    assert (
        sum(line.startswith(" * the server is full: all 10 places are taken") for line in told)
        == 90
    )
    assert "descriptors" not in server.log()


def test_those_still_at_the_door_when_the_server_ends_are_told_so(server: Server) -> None:
    newcomers = come_at_once(server, 15)
    server.signal(SIGTERM)
    server.signal(SIGCONT)
    assert [newcomer.rest()[-1] for newcomer in newcomers] == [GOODBYE] * 15
    assert server.wait() == 0
