"""Connections that a proxy makes for its clients."""

from tests.blackbox.connection import Connection, Person
from tests.blackbox.http_clients import Answer, ask
from tests.blackbox.server import Server
from tests.proxy_headers import line

PROXY = "127.0.0.9"
"""An address of this machine from which nobody comes but the proxy."""


def connect(server: Server, client: str, port: int = 4711) -> Connection:
    """A connection for a client at that address."""
    connection = server.connect(source=PROXY)
    connection.send(line(client, port))
    connection.address = connection.name = f"{client}:{port}"
    return connection


def person(server: Server, client: str, port: int = 4711, name: str = "") -> Person:
    """Somebody at that address who has been welcomed, and is called `name` if there is one."""
    person = server._add(Person(server.address, source=PROXY))
    person.send(line(client, port))
    person.address = person.name = f"{client}:{port}"
    person.be_welcomed()
    if name:
        person.take_name(name)
    return person


def request(server: Server, path: str, client: str, body: str = "") -> Answer:
    """What is answered to a request that a proxy for HTTP has from a client at that address."""
    method = "POST" if body else "GET"
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
        f"X-Forwarded-For: 198.51.100.66, {client}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return ask(server, (head + body).encode(), source=PROXY)
