"""Clients: raw sockets that read as a person expects things, with deadlines."""

import json
import re
import socket
import struct
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from select import select
from typing import Any

from tests.blackbox.waiting import DEADLINE
from tests.json_schema import check_sent

PORTION = 64 * 1024
"""Bytes of one system call. Each has DEADLINE to itself, so that a long transfer may be long."""

TIME = r"\[(\d{4}-\d\d-\d\d )?\d\d:\d\d\] "
"""What stands before a message that is shown again, as a regular expression."""


class Connection:
    """One TCP connection to a server. Reads nothing before it is asked to.

    Whatever takes longer than DEADLINE, and a connection that ends while something is
    expected of it, is an AssertionError that tells what came instead.
    """

    def __init__(
        self,
        address: tuple[str, int],
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> None:
        """Connect to `address`. `receive_buffer`: bytes that the kernel takes for one who
        does not read (it doubles them); by default it takes megabytes. `source`: the address
        to come from; all of 127.0.0.0/8 belongs to this machine."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self._lines: deque[bytes] = deque()
        self._begun = b""
        try:
            self.socket.settimeout(DEADLINE)
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            if source:
                self.socket.bind((source, 0))
            self.socket.connect(address)
            host, port = self.socket.getsockname()[:2]
        except BaseException:
            self.socket.close()
            raise
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        """How the server shows it until it has a name."""
        self.name = self.address

    # Sending

    def send(self, data: bytes) -> None:
        """Send `data`, all of it."""
        for start in range(0, len(data), PORTION):
            self.socket.sendall(data[start : start + PORTION])

    def say(self, *lines: str) -> None:
        """Send `lines`."""
        self.send("".join(f"{line}\n" for line in lines).encode())

    # Reading

    def line(self) -> str:
        """The next line, without its `\\n`; a `\\r` before it is kept."""
        while not self._lines:
            assert self._read(), f"the connection was ended after {self._begun!r}"
        return self._lines.popleft().decode("utf-8", "strict")

    def has_line(self) -> bool:
        """Whether a line has come; reads what there is, and does not wait."""
        while not self._lines and select([self.socket], [], [], 0)[0]:
            if not self._read():
                break
        return bool(self._lines)

    def lines_until(self, text: str) -> list[str]:
        """The next lines, the last of which is the first one that has `text` in it."""
        lines: list[str] = []
        try:
            while not (lines and text in lines[-1]):
                lines.append(self.line())
        except AssertionError as error:
            raise AssertionError(f"no {text!r} after {_shortened(lines)}; {error}") from None
        return lines

    def expect(self, text: str) -> str:
        """The next line that has `text` in it; what comes before it is skipped."""
        return self.lines_until(text)[-1]

    def message(self) -> str:
        """The next line that is not a notice."""
        while (line := self.line()).startswith(" * "):
            pass
        return line

    def messages_until(self, text: str) -> list[str]:
        """What is said until a line with `text` in it: that one and the notices left out."""
        return [line for line in self.lines_until(text)[:-1] if not line.startswith(" * ")]

    def bytes_until(self, end: bytes) -> bytes:
        """The next bytes, until `end` is among them. Fast; not to be mixed with reading lines."""
        data = bytearray()
        while True:
            portion = self._receive()
            assert portion, f"the connection was ended after {bytes(data[-200:])!r}"
            data += portion
            if data.find(end, max(0, len(data) - len(portion) - len(end))) >= 0:
                return bytes(data)

    def rest(self) -> list[str]:
        """All lines until the server ends the connection, which it must do politely.

        Then it is closed at this end as well, as clients do.
        """
        while self._read():
            pass
        self.close()
        assert not self._begun, f"it ended in the middle of a line: {self._begun!r}"
        lines = [line.decode("utf-8", "strict") for line in self._lines]
        self._lines.clear()
        return lines

    # Asking

    def take_name(self, name: str) -> None:
        """Be called `name`."""
        self.say(f"/nick {name}")
        self.expect(f" * You are now {name}")
        self.name = name

    def unread(self) -> list[str]:
        """What has been shown up to now and was not read: the answer to /who comes after it."""
        self.say("/who")
        return self.lines_until(" here: ")[:-1]

    def who(self) -> list[str]:
        """The names of those who are here, as /who tells. What came before that is skipped."""
        self.say("/who")
        return names_in(self.expect(" here: "))

    # Leaving

    def end_input(self) -> None:
        """Say that nothing more will come, and go on listening."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Break off: the other side gets an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self) -> None:
        """Leave; may be called again."""
        self.socket.close()

    def _read(self) -> bool:
        data = self._receive()
        *lines, self._begun = (self._begun + data).split(b"\n")
        self._lines.extend(lines)
        return bool(data)

    def _receive(self) -> bytes:
        try:
            return self.socket.recv(PORTION)
        except TimeoutError:
            begun = self._begun[:200]
            raise AssertionError(f"nothing more in {DEADLINE} seconds after {begun!r}") from None
        except ConnectionError as error:
            raise AssertionError(f"the connection was broken: {error}") from None


class Person(Connection):
    """Somebody who looks at the screen first, and so is welcomed."""

    welcome: str

    def be_welcomed(self) -> None:
        """Wait for the welcome; its lines become `welcome`. Replay may follow."""
        self.welcome = "\n".join(self.lines_until("/help lists the commands"))


class Program(Connection):
    """Something that speaks as soon as it is connected, and so is not welcomed."""

    def take_name(self, name: str) -> None:
        """Be called `name`; the server does not confirm to programs what they wanted."""
        self.say(f"/nick {name}", f"/whois {name}")
        self.expect(f" * {name}: in #")
        self.name = name


JSON_IS_ON = {
    "kind": "answer",
    "answer": "json",
    "json": True,
    "version": 1,
    "text": "JSON is on",
}


class JsonProgram(Connection):
    """A program that speaks JSON from its first line on."""

    _refs = 0

    def speak_json(self) -> None:
        """Ask for it, and wait until that is confirmed."""
        self.say("/json")
        assert self.object() == JSON_IS_ON

    def send_object(self, **fields: Any) -> None:
        """Send `fields` as an object."""
        self.say(json.dumps(fields))

    def object(self) -> dict[str, Any]:
        """The next line, which must be an object."""
        fields = json.loads(self.line())
        assert isinstance(fields, dict), fields
        check_sent(fields)
        return fields

    def next_of(self, kind: str) -> dict[str, Any]:
        """The next object of this kind; what comes before it is skipped."""
        while (fields := self.object())["kind"] != kind:
            pass
        return fields

    def carry_out(self, **fields: Any) -> list[dict[str, Any]]:
        """Ask for something; returns what comes up to the `ok` or `error` for it, that included."""
        self._refs += 1
        self.send_object(**fields, ref=self._refs)
        objects = [self.object()]
        while not is_end(objects[-1], self._refs):
            objects.append(self.object())
        return objects

    def ask(self, command: str) -> dict[str, Any]:
        """The answer to `command`, which must be one object."""
        objects = self.carry_out(command=command)
        (answer,) = [fields for fields in objects if fields["kind"] == "answer"]
        assert answer["ref"] == self._refs
        return answer

    def take_name(self, name: str) -> None:
        """Be called `name`."""
        assert self.carry_out(command=f"/nick {name}")[-1]["kind"] == "ok"
        self.name = name


def is_end(fields: dict[str, Any], ref: int) -> bool:
    """Whether an object ends what is answered to the request with that `ref`."""
    return fields["kind"] in ("ok", "error") and fields.get("ref") == ref


def names_in(line: str) -> list[str]:
    """The names in a line of the answer to /who, without the marks of operators and the away."""
    names = re.sub(r" \([a-z, ]+\)", "", line.partition(" here: ")[2])
    return re.split(", | and ", names)


def meet(*people: Connection) -> None:
    """Have `people`, who are in one room, hear each other: so their coming has been told."""
    for person in people:
        person.say("hello")
        for other in people:
            if other is not person:
                other.expect(f"{person.name}: hello")


def in_background(pool: ThreadPoolExecutor, connection: Connection, data: bytes) -> Future[None]:
    """Send `data` while the caller reads."""
    return pool.submit(connection.send, data)


def _shortened(lines: list[str]) -> str:
    shown = [line[:100] for line in lines[-10:]]
    return f"{len(lines)} lines, the last of them {shown}"
