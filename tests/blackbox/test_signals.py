"""Signals while the server starts, and what becomes of it when its terminal is closed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import join
from signal import SIGHUP, SIGINT, SIGTERM, Signals

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.server import ROOT, START, Server
from tests.blackbox.terminal import Terminal
from tests.blackbox.waiting import DEADLINE, wait_until

NOTICE = " * The server is going down (in nc, press Enter to leave)"
GCHAT = (sys.executable, str(ROOT / "gchat.py"), "--port", "0")

SLOW_GEVENT = """
import os, sys
open(os.environ["HELD"]).read()
sys.path.remove(os.path.dirname(os.path.dirname(__file__)))
del sys.modules["gevent"]
import gevent
"""
"""A package called gevent that waits for the fifo $HELD, and then makes way for the real one."""


class Held:
    """A fifo that a program waits for, which reads it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.mkfifo(path)
        self._writer = -1

    def wait(self) -> None:
        """Wait until the program waits."""
        wait_until(self._is_read, "it waits")

    def let_go(self) -> None:
        """Let it find a file that is empty, now and later."""
        empty = self._path.with_name("empty")
        empty.touch()
        empty.rename(self._path)
        os.close(self._writer)

    def _is_read(self) -> bool:
        try:
            self._writer = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody has opened it to read
            return False
        return True


def catches(pid: int, number: Signals) -> bool:
    """Whether the process has a handler for a signal."""
    (line,) = [x for x in Path(f"/proc/{pid}/status").read_text().split("\n") if "SigCgt" in x]
    return bool(int(line.split()[1], 16) & 1 << (number - 1))


def has_loaded(pid: int, library: str) -> bool:
    """Whether the process has mapped a file with `library` in its name."""
    try:
        return library in Path(f"/proc/{pid}/maps").read_text()
    except OSError:  # it is not there any more
        return True


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path / "held")


@pytest.fixture
def environment(tmp_path: Path, held: Held) -> dict[str, str]:
    """Makes Python wait for `held` when it imports gevent."""
    package = tmp_path / "slow" / "gevent"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SLOW_GEVENT)
    return {"PYTHONPATH": str(package.parent), "HELD": str(tmp_path / "held")}


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.dispose()


@pytest.fixture(params=["gevent", "motd"])
def starting(
    request: pytest.FixtureRequest,
    held: Held,
    environment: dict[str, str],
    servers: list[Server],
    tmp_path: Path,
) -> Server:
    """A server that waits at the very beginning of its start, or in the midst of it."""
    if request.param == "gevent":
        servers.append(Server(environment=environment))
    else:
        servers.append(Server("--motd", str(tmp_path / "held")))
    held.wait()
    return servers[-1]


# While it starts


@pytest.mark.parametrize("number", [SIGINT, SIGTERM])
def test_one_that_starts_is_ended_with_a_line_and_status_0(
    starting: Server, held: Held, number: Signals
) -> None:
    starting.signal(number)
    held.let_go()  # the signal may have come just before it began to wait
    assert starting.wait() == 0
    assert starting.log() == f"gchat: stopped by {number.name} before it was ready\n"


def test_a_hangup_while_it_starts_is_nothing_if_it_has_no_terminal(
    starting: Server, held: Held
) -> None:
    for _ in range(3):
        starting.signal(SIGHUP)
    held.let_go()
    starting.wait_until_it_listens()
    starting.person()
    starting.signal(SIGTERM)
    assert starting.wait() == 0
    assert "Traceback" not in starting.log()


def test_files_that_were_read_before_a_hangup_are_read_again(
    held: Held, tmp_path: Path, servers: list[Server]
) -> None:
    password, motd = tmp_path / "password", tmp_path / "held"
    password.write_text("before")
    servers.append(Server("--op-password-file", str(password), "--motd", str(motd)))
    held.wait()
    servers[0].signal(SIGHUP)
    held.let_go()
    servers[0].expect_log(f"reloaded {password}")


@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
@pytest.mark.parametrize("library", ["", "greenlet", "corecext", "_socket", "_sqlite3", "_hashlib"])
def test_at_no_moment_of_the_start_a_signal_kills_it_or_is_a_traceback(
    number: Signals, library: str, servers: list[Server]
) -> None:
    server = Server()
    servers.append(server)
    pid = server.process.pid
    wait_until(lambda: catches(pid, SIGHUP), "it catches signals")
    while not has_loaded(pid, library) and not START.search(server.log()):
        pass
    server.signal(number)
    if number == SIGHUP:
        server.wait_until_it_listens()
        server.person()
        server.signal(SIGTERM)
    assert server.wait() == 0
    log = server.log()
    assert "Traceback" not in log
    assert log.endswith(("before it was ready\n", " stopped\n"))


def test_no_hangup_is_lost_or_kills_it_between_two_handlers(servers: list[Server]) -> None:
    server = Server()
    servers.append(server)
    wait_until(lambda: catches(server.process.pid, SIGHUP), "it catches signals")
    while not START.search(server.log()):
        server.signal(SIGHUP)
        assert server.process.poll() is None
    server.wait_until_it_listens()
    server.person()
    server.signal(SIGTERM)
    assert server.wait() == 0
    assert "Traceback" not in server.log()


@pytest.mark.parametrize("arguments", [["--help"], ["export", "x"], ["check", "x"], ["--version"]])
@pytest.mark.parametrize("number", [SIGINT, SIGTERM, SIGHUP])
def test_what_does_not_serve_leaves_signals_as_they_are(
    arguments: list[str], number: Signals, held: Held, environment: dict[str, str]
) -> None:
    program = subprocess.Popen(
        [sys.executable, "gchat.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    )
    held.wait()
    assert not catches(program.pid, SIGHUP)
    program.send_signal(number)
    _, errors = program.communicate(timeout=DEADLINE)
    assert program.returncode == -number
    assert ("KeyboardInterrupt" in errors) is (number == SIGINT)
    assert "before it was ready" not in errors


# In a terminal


def listening_at(terminal: Terminal) -> tuple[str, int]:
    """The address of the server in `terminal`, as soon as it is shown there."""
    terminal.expect("to join: nc 127.0.0.1 ")
    return "127.0.0.1", int(terminal.expect("\r\n"))


def visitor(address: tuple[str, int]) -> Person:
    person = Person(address)
    person.be_welcomed()
    return person


def test_ctrl_c_while_it_starts_is_one_line(held: Held, environment: dict[str, str]) -> None:
    with Terminal(*GCHAT, environment=environment) as terminal:
        held.wait()
        terminal.type("\x03")
        terminal.expect("^C")
        held.let_go()  # the signal may have come just before it began to wait
        shown = terminal.expect("gchat: stopped by SIGINT before it was ready\r\n")
        assert shown.strip() == b""
        assert terminal.process.wait(DEADLINE) == 0


def test_a_terminal_that_is_closed_ends_the_server_and_all_are_told() -> None:
    with Terminal(*GCHAT) as terminal:
        people = [visitor(address) for address in [listening_at(terminal)] * 2]
        terminal.close()
        for person in people:
            assert person.rest()[-1] == NOTICE
        assert terminal.process.wait(DEADLINE) == 0


def test_it_ends_as_well_where_no_hangup_comes_since_a_shell_has_put_it_aside() -> None:
    with Terminal("bash", "-mc", f"{join(GCHAT)} & wait") as terminal:
        person = visitor(listening_at(terminal))
        terminal.close()
        assert person.rest()[-1] == NOTICE


def test_a_terminal_that_is_closed_while_the_server_starts_ends_it(
    held: Held, environment: dict[str, str]
) -> None:
    with Terminal(*GCHAT, environment=environment) as terminal:
        held.wait()
        terminal.close()
        held.let_go()
        assert terminal.process.wait(DEADLINE) == 0


def test_a_hangup_in_a_terminal_that_lives_reads_the_files_again(tmp_path: Path) -> None:
    motd = tmp_path / "motd"
    motd.write_text("be kind\n")
    with Terminal(*GCHAT, "--motd", str(motd)) as terminal:
        address = listening_at(terminal)
        for _ in range(2):
            terminal.process.send_signal(SIGHUP)
            terminal.expect(f"reloaded {motd}")
        visitor(address).close()
        terminal.process.send_signal(SIGTERM)
        terminal.expect("stopped")
        assert terminal.process.wait(DEADLINE) == 0


@pytest.mark.parametrize(
    "shell", ['trap "" HUP; exec "$@"', 'exec "$@" 2>log'], ids=["ignored", "to-a-file"]
)
def test_a_server_that_is_to_outlive_its_terminal_does_so(shell: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f'cd "{tmp_path}"; {shell}'
    with Terminal("sh", "-c", script, "sh", *GCHAT) as terminal:
        if "log" in shell:
            wait_until(lambda: log.exists() and START.search(log.read_text()) is not None, "starts")
            started = START.search(log.read_text())
            assert started
            address = "127.0.0.1", int(started[2])
        else:
            address = listening_at(terminal)
        person = visitor(address)
        terminal.close()
        terminal.process.send_signal(SIGHUP)
        for _ in range(3):
            person.who()
        visitor(address).close()
        terminal.process.send_signal(SIGTERM)
        assert person.rest()[-1] == NOTICE
        assert terminal.process.wait(DEADLINE) == 0
