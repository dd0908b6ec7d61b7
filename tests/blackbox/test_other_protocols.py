"""Who does not speak plain lines is told so in its own language, and nothing of it is said."""

import socket
import subprocess
from shutil import which
from signal import SIGCONT, SIGSTOP, SIGTERM
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from tests.blackbox.bystanders import Bystanders, of_others
from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE
from tests.conftest import StartServer

pytestmark = pytest.mark.options("--doors=plain")


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not which(program), reason=f"{program} is not installed")


def run(*line: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What a client prints, and its exit status."""
    return subprocess.run(line, input=given, capture_output=True, timeout=DEADLINE, check=False)


def received(connection: Connection) -> bytes:
    """All that it is sent, until the server ends the connection."""
    data = b""
    while portion := connection.socket.recv(65_536):
        data += portion
    connection.close()
    return data


def in_pieces(server: Server, *pieces: bytes) -> bytes:
    """What is answered to `pieces`, of which each comes in a packet of its own."""
    connection = server.connect()
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        connection.send(piece)
    connection.end_input()
    return received(connection)


def url(server: Server, path: str = "/") -> str:
    host, port = server.address
    return f"http://{host}:{port}{path}"


# Real clients


@needs("curl")
def test_a_web_page_cannot_speak(server: Server, bystanders: Bystanders) -> None:
    host, port = server.address
    with bystanders:
        ended = run(
            *("curl", "-sS", "-i", "-b", "session=secret", "-d", "/nick boss\nhello\n", url(server))
        )
        assert ended.returncode == 0, ended
        assert ended.stdout.startswith(b"HTTP/1.1 404 Not Found\r\n")
        assert b"chat server" in ended.stdout
        assert f"nc {host} {port}".encode() in ended.stdout
        assert b"Access-Control" not in ended.stdout
        head = run("curl", "-sS", "-I", url(server))
        assert head.stdout.endswith(b"\r\n\r\n")
        assert run("curl", "-sS", "-o", "-", "--http2-prior-knowledge", url(server)).returncode
        bystanders.talk_on(20)
    assert bystanders.heard == []
    assert server.expect_log("refused ").endswith("client speaks HTTP")
    assert "join 127" in server.log()  # the bystanders; and nobody else has come in
    assert server.log().count(" join ") == 2


@needs("curl")
@pytest.mark.parametrize("size", [4_000, 40_000, 400_000])
def test_a_request_for_a_long_address_is_none_of_ours_either(
    server: Server, bystanders: Bystanders, size: int
) -> None:
    request = Request(url(server, "/" + "a" * size), data=b"/nick boss\nhello\n")
    with bystanders:
        with pytest.raises(OSError, match=r"404|414|eset|roken"):
            build_opener(ProxyHandler({})).open(request, timeout=DEADLINE)
        bystanders.talk_on(20)
    assert bystanders.heard == []


@needs("openssl")
def test_tls_is_answered_with_an_alert(server: Server, bystanders: Bystanders) -> None:
    host, port = server.address
    with bystanders:
        ended = run("openssl", "s_client", "-quiet", "-connect", f"{host}:{port}")
        bystanders.talk_on(20)
    assert b"alert" in ended.stderr
    assert bystanders.heard == []
    assert server.expect_log("refused ").endswith("client speaks TLS")


@needs("ssh")
def test_ssh_shows_how_to_join(server: Server, bystanders: Bystanders) -> None:
    host, port = server.address
    with bystanders:
        ended = run(
            *("ssh", "-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"),
            *("-o", "UserKnownHostsFile=/dev/null", "-p", str(port), f"nobody@{host}"),
        )
        bystanders.talk_on(20)
    assert f"This is gchat, a chat server, not an SSH server. To join: nc {host} {port}" in (
        ended.stderr.decode()
    )
    assert bystanders.heard == []
    assert server.expect_log("refused ").endswith("client speaks SSH")


LOGINS = {
    "irssi": (b"CAP LS 302\r\nJOIN :\r\n",),
    "WeeChat": (b"PASS :hush hush\r\n", b"CAP LS 302\r\n", b"NICK ann\r\n", b"USER a 0 * :A\r\n"),
    "an old one": (b"NICK ann\r\n", b"USER ann localhost irc.example :Ann Example\r\n"),
    "a script": (b"PASS hush\nNICK bot\nUSER bot 0 * bot\n",),
}


@pytest.mark.parametrize("pieces", LOGINS.values(), ids=LOGINS)
def test_an_irc_client_is_told_in_its_own_language(
    server: Server, bystanders: Bystanders, pieces: tuple[bytes, ...]
) -> None:
    with bystanders:
        answer = in_pieces(server, *pieces)
        bystanders.talk_on(20)
    host, port = server.address
    assert answer == (
        f"ERROR :This is gchat, not an IRC server. To join: nc {host} {port}\r\n".encode()
    )
    assert bystanders.heard == []


def test_a_login_is_recognised_if_its_second_line_comes_late(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        client, silent = server.connect(), server.connect()
        client.send(b"PASS hush\r\n")
        silent.expect("/help lists the commands")  # so the quiet moment is over, as it began later
        client.send(b"NICK ann\r\nUSER ann 0 * :Ann\r\n")
        assert received(client).startswith(b"ERROR :")
    assert bystanders.messages == []


# However it comes

REQUEST = b"POST /x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 17\r\n\r\n/nick boss\nhello\n"


def test_a_request_is_recognised_in_however_many_pieces_it_comes(
    server: Server, bystanders: Bystanders
) -> None:
    pieces = [bytes((byte,)) for byte in REQUEST.replace(b"/x", b"/" + b"x" * 300)]
    with bystanders:
        assert in_pieces(server, *pieces).startswith(b"HTTP/1.1 404 ")
        bystanders.talk_on(5)
    assert bystanders.heard == []


@pytest.mark.parametrize("cut", [1, 5, 7, 12, 15, 16, 17, 30])
def test_a_request_is_recognised_however_it_is_cut(
    server: Server, bystanders: Bystanders, cut: int
) -> None:
    with bystanders:
        assert in_pieces(server, REQUEST[:cut], REQUEST[cut:]).startswith(b"HTTP/1.1 404 ")
        bystanders.talk_on(5)
    assert bystanders.heard == []


def test_a_request_of_which_a_part_comes_late_is_waited_for(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        connection, silent = server.connect(), server.connect()
        connection.send(b"POST /" + b"x" * 3000)
        silent.expect("/help lists the commands")  # so the quiet moment is over, as it began later
        connection.send(b"x HTTP/1.1\r\nHost: x\r\n\r\n/nick boss\nhello\n")
        connection.end_input()
        assert received(connection).startswith(b"HTTP/1.1 404 ")
    assert [line for line in bystanders.heard if " joined" not in line] == []


def test_a_browser_that_has_connected_ahead_of_time_cannot_speak(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        browser = server.person()
        browser.send(REQUEST)
        bystanders.hear(f"{browser.address} came and went")
        # What others say at the same moment may come after it.
        assert any("An HTTP request has to come at once" in line for line in browser.rest())
    assert bystanders.messages == []


@pytest.mark.parametrize("cut", [6, 2_000, 60_006, 60_020, 60_030])
def test_neither_can_one_whose_request_comes_in_pieces(
    server: Server, bystanders: Bystanders, cut: int
) -> None:
    request = REQUEST.replace(b"/x", b"/" + b"x" * 60_000)
    with bystanders:
        browser = server.person()
        browser.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        browser.send(request[:cut])
        browser.send(request[cut:])
        bystanders.hear(f"{browser.address} came and went")
    assert bystanders.messages == []


# What is none

TEXTS = (
    "GET lost", "NICK is here", "PASS the salt", "NICK bob", "NICK bob\nhello", "PASS salt\nthanks",
    "USER ann logged in\nUSER bob logged in", "CAP size is 7", "SSH is down", "SSH-1 is old",
    "get / http/1.1", "GET  / HTTP/1.1", "server speaks HTTP/1.1", "GET / HTTP/1.1 404",
    "\nGET / HTTP/1.1", "\nSSH-2.0-x", "\nCAP LS 302", "NICK ann\nNICK anna",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_not_exactly_another_protocol_is_said(
    server: Server, bystanders: Bystanders, text: str
) -> None:
    with bystanders:
        program = server.program(text)
        program.end_input()
        assert not [line for line in program.rest() if line.startswith(" * ")]
        bystanders.hear(text.split("\n")[-1])
    assert bystanders.messages == [
        f"{program.address}: {line}" for line in text.split("\n") if line
    ]


@pytest.mark.parametrize(
    "typed",
    [b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\n", b"CAP LS 302\r\n", b"SSH-2.0-x\n",
     b"NICK a\r\nUSER a 0 * :a\r\n", b"\x16\x03 is TLS\n"],
)  # fmt: skip
def test_what_a_person_types_is_never_taken_for_another_protocol(
    server: Server, bystanders: Bystanders, typed: bytes
) -> None:
    with bystanders:
        person = server.person()
        person.send(typed)
        lines = [line.strip() for line in typed.decode().replace("\x16", "x16").splitlines()]
        bystanders.hear(lines[-1][-5:])
        person.say("Host: me", "it was said")
        bystanders.hear(f"{person.address}: it was said")
    assert len(bystanders.messages) == len(lines) + 2


def test_half_a_line_that_may_be_a_request_is_said_when_the_input_ends(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        answer = in_pieces(server, b"GET /some", b"where")
        assert of_others(answer.decode().splitlines()) == []
        bystanders.hear(": GET /somewhere")


# Passwords, and the end of the server


def test_the_server_can_end_while_it_answers_another_protocol(server: Server) -> None:
    clients = [server.connect() for _ in range(3)]
    for client in clients:
        client.send(REQUEST)
        while b"nc " not in client.socket.recv(65_536):
            pass
    person = server.person()
    server.signal(SIGTERM)
    assert person.rest()[-1] == " * The server is going down (in nc, press Enter to leave)"
    assert server.wait() == 0  # and that no error is logged, the fixture looks at


def test_no_guess_of_the_password_is_counted(start_server: StartServer) -> None:
    server = start_server("--doors=plain", environment={"GCHAT_PASSWORD": "open"})
    for first in (REQUEST, b"SSH-2.0-x\r\n", LOGINS["irssi"][0], LOGINS["a script"][0]) * 8:
        assert in_pieces(server, first)
    for _ in range(15):  # more guesses than an address has
        browser = server.connect()
        browser.expect("Password:")
        browser.send(REQUEST)
        assert b" 404 " in received(browser)
    assert "wrong password" not in server.log()
    server.password = "open"
    server.person()


def test_one_who_is_banned_in_the_quiet_moment_does_not_come_in(
    start_server: StartServer,
) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "secret"})
    op = server.person("op", source="127.0.0.2")
    op.say("/op secret")
    op.expect("You are now an operator")
    server.signal(SIGSTOP)
    newcomer = server.connect()
    op.say("/ban 127.0.0.1")
    server.signal(SIGCONT)
    assert newcomer.rest()[-1].startswith(" * You are banned")
    assert op.who() == ["op"]
