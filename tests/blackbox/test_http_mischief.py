"""HTTP: what is ambiguous, too long or without an end is refused, and nobody else notices."""

import socket
from shutil import which
from signal import SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.http_clients import ask, curl, read_answer, rest, url
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.blackbox.websocket_client import websocket
from tests.conftest import StartServer

pytestmark = [
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


MISCHIEF = {
    "POST / HTTP/1.1": 405,
    "GET /lobby HTTP/1.1": 405,
    "PUT /lobby HTTP/1.1": 405,
    "TRACE / HTTP/1.1": 405,
    "CONNECT example.com:443 HTTP/1.1": 405,
    "DELETE /lobby/raw HTTP/1.1": 405,
    "BREW /lobby HTTP/1.1": 501,
    "GET /lobby/tea HTTP/1.1": 404,
    "GET /a/b/c HTTP/1.1": 404,
    "GET /%ff HTTP/1.1": 400,
    "GET / HTTP/2.0": 505,
}


@pytest.mark.parametrize("line", MISCHIEF)
def test_what_there_is_not_is_refused_with_its_status(server: Server, line: str) -> None:
    assert ask(server, f"{line}\r\nHost: localhost\r\n\r\n".encode()).status == MISCHIEF[line]


POST = b"POST /lobby HTTP/1.1\r\nHost: localhost\r\n"
SMUGGLED = {
    "both lengths": (
        POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx",
        400,
    ),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxy", 400),
    "another coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "a folded header": (POST + b"Content-Length:\r\n 2\r\n\r\nxy", 400),
    "bare line feeds": (POST.replace(b"\r\n", b"\n") + b"Content-Length: 2\n\nxy", 400),
    "a blank before the colon": (POST + b"Content-Length : 2\r\n\r\nxy", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "long headers": (POST + b"A: " + b"a" * 20_000, 431),
    "a long line": (b"GET /" + b"a" * 20_000, 414),
    "a long body": (POST + b"Content-Length: 70000\r\n\r\n", 413),
    "an early end": (POST + b"Content-Length: 5\r\n\r\nxy", 400),
}


@pytest.mark.parametrize("how", SMUGGLED)
def test_what_is_ambiguous_or_too_long_is_refused_and_the_connection_ended(
    server: Server, bystanders: Bystanders, how: str
) -> None:
    request, status = SMUGGLED[how]
    with bystanders:
        connection = server.connect()
        connection.send(request)
        connection.end_input()
        assert rest(connection).status == status
        bystanders.talk_on(5)
    assert bystanders.heard == []


def test_one_request_is_answered_on_a_connection(server: Server, bystanders: Bystanders) -> None:
    said = POST + b"Content-Length: 5\r\n\r\nfirst"
    with bystanders:
        answer = ask(server, said + said.replace(b"first", b"other"))
        assert answer.headers["connection"] == "close"
        bystanders.hear("first")
        bystanders.talk_on(5)
    assert len(bystanders.messages) == 1


def test_a_request_may_come_byte_by_byte(server: Server) -> None:
    connection = server.connect()
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in POST + b"Content-Length: 5\r\n\r\nhello":
        connection.send(bytes((byte,)))
    assert rest(connection).status == 200


def test_a_request_that_does_not_end_is_given_up(server: Server, bystanders: Bystanders) -> None:
    slow = [server.connect() for _ in range(3)]
    for connection, request in zip(
        slow, (b"GET / HTTP/1.1\r\n", POST, POST + b"Content-Length: 9\r\n\r\nhell"), strict=True
    ):
        connection.send(request)
    with bystanders:
        for connection in slow:
            answer = rest(connection)
            assert answer.status == 408
            assert "10 seconds" in answer.body
    assert bystanders.heard == []


def test_a_server_that_ends_tells_half_a_request_and_ends(server: Server) -> None:
    connection = server.connect()
    connection.send(POST)
    wait_until(lambda: server.descriptors() > 0, "it is connected")
    person = server.person()
    server.signal(SIGTERM)
    assert rest(connection).status == 503
    assert "going down" in person.rest()[-1]
    assert server.wait() == 0


@pytest.mark.options("--doors=http")
def test_without_the_door_for_lines_people_are_told_so(server: Server) -> None:
    way = url(server)
    told = f" * This server does not take plain lines. To join: {way}"
    assert server.connect().line() == told
    assert f"to join: {way}\n" in server.log()
    assert curl(server, "/").body.startswith(f"gchat, a chat server. To join:\n\n  {way}\n\nWith")
    ann = websocket(server, "ann")
    answer = ann.ask("/invite")
    assert answer["page"] == way
    assert (answer["plain"], answer["tls"]) == (False, False)
    assert "nc " not in answer["text"]
    wait_until(lambda: curl(server, "/healthz").status == 200, "it is well, and says so")


def test_without_h11_http_is_refused_with_what_to_install(
    start_server: StartServer,
) -> None:
    server = start_server(module="tests.blackbox.server_without_h11")
    answer = curl(server, "/lobby/raw")
    assert answer.status == 404
    assert "pip install h11" in answer.body
    server.person()


def test_an_answer_is_read_as_it_is_sent() -> None:
    assert read_answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nx") == (
        200,
        {"a": "b"},
        "x",
    )
