"""How the server ends, and what must not stop it."""

import os
import signal
from fcntl import F_SETPIPE_SZ, fcntl
from signal import SIGINT, SIGTERM

import pytest

from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.conftest import StartServer

TO_PROGRAMS = " * The server is going down"
NOTICE = f"{TO_PROGRAMS} (in nc, press Enter to leave)"


def small_pipe() -> tuple[int, int]:
    """Descriptors of a pipe that holds 4 KiB, to read from and to write to."""
    read_end, write_end = os.pipe()
    fcntl(write_end, F_SETPIPE_SZ, 4096)
    return read_end, write_end


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_signal_tells_everybody_and_ends_it_with_status_0(
    server: Server, number: signal.Signals
) -> None:
    person, program = server.person(), server.program("hello")
    person.expect("hello")
    server.signal(number)
    assert person.rest() == [NOTICE]
    assert program.rest() == [TO_PROGRAMS]
    assert server.wait() == 0
    server.expect_log("stopped")
    with pytest.raises(ConnectionRefusedError):
        Connection(server.address)


@pytest.mark.options("--rate", "0")
def test_what_is_owed_is_sent_before_the_end(server: Server) -> None:
    slow, talker = server.person(receive_buffer=4096), server.person("talker")
    filling = "x" * 10_000
    talker.say(*(f"{n} {filling}" for n in range(200)))
    talker.who()
    server.signal(SIGTERM)
    lines = [line for line in slow.rest() if line.startswith("talker: ") or line == NOTICE]
    assert lines == [*(f"talker: {n} {filling}" for n in range(200)), NOTICE]
    assert server.wait() == 0


@pytest.mark.options("--rate", "0")
def test_one_who_does_not_read_holds_up_the_end_only_for_a_while(server: Server) -> None:
    stalled, talker = server.person(receive_buffer=4096), server.person("talker")
    talker.say("x" * 60_000, *["x" * 60_000] * 40)
    talker.who()
    server.signal(SIGTERM)
    assert talker.rest() == [NOTICE]
    assert server.wait() == 0
    stalled.close()


@pytest.mark.options("--rate", "0")
@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_a_second_signal_ends_it_at_once(server: Server, number: signal.Signals) -> None:
    server.person(receive_buffer=4096)
    talker = server.person("talker")
    talker.say(*["x" * 60_000] * 40)
    talker.who()
    server.signal(number)
    assert talker.rest() == [NOTICE]  # it is waiting for the one who does not read
    server.signal(number)
    assert server.wait() == 128 + number


def test_the_port_can_be_used_again_at_once(server: Server, start_server: StartServer) -> None:
    person = server.person()
    server.signal(SIGTERM)
    assert person.rest() == [NOTICE]
    assert server.wait() == 0
    again = start_server(port=server.address[1])
    assert again.address == server.address
    again.person()


def test_a_standard_error_that_nobody_reads_does_not_stop_the_chat(
    start_server: StartServer,
) -> None:
    read_end, write_end = small_pipe()
    with os.fdopen(read_end, "rb") as unread, os.fdopen(write_end, "wb") as standard_error:
        server = start_server(standard_error=write_end)
        standard_error.close()
        ann, bob = server.people(2)
        visits = 200  # some 30 KB of log
        for _ in range(visits):
            server.program("x").close()
        ann.take_name("ann")
        ann.say("can you hear me?")
        bob.expect("ann: can you hear me?")
        bob.say("yes")
        ann.expect("yes")
        log = b""
        while log.count(b" leave ") < visits:
            log += os.read(unread.fileno(), 65_536)
        assert log.count(b" join ") == visits + 2
        server.signal(SIGTERM)
        assert ann.rest()[-1] == NOTICE
        assert server.wait() == 0


def test_it_ends_although_nobody_reads_its_standard_error(start_server: StartServer) -> None:
    read_end, write_end = small_pipe()
    with os.fdopen(read_end, "rb"), os.fdopen(write_end, "wb") as standard_error:
        server = start_server(standard_error=write_end)
        standard_error.close()
        for _ in range(200):
            server.program("x").close()
        ann = server.person()
        server.signal(SIGTERM)
        assert ann.rest()[-1] == NOTICE
        assert server.wait() == 0


def test_a_standard_error_that_is_closed_does_not_stop_the_chat(
    start_server: StartServer,
) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as standard_error:
        server = start_server(standard_error=write_end)
        standard_error.close()
        reader.close()
        ann, bob = server.people(2)
        ann.say("can you hear me?")
        bob.expect("can you hear me?")
