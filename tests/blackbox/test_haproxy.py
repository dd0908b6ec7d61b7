"""A real proxy in front of the server: haproxy, with a PROXY header, and as a proxy for HTTP."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest

from tests.blackbox.connection import Connection, Person
from tests.blackbox.proxies import PROXY
from tests.blackbox.server import Server
from tests.blackbox.websocket_client import WebSocketClient

pytestmark = [
    pytest.mark.skipif(not which("haproxy"), reason="haproxy is not installed"),
    pytest.mark.options(f"--proxy-from={PROXY}"),
]

CONFIGURATION = """\
defaults
  timeout connect 10s
  timeout client 1m
  timeout server 1m
frontend public
  mode {mode}
  bind fd@{listener}
  default_backend gchat
backend gchat
  mode {mode}
  {more}
  server gchat {host}:{port} source {source} {how}
"""

ANN, BOB = "127.0.0.21", "127.0.0.22"
"""The addresses of two clients of the proxy."""

StartProxy = Callable[..., tuple[str, int]]


@pytest.fixture
def start_proxy(server: Server, tmp_path: Path) -> Iterator[StartProxy]:
    """Starts haproxy in front of the server; returns where it listens."""
    listener = socket.create_server(("127.0.0.1", 0))
    processes = []

    def start(how: str = "", mode: str = "tcp", more: str = "") -> tuple[str, int]:
        host, port = server.address
        file = tmp_path / "haproxy.cfg"
        file.write_text(
            CONFIGURATION.format(
                listener=listener.fileno(),
                host=host,
                port=port,
                source=PROXY,
                how=how,
                mode=mode,
                more=more,
            )
        )
        processes.append(
            subprocess.Popen(
                [str(which("haproxy")), "-db", "-q", "-f", str(file)],
                stdin=subprocess.DEVNULL,
                pass_fds=(listener.fileno(),),
            )
        )
        address = listener.getsockname()
        return str(address[0]), int(address[1])

    yield start
    listener.close()
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize("version", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl-cn"])
def test_people_behind_haproxy_are_known_by_their_own_addresses(
    server: Server, start_proxy: StartProxy, version: str
) -> None:
    address = start_proxy(version)
    ann, bob = Person(address, source=ANN), Person(address, source=BOB)
    for person in (ann, bob):
        person.be_welcomed()
    ann.say(f"/whois {ann.address}", "hello")
    ann.expect(f"address {ann.address}")
    assert bob.expect("hello") == f"{ann.address}: hello"
    server.expect_log(f"join {bob.address}")
    for person in (ann, bob):
        person.close()


def read_events(address: tuple[str, int], source: str) -> Connection:
    """A client that has begun to read the events of the lobby."""
    reader = Connection(address, source=source)
    reader.send(b"GET /lobby/sse HTTP/1.1\r\nHost: localhost\r\n\r\n")
    reader.lines_until("text/event-stream")
    return reader


def posted(address: tuple[str, int], source: str) -> str:
    """What is answered to a client that says hello."""
    poster = Connection(address, source=source)
    poster.send(
        b"POST /lobby HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.1\r\n"
        b"Content-Length: 6\r\nConnection: close\r\n\r\nhello\n"
    )
    status = poster.line()
    poster.close()
    return status


through_http = pytest.mark.parametrize(
    ("how", "mode", "more"),
    [
        ("send-proxy-v2", "tcp", ""),
        ("send-proxy-v2", "http", ""),
        ("", "http", "option forwardfor"),
    ],
)


@through_http
def test_events_come_through_haproxy_and_a_post_is_from_its_sender(
    server: Server, start_proxy: StartProxy, how: str, mode: str, more: str
) -> None:
    address = start_proxy(how, mode, more)
    reader = read_events(address, BOB)
    assert " 200 " in posted(address, ANN)
    event = reader.expect("hello")
    assert f'"{ANN}:' in event
    server.expect_log(f"join {BOB}:")
    reader.close()


@through_http
def test_websocket_goes_through_haproxy_and_is_from_its_sender(
    server: Server, start_proxy: StartProxy, how: str, mode: str, more: str
) -> None:
    person = server.person()
    client = WebSocketClient(start_proxy(how, mode, more), source=ANN)
    assert client.shake_hands().status == 101
    client.carry_out(text="hello")
    assert person.expect("hello").startswith(f"{ANN}:")
    client.close()


def test_a_proxy_for_http_that_does_not_say_for_whom_is_told(
    server: Server, start_proxy: StartProxy
) -> None:
    address = start_proxy(mode="http", more="http-request del-header X-Forwarded-For")
    assert " 400 " in posted(address, ANN)
    server.expect_log("the request has no X-Forwarded-For")
