"""Who may not come in is told so inside TLS; and what is wrong with TLS itself harms nobody."""

import socket
import ssl
import subprocess
from pathlib import Path
from random import Random
from shutil import which
from signal import SIGTERM
from subprocess import DEVNULL, PIPE
from time import monotonic, sleep

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Connection
from tests.blackbox.http_clients import Answer, read_answer
from tests.blackbox.kernel import server_side
from tests.blackbox.operators import ABUSER, OPERATORS, operator
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import (
    TlsConnection,
    TlsPerson,
    TlsProgram,
    any_certificate,
    client_hello,
    person,
    run,
)
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.conftest import StartServer

pytestmark = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")

HANDSHAKE_TIME = 10.0
ALERT = 21


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path, request: pytest.FixtureRequest) -> Server:
    marker = request.node.get_closest_marker("options")
    options = marker.args if marker else ()
    surroundings = marker.kwargs if marker else {}
    return start_server("--tls", "--history", str(tmp_path / "chat.db"), *options, **surroundings)


def received(connection: Connection) -> bytes:
    """All that it is sent, until the server ends the connection."""
    data = b""
    while portion := connection.socket.recv(65_536):
        data += portion
    connection.close()
    return data


def answered(connection: Connection, request: bytes) -> Answer:
    """What is answered to an HTTP request."""
    connection.send(request)
    return read_answer(received(connection))


# Only TLS


@pytest.mark.options("--tls-only")
def test_plain_clients_are_told_how_to_join(server: Server) -> None:
    host, port = server.address
    told = f" * This server takes TLS only. To join: ncat --ssl {host} {port}"
    assert server.connect().rest() == [told]
    program = server.connect()
    program.say("hello", "/who")
    assert program.rest() == [told]
    answer = answered(server.connect(), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.status == 403
    assert f"ncat --ssl {host} {port}" in answer.body
    ann = person(server, "ann")
    ann.say("/invite")
    ways = [line for line in ann.unread() if line.startswith(" *   ")]
    assert ways[0] == f" *   ncat --ssl {host} {port}"
    assert not any(" nc " in line for line in ways)
    assert f"to join: ncat --ssl {host} {port}" in server.log()


@pytest.mark.options("--tls-only", "--doors=tls,plain")
def test_what_is_shut_is_shut_inside_as_well(server: Server) -> None:
    inside = server._add(TlsConnection(server.address))
    assert answered(inside, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404
    again = server._add(TlsConnection(server.address))
    again.send(client_hello())  # TLS inside TLS
    assert received(again)[0] == ALERT
    shell = server._add(TlsConnection(server.address))
    shell.send(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    assert b"To join: ncat --ssl" in received(shell)


# Bans, limits, passwords


@pytest.mark.options(environment=OPERATORS)
def test_a_ban_is_told_inside(server: Server) -> None:
    op = operator(server)
    op.say(f"/ban {ABUSER} 1h spam")
    op.expect("banned")
    line = TlsConnection(server.address, None, ABUSER).rest()
    assert line == [f" * You are banned by {op.name} for another 1 h: spam"]
    inside = TlsConnection(server.address, None, ABUSER)
    answer = answered(inside, b"GET /lobby/raw HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.status == 403
    assert "banned" in answer.body


@pytest.mark.options("--max-clients", "1")
def test_that_the_server_is_full_is_told_inside(server: Server) -> None:
    ann = person(server)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TlsConnection, "context", any_certificate(version))
            (line,) = server._add(TlsConnection(server.address)).rest()
        assert line.startswith(" * The server is full (1 client)")
    ann.close()


@pytest.mark.options(environment={"GCHAT_PASSWORD": "open sesame"})
def test_the_password_is_asked_for_inside(server: Server) -> None:
    ann = server._add(TlsPerson(server.address))
    assert ann.line() == " * Password: (send it as your first line)"
    ann.say("open says me")
    assert ann.line() == " * Wrong password; 2 tries left"
    ann.say("open sesame")
    ann.be_welcomed()
    program = server._add(TlsProgram(server.address))
    program.say("open sesame", "hello")
    program.end_input()
    program.rest()
    ann.expect("hello")
    wrong = server._add(TlsProgram(server.address))
    wrong.say("wrong", "/who")
    assert wrong.rest() == [" * Wrong password; goodbye"]
    host, port = server.address
    url = f"https://{host}:{port}/lobby/raw?poll=1"
    assert b"hello" in run("curl", "-sSk", "-u", ":open sesame", url).stdout
    assert b"password" in run("curl", "-sSk", url).stdout


@pytest.mark.options(environment={"GCHAT_PASSWORD": "open sesame"})
def test_who_is_no_client_yet_is_told_of_the_end_of_the_server(server: Server) -> None:
    inside = server._add(TlsPerson(server.address))
    inside.expect("Password")
    half = server.connect()
    half.send(client_hello()[:100])
    wait_until(lambda: server_side(half).unread == 0, "the server reads it")
    server.signal(SIGTERM)
    assert inside.rest()[-1] == " * The server is going down"
    assert received(half)[0] == ALERT
    assert server.wait() == 0


# What is wrong with TLS


def test_a_hello_that_comes_in_pieces_is_understood(server: Server) -> None:
    hello = client_hello()
    for at in [*range(1, 20), *range(20, len(hello), 50), len(hello) - 1]:
        connection = server.connect()
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.send(hello[:at])
        connection.send(hello[at:])
        assert connection.socket.recv(1) == b"\x16"  # the server's hello
        connection.close()


def test_each_byte_of_a_hello_may_come_by_itself_and_late(server: Server) -> None:
    hello = client_hello()
    connection = server.connect()
    connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.send(hello[:1])
    connection.socket.settimeout(0.3)  # longer than it takes to be a person
    with pytest.raises(TimeoutError):
        connection.socket.recv(1)
    connection.socket.settimeout(DEADLINE)
    for byte in hello[1:]:
        connection.send(bytes((byte,)))
    assert connection.socket.recv(1) == b"\x16"


def test_a_slow_handshake_is_ended_and_a_bystander_notices_nothing(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        began = monotonic()
        slow = [server.connect() for _ in range(20)]
        for number, connection in enumerate(slow):
            connection.send(client_hello()[: 10 + 20 * number])
        for connection in slow:
            assert received(connection)[0] == ALERT
        assert HANDSHAKE_TIME - 1 < monotonic() - began < DEADLINE
    assert bystanders.heard == []
    assert server.expect_log("refused ").endswith("TLS handshake not over in time")


@pytest.mark.options("--connect-rate", "0")
def test_early_ends_and_rubbish_harm_nobody(server: Server, bystanders: Bystanders) -> None:
    hello = client_hello()
    with bystanders:
        for at in range(1, len(hello), 7):
            broken = server.connect()
            broken.send(hello[:at])
            broken.reset()
            ended = server.connect()
            ended.send(hello)
            ended.end_input()
            ended.close()
        for rubbish in (
            hello[:60] + bytes(200) + hello[260:],
            hello + bytes(500),
            hello[:5] + b"\x01" + bytes(600),
            hello + hello,
        ):
            connection = server.connect()
            connection.send(rubbish)
            connection.end_input()
            try:
                received(connection)
            except ConnectionError:
                connection.close()
        bystanders.talk_on(10)
    assert bystanders.heard == []
    person(server, "carol")


def test_old_versions_are_refused_with_an_alert(server: Server) -> None:
    host, port = server.address
    ended = run(
        *("openssl", "s_client", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"),
        *("-connect", f"{host}:{port}"),
    )
    assert b"alert protocol version" in ended.stderr
    assert "TLS handshake failed: unsupported protocol" in server.expect_log("refused ")


def test_renegotiation_is_refused(server: Server) -> None:
    host, port = server.address
    ended = run(
        *("openssl", "s_client", "-tls1_2", "-connect", f"{host}:{port}"), given=b"R\nhello\n"
    )
    assert b"no renegotiation" in ended.stderr


def test_new_keys_may_be_asked_for(server: Server) -> None:
    host, port = server.address
    bob = server.person("bob")
    line = ("openssl", "s_client", "-connect", f"{host}:{port}")
    with subprocess.Popen(line, stdin=PIPE, stdout=DEVNULL, stderr=PIPE, bufsize=0) as client:
        assert client.stdin
        assert client.stderr
        client.stdin.write(b"/nick opal\nhello\n")
        bob.expect("opal: hello")
        for number in range(5):
            client.stdin.write(b"K\n")
            while b"KEYUPDATE" not in client.stderr.readline():
                pass
            client.stdin.write(b"hello %d\n" % number)
            assert bob.line() == f"opal: hello {number}"
        client.stdin.close()


def test_records_may_be_padded(server: Server) -> None:
    host, port = server.address
    bob = server.person("bob")
    line = ("openssl", "s_client", "-quiet", "-no_ign_eof", "-record_padding", "16384")
    with subprocess.Popen(
        (*line, "-connect", f"{host}:{port}"), stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, bufsize=0
    ) as client:
        assert client.stdin
        client.stdin.write(b"/nick opal\nhello\n")
        bob.expect("opal: hello")
        for number in range(20):
            client.stdin.write(b"hello %d\n" % number)
            bob.expect(f"opal: hello {number}")
        client.stdin.close()


def shake_hands(connection: Connection) -> tuple[ssl.SSLObject, ssl.MemoryBIO]:
    """A client's TLS on a connection, whose last message of the handshake is not sent yet."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = any_certificate().wrap_bio(incoming, outgoing)
    while True:
        try:
            client.do_handshake()
            return client, outgoing
        except ssl.SSLWantReadError:
            connection.send(outgoing.read())
            incoming.write(connection.socket.recv(65_536))


@pytest.mark.options("--connect-rate=0")
def test_connections_that_break_anywhere_break_no_other(server: Server) -> None:
    """What is left of one must not be read as a part of another one: they share their buffers."""
    ann, bob, chance = person(server, "ann"), person(server, "bob"), Random(1)
    for number in range(60):
        for _ in range(3):
            breaking = server.connect()
            client, outgoing = shake_hands(breaking)
            client.write(b"x" * chance.choice((10, 3000, 16_000)))
            data = bytearray(outgoing.read())
            data[chance.randrange(len(data))] ^= chance.choice((0, 0, 1))
            breaking.send(bytes(data[: chance.choice((len(data), chance.randrange(len(data))))]))
            sleep(chance.random() / 1000)  # it may be reset before the server reads, or after that
            breaking.reset()
        ann.say(f"line {number}")
        bob.expect(f"ann: line {number}")
        bob.say(f"back {number}")
        ann.expect(f"bob: back {number}")
