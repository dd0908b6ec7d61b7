"""Clients of HTTP: curl, and raw requests."""

import json
import subprocess
from typing import Any, NamedTuple

from tests.blackbox.connection import Connection
from tests.blackbox.server import Server
from tests.blackbox.waiting import DEADLINE


class Answer(NamedTuple):
    """What a request was answered with."""

    status: int
    headers: dict[str, str]
    """By their names in lower case."""
    body: str

    @property
    def fields(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        fields = json.loads(self.body)
        assert isinstance(fields, dict)
        return fields


def url(server: Server, path: str = "/") -> str:
    """The address of `path` at `server`."""
    host, port = server.address
    return f"http://{host}:{port}{path}"


def curl(server: Server, path: str, *options: str, given: bytes = b"") -> Answer:
    """What curl is answered, with these `options`; `given` is its standard input.

    On a busy machine what it asks may come so long after it has connected that it was taken for a
    person and welcomed: it tries again then.
    """
    while True:
        ended = subprocess.run(
            ["curl", "-sS", "-i", *options, url(server, path)],
            input=given,
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
        if b"Received HTTP/0.9" not in ended.stderr:
            assert ended.returncode == 0, ended
            return read_answer(ended.stdout)


def post(server: Server, path: str, *lines: str, options: tuple[str, ...] = ()) -> Answer:
    """What is answered to a curl that posts `lines`."""
    body = "".join(f"{line}\n" for line in lines).encode()
    return curl(server, path, "--data-binary", "@-", *options, given=body)


def read_answer(data: bytes) -> Answer:
    """Read an answer; what stands before it (100 Continue) is skipped."""
    head, _, body = data.decode().partition("\r\n\r\n")
    if head.startswith("HTTP/1.1 100"):
        return read_answer(body.encode())
    status, *lines = head.split("\r\n")
    assert status.startswith("HTTP/1.1 "), data
    pairs = [line.partition(": ") for line in lines]
    return Answer(
        int(status.split(" ")[1]), {name.lower(): value for name, _, value in pairs}, body
    )


def ask(server: Server, *pieces: bytes, source: str | None = None) -> Answer:
    """What is answered to a request that comes in these `pieces`."""
    connection = server.connect(source=source)
    for piece in pieces:
        connection.send(piece)
    return rest(connection)


def rest(connection: Connection) -> Answer:
    """The answer that a connection has, which the server ends."""
    data = b""
    while portion := connection.socket.recv(65_536):
        data += portion
    connection.close()
    return read_answer(data)


class Reader:
    """A client that reads a room; it has the headers already."""

    def __init__(self, server: Server, path: str, *headers: str) -> None:
        self.connection = server.connect()
        lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]
        self.connection.send("\r\n".join(lines).encode())
        head = [self.connection.line()]
        while head[-1] != "\r":
            head.append(self.connection.line())
        self.status = int(head[0].split(" ")[1])
        self.head = "\n".join(head)

    def line(self) -> str:
        """The next line."""
        return self.connection.line()

    def event(self) -> dict[str, str]:
        """The next event by its fields; comments are skipped."""
        fields = dict[str, str]()
        while (line := self.line()) or not fields:
            name, _, value = line.partition(": ")
            if name and not line.startswith(":"):
                fields[name] = value
        return fields

    def close(self) -> None:
        """Break off."""
        self.connection.close()
