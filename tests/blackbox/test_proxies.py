"""Behind a proxy: everybody is known by their own address."""

import re
from pathlib import Path
from shutil import which

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Connection, Person
from tests.blackbox.http_clients import ask, curl, post
from tests.blackbox.operators import OPERATORS, promote
from tests.blackbox.proxies import PROXY, connect, person, request
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import any_certificate, client_hello
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer
from tests.proxy_headers import LOCAL, binary, line

ANN, BOB = "192.0.2.7", "192.0.2.8"

behind_proxy = pytest.mark.options(f"--proxy-from={PROXY}")


@behind_proxy
def test_people_are_known_by_their_own_addresses(server: Server) -> None:
    first = person(server, ANN)
    second = server._add(Person(server.address, source=PROXY))
    header = binary("2001:db8::8", 53412, extra=b"\x01\0\x02h2")
    for byte in header:  # however it is cut
        second.send(bytes((byte,)))
    second.be_welcomed()
    first.expect("[2001:db8::8]:53412 joined")
    second.say("hello")
    assert first.message() == "[2001:db8::8]:53412: hello"
    first.say(f"/whois {ANN}:4711")
    first.expect(f"address {ANN}:4711")
    server.expect_log(f"join {ANN}:4711")


@behind_proxy
def test_what_follows_the_header_at_once_is_said(server: Server) -> None:
    listener = server.person()
    program = server.connect(source=PROXY)
    program.send(line(ANN) + b"build 17 failed\n")
    program.end_input()
    assert listener.message() == f"{ANN}:4711: build 17 failed"


@behind_proxy
def test_a_proxy_that_speaks_for_itself_has_its_own_address(server: Server) -> None:
    listener = server.person()
    own = server.connect(source=PROXY)
    own.send(LOCAL + b"hello\n")
    assert listener.message() == f"{own.address}: hello"


@behind_proxy
def test_a_connection_of_a_proxy_without_a_header_is_refused_and_logged(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        for data, why in (
            (b"hello\n", "there is none"),
            (b"PROXY TCP4 here there 1 2\r\n", "the header is not as the protocol has it"),
            (b"", "no whole header came within 3 seconds"),
        ):
            connection = server.connect(source=PROXY)
            connection.send(data)
            (told,) = connection.rest()
            assert "need a PROXY header, or in HTTP X-Forwarded-For: " in told
            assert f": {why} (" in told
            assert why in server.expect_log(f"refused {connection.address}: ")
        bystanders.talk_on(5)
    assert not bystanders.messages


@behind_proxy
def test_a_header_from_elsewhere_is_text(server: Server) -> None:
    listener = server.person()
    other = server.connect(source="127.0.0.8")
    other.send(line(ANN) + b"hello\n")
    assert listener.message() == f"{other.address}: {line(ANN).decode().strip()}"
    assert listener.message() == f"{other.address}: hello"
    binary_header = server.connect(source="127.0.0.8")
    binary_header.send(binary(ANN) + b"\nhello\n")
    assert listener.lines_until("hello")[-1] == f"{binary_header.address}: hello"


def test_without_the_option_a_header_is_text(server: Server) -> None:
    listener = server.person()
    other = connect(server, ANN)
    other.say("hello")
    assert "PROXY TCP4" in listener.message()


@pytest.mark.options(f"--proxy-from={PROXY}", "--max-per-address=1")
def test_the_limit_on_connections_is_for_each_client(server: Server) -> None:
    assert person(server, ANN)
    assert person(server, BOB)
    (refused,) = connect(server, ANN, 4712).rest()
    assert "Too many connections from your address (limit 1)" in refused
    assert f"refused {ANN}:4712" in server.log()


@pytest.mark.options(f"--proxy-from={PROXY}", "--connect-rate=1")
def test_the_rate_of_new_connections_is_for_each_client(server: Server) -> None:
    connections = [connect(server, ANN, port) for port in range(5000, 5030)]
    for connection in connections:
        connection.end_input()
    told = "".join("".join(connection.rest()) for connection in connections)
    assert "Too many new connections from your address" in told
    assert person(server, BOB)


@pytest.mark.options(f"--proxy-from={PROXY}", environment=OPERATORS)
def test_a_ban_is_for_the_client_and_for_nobody_else_behind_the_proxy(server: Server) -> None:
    operator = person(server, BOB, name="op")
    promote(operator)
    operator.say(f"/ban {ANN}")
    operator.expect("banned")
    (refused,) = connect(server, ANN).rest()
    assert "You are banned" in refused
    assert request(server, "/", ANN).status == 403
    assert request(server, "/", BOB).status == 200
    assert person(server, "192.0.2.9")


@pytest.mark.options(f"--proxy-from={PROXY}", environment={"GCHAT_PASSWORD": "open sesame"})
def test_wrong_passwords_count_for_the_client(server: Server) -> None:
    guessers = [connect(server, ANN, port) for port in range(5000, 5011)]
    for guesser in guessers:
        guesser.say("guess")
        guesser.end_input()
    told = "".join("".join(guesser.rest()) for guesser in guessers)
    assert "Too many wrong passwords from your address" in told
    assert f"wrong password for the server from {ANN}" in server.log()
    other = connect(server, BOB)
    other.say("open sesame", "/whois " + other.address)
    other.expect(f"address {BOB}")


def test_half_headers_keep_nobody_out(start_server: StartServer) -> None:
    server = start_server(f"--proxy-from={PROXY}", "--max-clients=5")
    halves: list[Connection] = []
    for _ in range(600):
        half = server.connect(source=PROXY)
        half.send(b"PROXY TCP4 192.")
        halves.append(half)
    first, second = person(server, ANN, name="ann"), person(server, BOB)
    first.say("hello")
    assert second.message() == "ann: hello"
    wait_until(lambda: server.descriptors() < 100, "all are refused")
    for half in halves:
        half.close()


def test_descriptors_are_kept_free_for_those_who_have_not_said_for_whom(
    start_server: StartServer,
) -> None:
    assert ", for 368 clients;" in start_server(descriptors=400).log()
    assert ", for 112 clients;" in start_server(f"--proxy-from={PROXY}", descriptors=400).log()


@pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")
def test_tls_begins_behind_the_header(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server("--tls", "--history", str(tmp_path / "chat.db"), f"--proxy-from={PROXY}")
    ann = connect(server, ANN)
    ann.socket = any_certificate().wrap_socket(ann.socket, suppress_ragged_eofs=False)
    ann.expect("/help lists the commands")
    ann.say(f"/whois {ann.address}")
    ann.expect(f"address {ANN}:4711")
    bob = server.connect(source=PROXY)
    bob.send(binary(BOB) + client_hello())  # in one packet
    assert bob.socket.recv(2) == b"\x16\x03"
    bob.close()
    no_header = server.connect(source=PROXY)
    no_header.send(client_hello())
    server.expect_log(f"refused {no_header.address}: ")


# HTTP


@behind_proxy
def test_a_request_is_from_whom_its_proxy_says(server: Server) -> None:
    listener = server.person()
    posted = request(server, "/lobby", ANN, "hello\n")
    assert posted.status == 200
    assert re.fullmatch(rf"{re.escape(ANN)}:\d+: hello", listener.message())
    refused = request(server, "/metrics", ANN)
    assert (refused.status, "--metrics-from" in refused.body) == (403, True)
    assert request(server, "/metrics", "127.0.0.1").status == 200


@behind_proxy
def test_a_request_that_does_not_say_for_whom_is_refused(server: Server) -> None:
    refused = ask(server, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", source=PROXY)
    assert (refused.status, "the request has no X-Forwarded-For" in refused.body) == (400, True)
    health = ask(server, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", source=PROXY)
    assert health.status == 200
    server.expect_log("the request has no X-Forwarded-For")
    assert 'gchat_refused_total{reason="proxy"} 1' in curl(server, "/metrics").body


@behind_proxy
def test_from_elsewhere_the_header_of_a_request_counts_for_nothing(server: Server) -> None:
    listener = server.person()
    post(server, "/lobby", "hello", options=("-H", f"X-Forwarded-For: {ANN}"))
    assert listener.message().startswith("127.0.0.1:")


@pytest.mark.options(f"--proxy-from={PROXY}", "--rate=1", "--burst=2")
def test_the_rate_limit_of_requests_is_for_each_client(server: Server) -> None:
    statuses = [request(server, "/lobby", ANN, "hello\n").status for _ in range(4)]
    assert 429 in statuses
    assert request(server, "/lobby", BOB, "hello\n").status == 200


@pytest.mark.skipif(not which("curl"), reason="curl is not installed")
@behind_proxy
def test_a_request_behind_a_header_is_from_whom_the_header_says(server: Server) -> None:
    listener = server.person()
    options = ("--interface", PROXY, "--haproxy-protocol", "-H", f"X-Forwarded-For: {ANN}")
    posted = post(server, "/lobby", "hello", options=options)
    assert posted.status == 200
    assert listener.message().startswith(f"{PROXY}:")
