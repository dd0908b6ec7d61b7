"""A gchat process, its log, and what it uses."""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.blackbox.connection import Connection, JsonProgram, Person, Program, names_in
from tests.blackbox.copies import Copy, can_be_copied
from tests.blackbox.safety import assert_safe
from tests.blackbox.waiting import DEADLINE, wait_until

ROOT = Path(__file__).parents[2]
START = re.compile(
    r"listens on (\S+):(\d+), for \d+ clients?; to join: "
    r"(?:(?:nc|ncat --ssl) (\S+) (\d+)|https?://\S+?)\W*$",
    re.M,
)
"""The line of the log that tells where it listens, which may be JSON."""

SMALL_DISK = 512 * 1024

AnyConnection = TypeVar("AnyConnection", bound=Connection)


def command(*options: str, module: str = "") -> list[str]:
    """What starts gchat.py with `options`, or a `module` that does so, in the folder ROOT."""
    program = ["-m", module] if module else ["gchat.py"]
    return [sys.executable, *program, *options]


def environment_with(variables: dict[str, str] | None = None) -> dict[str, str]:
    """This process's environment, without options for gchat but those in `variables`.

    Python may keep bytecode, even if this process may not: compiling the program anew would be half
    of what each of hundreds of starts takes.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name[:6] != "GCHAT_" and name != "PYTHONDONTWRITEBYTECODE"
    }
    return inherited | (variables or {})


class Server:
    """`python gchat.py --port 0 OPTIONS` as a process of its own."""

    def __init__(
        self,
        *options: str,
        port: int | None = 0,
        environment: dict[str, str] | None = None,
        descriptors: int | None = None,
        standard_error: int | None = None,
        small_disk: Path | None = None,
        module: str = "",
        may_be_copy: bool = False,
    ) -> None:
        """`port` None leaves the option away. `descriptors` is the limit on open files.

        `standard_error` is a descriptor that the log goes to; the test has to read it.
        `small_disk` is a folder in which the server, and nobody else, sees an empty disk of
        SMALL_DISK bytes. `module` is one that starts gchat, in place of gchat.py. With
        `may_be_copy`, the process need not have loaded gchat by itself (see copies.py), unless one
        of these, or another variable than gchat's own, is given.
        """
        ports = () if port is None else ("--port", str(port))
        line = command(*ports, *options, module=module)
        if descriptors:
            line = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(descriptors), *line]
        if small_disk:
            mount = f'mount -t tmpfs -o size={SMALL_DISK} tmpfs "$0" && exec "$@"'
            line = ["unshare", "-rm", "sh", "-c", mount, str(small_disk), *line]
        self._secrets = [
            value for name, value in (environment or {}).items() if name.endswith("PASSWORD")
        ]
        self._announced = standard_error is None and not any(
            option.startswith("--log-level") for option in options
        )
        self._log: Any = tempfile.TemporaryFile()  # noqa: SIM115 - closed by dispose
        is_plain = not (descriptors or small_disk or module) and standard_error is None
        knows_variables = all(name.startswith("GCHAT_") for name in environment or ())
        self.process: subprocess.Popen[bytes] | Copy
        if may_be_copy and is_plain and knows_variables and can_be_copied():
            self.process = Copy(line[2:], environment_with(environment), self._log.fileno())
        else:
            self.process = subprocess.Popen(
                line,
                cwd=ROOT,
                env=environment_with(environment),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log if standard_error is None else standard_error,
            )
        self._observed = psutil.Process(self.process.pid)
        self._connections: list[Connection] = []
        self._descriptors_when_empty: int | None = None
        self.address = ("", 0)
        """Where it listens."""
        self.password = ""
        """What everybody says first who is not made by `connect`; nothing if it is empty."""

    def wait_until_it_listens(self) -> None:
        """Learn the address from the log, or from the system if the log does not tell it."""
        if not self._announced:
            wait_until(lambda: bool(self._listening()), "it listens")
            host, port = self._listening()[0].laddr
            self.address = (host, port)
            return
        wait_until(lambda: START.search(self.log()) is not None or self._has_ended(), "it listens")
        start = START.search(self.log())
        assert start, f"it ended: {self.log()}"
        self.address = (start[1].strip("[]"), int(start[2]))
        self._descriptors_when_empty = self.descriptors()

    def _listening(self) -> list[Any]:
        assert not self._has_ended(), f"it ended: {self.log()}"
        return [c for c in self._observed.net_connections("tcp") if c.status == "LISTEN"]

    def _has_ended(self) -> bool:
        return self.process.poll() is not None

    # Clients

    # Where there is a `source`, it is the address that they come from.

    def connect(self, receive_buffer: int | None = None, source: str | None = None) -> Connection:
        """Somebody who has not made up their mind whether to be a person."""
        return self._add(Connection(self.address, receive_buffer, source))

    def person(
        self,
        name: str | None = None,
        receive_buffer: int | None = None,
        source: str | None = None,
    ) -> Person:
        """Somebody who has been welcomed, and is called `name` if there is one."""
        person = self._let_in(Person(self.address, receive_buffer, source))
        person.be_welcomed()
        if name:
            person.take_name(name)
        return person

    def people(self, count: int) -> list[Person]:
        """So many people, who come at the same time."""
        people = [self._let_in(Person(self.address)) for _ in range(count)]
        for person in people:
            person.be_welcomed()
        return people

    def named(self, *names: str) -> list[Person]:
        """People with these names, who come at the same time."""
        people = self.people(len(names))
        for person, name in zip(people, names, strict=True):
            person.take_name(name)
        return people

    def program(
        self, *lines: str, receive_buffer: int | None = None, source: str | None = None
    ) -> Program:
        """A program that says `lines` at once."""
        program = self._let_in(Program(self.address, receive_buffer, source))
        program.say(*lines)
        return program

    def json_program(
        self, name: str | None = None, receive_buffer: int | None = None
    ) -> JsonProgram:
        """A program that speaks JSON, and is called `name` if there is one."""
        program = self._let_in(JsonProgram(self.address, receive_buffer))
        program.speak_json()
        if name:
            program.take_name(name)
        return program

    def who(self, room: str = "lobby") -> list[str]:
        """The names of those who are in `room`, as one is told who is somewhere else."""
        asker = self.program("/join elsewhere", f"/who {room}")
        asker.end_input()
        return names_in(next(line for line in asker.rest() if " here: " in line))

    def _add(self, connection: AnyConnection) -> AnyConnection:
        self._connections.append(connection)
        return connection

    def _let_in(self, connection: AnyConnection) -> AnyConnection:
        self._add(connection)
        if self.password:
            connection.say(self.password)
        return connection

    # What it logs and uses

    def log(self) -> str:
        """What it has logged up to now."""
        return os.pread(self._log.fileno(), 2**24, 0).decode("utf-8", "strict")

    def expect_log(self, text: str) -> str:
        """Wait for a line of the log with `text` in it; returns the first."""
        wait_until(lambda: text in self.log(), f"it logs {text!r}")
        return next(line for line in self.log().split("\n") if text in line)

    def complaints(self) -> list[str]:
        """The lines of the log, but for those that say that this machine is busy."""
        return [line for line in self.log().splitlines() if "event loop blocked" not in line]

    def memory(self) -> int:
        """Its resident memory, in bytes."""
        return int(self._observed.memory_info().rss)

    def cpu_seconds(self) -> float:
        """The processor time that it has used."""
        times = self._observed.cpu_times()
        return float(times.user + times.system)

    def descriptors(self) -> int:
        """How many files and sockets it has open."""
        return int(self._observed.num_fds())

    def limit_descriptors(self, count: int) -> None:
        """Let it open no more than `count` files and sockets from now on."""
        resource.prlimit(self.process.pid, resource.RLIMIT_NOFILE, (count, count))

    # Its end

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self) -> int:
        """Wait until it has ended; returns its exit status, or minus the signal that killed it."""
        return self.process.wait(DEADLINE)

    def wait_until_empty(self) -> None:
        """Hang up for all clients, and wait until the server has nothing left of them."""
        for connection in self._connections:
            connection.close()
        if (empty := self._descriptors_when_empty) is not None:
            self.wait_for_descriptors(empty)

    def wait_for_descriptors(self, count: int) -> None:
        """Wait until no more than `count` files and sockets are open."""
        wait_until(lambda: self.descriptors() <= count, f"{count} descriptors are left open")

    def finish(self) -> None:
        """Every test's last words: nothing is left over, SIGTERM ends it, the log is in order.

        A test that has ended the process has looked at the exit status itself.
        """
        if not self._has_ended():
            self.wait_until_empty()
            self.signal(signal.SIGTERM)
            assert self.wait() == 0
        log = self.log()
        assert "Traceback" not in log, log
        assert "error in" not in log, log
        assert not any(secret in log for secret in self._secrets), log
        for line in log.encode().split(b"\n"):
            assert_safe(line)

    def dispose(self) -> None:
        """Give back what the test uses, whatever has happened."""
        for connection in self._connections:
            connection.close()
        if not self._has_ended():
            self.process.kill()
            self.process.wait()
        self._log.close()
