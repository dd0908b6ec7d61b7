"""TLS where it meets the rest: proxies, WebSocket, several rooms, long answers to slow readers."""

from pathlib import Path
from shutil import which
from time import sleep

import pytest

from tests.blackbox.http_clients import read_answer
from tests.blackbox.proxies import PROXY
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import TlsConnection, TlsJsonProgram, any_certificate
from tests.blackbox.websocket_client import WebSocketClient
from tests.conftest import StartServer
from tests.proxy_headers import line

pytestmark = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Server:
    return start_server("--tls", "--history", str(tmp_path / "chat.db"), "--rate", "0")


class WebSocketInsideTls(WebSocketClient, TlsConnection):
    """A WebSocket as a page has it that came by https."""


def test_a_websocket_is_inside_and_hears_what_is_said_outside(server: Server) -> None:
    page = server._add(WebSocketInsideTls(server.address))
    assert page.shake_hands().status == 101
    page.take_name("page")
    bob = server.person("bob")
    bob.say(*(f"line {number}" for number in range(500)))
    for number in range(500):
        assert page.next_of("say")["text"] == f"line {number}"
    page.carry_out(text="hello from a page")
    assert bob.expect("hello") == "page: hello from a page"
    server.process.terminate()
    assert page.closed().code == 1012
    assert server.wait() == 0


def test_a_program_inside_is_in_several_rooms(server: Server) -> None:
    program = server._add(TlsJsonProgram(server.address))
    program.speak_json()
    program.carry_out(join="builds")
    bob, cy = server.person("bob"), server.person("cy")
    cy.say("/join builds")
    cy.expect("#builds")
    bob.say(*(f"lobby {number} {'x' * 200}" for number in range(500)))
    cy.say(*(f"builds {number} {'y' * 200}" for number in range(500)))
    heard: dict[str, list[int]] = {"lobby": [], "builds": []}
    while sum(map(len, heard.values())) < 1000:
        said = program.next_of("say")
        heard[said["room"]].append(int(said["text"].split()[1]))
    assert heard == {"lobby": [*range(500)], "builds": [*range(500)]}


def test_a_proxy_may_pass_tls_on_behind_its_header(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server(
        "--tls-only", "--proxy-from", PROXY, environment={"XDG_STATE_HOME": str(tmp_path)}
    )
    connection = server.connect(source=PROXY)
    connection.send(line("192.0.2.7", 4711))
    connection.socket = any_certificate().wrap_socket(connection.socket)
    connection.say("/nick ann", "/whois ann")
    assert "192.0.2.7" in " ".join(connection.lines_until("ann: in #lobby"))
    plain = server.connect(source=PROXY)
    plain.send(line("192.0.2.8", 4711))
    assert "ncat --ssl" in plain.line()


def test_a_long_answer_is_sent_to_its_end_to_a_slow_reader(server: Server) -> None:
    bob = server.person("bob")
    texts = [f"{number} {'x' * 200}" for number in range(3000)]
    bob.say(*texts, "/history 1")
    bob.expect("] bob: 2999")  # all have their places
    reader = server._add(TlsConnection(server.address, 4096))
    reader.send(b"GET /lobby/raw?poll=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    data = b""
    while portion := reader.socket.recv(50_000):
        data += portion
        sleep(0.01)
    said = [each for each in read_answer(data).body.splitlines() if " * " not in each]
    assert [each.partition("bob: ")[2] for each in said] == texts
