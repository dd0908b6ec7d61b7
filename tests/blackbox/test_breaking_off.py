"""Clients that end in every way there is, and newcomers for whom there is no place."""

import random
import time
from collections.abc import Callable

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Connection
from tests.blackbox.kernel import KEEPALIVE, server_side
from tests.blackbox.server import Server
from tests.conftest import StartServer


@pytest.mark.parametrize("leave", [Connection.reset, Connection.close, Connection.end_input])
def test_one_who_leaves_in_any_way_is_announced_and_is_not_there_any_more(
    server: Server, bystanders: Bystanders, leave: Callable[[Connection], None]
) -> None:
    leaver = server.person("carl")
    with bystanders:
        assert "carl" in server.person().who()
        leave(leaver)
        bystanders.hear("carl left")
    assert "carl" not in server.who()
    assert bystanders.messages == []


@pytest.mark.options("--rate", "0")
def test_half_close_says_the_unfinished_line_and_is_still_sent_what_is_owed(
    server: Server, bystanders: Bystanders
) -> None:
    client = server.program("/help", receive_buffer=4096)
    with bystanders:
        client.send(b"/who\n" * 2_000 + b"unfinished")
        client.end_input()
        # Not the other way round: who does not read the answers is not listened to either.
        answers = client.rest()
        bystanders.hear("unfinished")
    assert sum("here: " in answer for answer in answers) == 2_000
    assert bystanders.messages == [f"{client.address}: unfinished"]


@pytest.mark.options("--rate", "0")
def test_half_close_is_still_sent_what_was_said_before(
    server: Server, bystanders: Bystanders
) -> None:
    reader, talker = server.person(receive_buffer=4096), server.person("carl")
    filling = "x" * 10_000
    reader.say("here")  # so it is announced, and its leaving is told as such
    bystanders.bob.expect(f"{reader.address}: here")
    talker.say(*(f"{n} {filling}" for n in range(300)))
    bystanders.bob.expect("carl: 299")
    reader.end_input()
    with bystanders:
        bystanders.hear(f"{reader.address} left")
    lines = [line for line in reader.rest() if line.startswith("carl: ")]
    assert lines == [f"carl: {n} {filling}" for n in range(300)]


def test_a_peer_that_vanishes_is_probed_after_a_minute_of_silence(server: Server) -> None:
    side = server_side(server.person())
    assert side.timer == KEEPALIVE
    assert side.expires <= 60


def test_clients_that_send_anything_and_break_off_in_any_way_leave_nothing_behind(
    server: Server, bystanders: Bystanders
) -> None:
    chance = random.Random(7)
    before = server.descriptors()
    endings = (Connection.close, Connection.reset, Connection.end_input)
    with bystanders:
        half_closed = []
        for number in range(300):
            client = Connection(server.address)
            client.send(chance.randbytes(chance.randrange(2_000)))
            if number % 2:
                client.send(b"\n")
            ending = endings[number % 3]
            ending(client)
            if ending is Connection.end_input:
                half_closed.append(client)
        for client in half_closed:
            while client.socket.recv(65_536):
                pass
            client.close()
        server.wait_for_descriptors(before)
    assert sorted(server.who()) == ["ann", "bob"]


def test_a_newcomer_for_whom_there_is_no_place_is_told_so_and_the_next_one_gets_in(
    start_server: StartServer,
) -> None:
    server = start_server("--max-clients", "3")
    bystanders = Bystanders(server)
    without_third = server.descriptors()
    with bystanders:
        third = server.person("carl")
        for newcomer in (server.connect(), server.program("me too")):
            (line,) = newcomer.rest()
            assert line.startswith(" * The server is full (3 clients)")
            assert "try again later" in line
        third.say("here I stay")
        bystanders.hear("carl: here I stay")
        third.close()
        bystanders.hear("carl left")
        server.wait_for_descriptors(without_third)
        server.person("dora").say("my turn")
        bystanders.hear("dora: my turn")
    assert bystanders.messages == ["carl: here I stay", "dora: my turn"]
    assert "full" in server.expect_log("refuse")


def test_without_descriptors_newcomers_are_told_the_rest_talk_on_and_it_recovers(
    start_server: StartServer,
) -> None:
    server = start_server()
    server.limit_descriptors(40)
    bystanders = Bystanders(server)
    with bystanders:
        used = server.descriptors()
        members = [server.connect() for _ in range(40 - used)]
        for member in members:
            member.expect("Welcome")
        assert server.descriptors() == 40
        for _ in range(20):
            (line,) = server.connect().rest()
            assert line == " * The server is out of file descriptors; try again later"
        server.expect_log("out of file descriptors")
        bystanders.talk_on(20)

        members.pop().close()
        server.wait_for_descriptors(39)
        server.person("dora").say("my turn")
        bystanders.hear("dora: my turn")
    assert bystanders.messages == ["dora: my turn"]


def test_without_descriptors_the_server_does_not_spin(start_server: StartServer) -> None:
    server = start_server()
    server.limit_descriptors(40)
    bystanders = Bystanders(server)
    newcomers = [server.connect() for _ in range(60)]
    server.expect_log("out of file descriptors")
    newcomers[0].expect("Welcome")
    newcomers[-1].rest()
    with bystanders:
        used, began = server.cpu_seconds(), time.monotonic()
        bystanders.talk_on(200)  # at a pace that leaves a server that does not spin idle
        assert server.cpu_seconds() - used < 0.3 * (time.monotonic() - began)
