"""Where a server listens, and what it says that others can type to join."""

import re
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from signal import SIGCONT, SIGSTOP, SIGTERM

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.server import Server
from tests.conftest import StartServer

LOOPBACK = ["127.0.0.1", "::1"]
GOODBYE = " * The server is going down"

Visit = Callable[[str, Server], Person]


def told_to_type(server: Server) -> list[str]:
    """The hosts that the log says how to join at, in its order."""
    port = server.address[1]
    found = re.findall(rf"(?:to join|INFO or): nc (\S+) {port}$", server.log(), re.M)
    assert len(re.findall(r"to join: ", server.log())) == 1
    return [str(host) for host in found]


@pytest.fixture
def visit() -> Iterator[Visit]:
    """Lets somebody join a server at a host, and be welcomed."""
    people: list[Person] = []

    def join(host: str, server: Server) -> Person:
        people.append(Person((host, server.address[1])))
        people[-1].be_welcomed()
        return people[-1]

    yield join
    for person in people:
        person.close()


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def listening_sockets(server: Server) -> list[str]:
    return sorted(connection.laddr[0] for connection in server._listening())


# localhost


def test_localhost_is_both_families_of_one_chat(start_server: StartServer, visit: Visit) -> None:
    server = start_server("--host", "localhost")
    server.expect_log("or: nc ::1 ")
    assert listening_sockets(server) == LOOPBACK
    assert told_to_type(server) == LOOPBACK
    ann, bob = (visit(host, server) for host in LOOPBACK)
    bob.say("over there?")
    ann.expect(": over there?")
    ann.say("here")
    bob.expect(": here")
    for person in (ann, bob):  # the server counts descriptors at the end
        person.close()


def test_limits_are_those_of_all_addresses_together(
    start_server: StartServer, visit: Visit
) -> None:
    server = start_server("--host", "localhost", "--max-clients", "1")
    ann = visit("::1", server)
    assert "The server is full" in server.connect().rest()[0]
    ann.say("/quit")
    ann.rest()
    server.person()


def test_all_who_come_at_once_at_any_address_are_turned_away_at_the_end(
    start_server: StartServer, visit: Visit
) -> None:
    server = start_server("--host", "localhost")
    port = server.address[1]
    server.expect_log("or: nc ::1 ")
    guests = [visit(host, server) for host in LOOPBACK]
    server.signal(SIGSTOP)
    newcomers = [Person((host, port)) for host in LOOPBACK * 5]
    server.signal(SIGTERM)
    server.signal(SIGCONT)
    ends = [person.rest()[-1] for person in newcomers + guests]
    assert [end.partition(" (")[0] for end in ends] == [GOODBYE] * 12
    assert server.wait() == 0
    for host in LOOPBACK:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, port)).close()


def test_nobody_is_let_in_at_any_address_while_the_server_ends(start_server: StartServer) -> None:
    server = start_server("--host", "localhost", "--rate", "0")
    server.expect_log("or: nc ::1 ")
    slow = server.person(receive_buffer=2048)
    talker = server.person()
    talker.say(*["x" * 1000] * 1000, "done")  # `slow` does not read it, and is waited for
    slow.expect(": xxx")
    server.signal(SIGTERM)
    server.expect_log("stopping: 2 clients connected")
    for host in LOOPBACK:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, server.address[1])).close()
    assert server.process.poll() is None
    slow.close()
    talker.close()
    assert server.wait() == 0


# All addresses


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_the_log_and_invite_tell_the_same_addresses_that_others_can_type(
    host: str, start_server: StartServer, visit: Visit
) -> None:
    server = start_server("--host", host)
    server.expect_log(f"or: nc {socket.gethostname()} ")
    hosts = told_to_type(server)
    assert hosts[-1] == socket.gethostname()
    assert not {"0.0.0.0", "::"} & {*hosts}
    own = hosts[:-1]
    assert len(set(map(is_loopback, own))) == 1  # loopback addresses if there are no others
    assert host == "::" or not any(":" in address for address in own)
    for address in own:
        person = visit(address, server)
        person.say("/invite")
        invited = [person.expect("  nc ") for _ in hosts]
        assert [line.split()[-2] for line in invited] == [
            address,
            *(host for host in hosts if host != address),
        ]
        assert person.expect("  ncat ").split()[-2:] == [address, str(server.address[1])]
        person.close()


def test_one_address_is_told_as_it_is(start_server: StartServer) -> None:
    server = start_server("--host", "::1")
    server.expect_log("listens")
    assert told_to_type(server) == ["::1"]
    person = server.person()
    person.say("/invite")
    assert person.expect("  nc ").split()[-2] == "::1"
    assert "  ncat ::1 " in person.line()
