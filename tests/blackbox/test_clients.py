"""The clients that people have: nc, ncat, telnet."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from shutil import which

import pytest

from tests.blackbox.server import Server
from tests.blackbox.terminal import Terminal

OpenTerminal = Callable[[str], Terminal]

needs_nc = pytest.mark.skipif(
    not which("nc") or b"OpenBSD" not in subprocess.run(["nc", "-h"], capture_output=True).stderr,
    reason="nc of OpenBSD is not installed (Debian: netcat-openbsd)",
)
needs_ncat = pytest.mark.skipif(not which("ncat"), reason="ncat is not installed")
needs_telnet = pytest.mark.skipif(not which("telnet"), reason="telnet is not installed")
every_client = pytest.mark.parametrize(
    "client",
    [
        pytest.param("nc", marks=needs_nc),
        pytest.param("ncat", marks=needs_ncat),
        pytest.param("telnet", marks=needs_telnet),
    ],
)


@pytest.fixture
def sit_down(server: Server) -> Iterator[OpenTerminal]:
    """Somebody who joins `server` with a client in a terminal, and has been welcomed."""
    host, port = server.address
    with ExitStack() as stack:

        def sit_down(client: str) -> Terminal:
            terminal = stack.enter_context(Terminal(client, host, str(port)))
            terminal.expect("Welcome to gchat")
            terminal.expect("/help lists the commands.")
            return terminal

        yield sit_down


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(["nc", "-N"], marks=needs_nc, id="nc -N"),
        pytest.param(["ncat"], marks=needs_ncat, id="ncat"),
    ],
)
@pytest.mark.parametrize("line", [b"done\n", b"done"], ids=["whole", "without newline"])
def test_a_pipe_posts_its_line_and_leaves_without_a_word(
    server: Server, client: list[str], line: bytes
) -> None:
    ann = server.person("ann")
    ann.say("something to replay")
    host, port = server.address
    ended = subprocess.run(
        [*client, host, str(port)], input=line, capture_output=True, timeout=15, check=True
    )
    assert ended.stdout == b""
    shown = ann.line()
    assert shown.startswith("127.0.0.1:")
    assert shown.endswith(": done")
    assert ann.unread() == []


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(["nc", "-N"], marks=needs_nc, id="nc -N"),
        pytest.param(["ncat"], marks=needs_ncat, id="ncat"),
    ],
)
def test_a_pipe_gets_the_answers_to_all_that_it_asks(server: Server, client: list[str]) -> None:
    server.person("ann")
    host, port = server.address
    ended = subprocess.run(
        [*client, host, str(port)],
        input=b"/who\n" * 500,
        capture_output=True,
        timeout=15,
        check=True,
    )
    assert ended.stdout.count(b" 2 here: ") == 500


@pytest.mark.options("--rate", "0")
@needs_nc
def test_a_megabyte_from_a_pipe_arrives_whole(server: Server) -> None:
    ann = server.person("ann")
    host, port = server.address
    text = b"".join(b"%d of many\n" % n for n in range(80_000))
    subprocess.run(["nc", "-N", host, str(port)], input=text, timeout=15, check=True)
    heard = [ann.message().partition(": ")[2] for _ in range(80_000)]
    assert heard == text.decode().split("\n")[:-1]


@every_client
def test_somebody_in_a_terminal_talks_and_listens_and_leaves(
    server: Server, sit_down: OpenTerminal, client: str
) -> None:
    ann = server.person("ann")
    bob = sit_down(client)
    bob.type("/nick bob\n")
    bob.expect("You are now bob\r\n")
    bob.type("hello from a terminal\n")
    assert ann.message() == "bob: hello from a terminal"
    ann.say("hello to a terminal", "and its second line")
    shown = bob.expect("and its second line\r\n")
    assert b"ann: hello to a terminal\r\nann: " in shown
    bob.type("/quit\n")
    bob.expect("Goodbye")
    ann.expect("bob left")


@needs_nc
def test_closing_the_terminal_is_leaving(server: Server, sit_down: OpenTerminal) -> None:
    ann = server.person("ann")
    bob = sit_down("nc")
    bob.type("/nick bob\n")
    bob.expect("You are now bob")
    bob.type("here I am\n")
    ann.expect("bob: here I am")
    bob.process.kill()
    ann.expect("bob left")


@needs_telnet
def test_ctrl_c_in_telnet_does_not_end_the_conversation(
    server: Server, sit_down: OpenTerminal
) -> None:
    ann = server.person("ann")
    bob = sit_down("telnet")
    for number in (1, 2):
        bob.type("\x03")
        bob.expect("Ctrl-C does not leave the chat")
        ann.say(f"are you still there? {number}")
        bob.expect(f"ann: are you still there? {number}\r\n")
        bob.type(f"I am {number}\n")
        assert ann.message().endswith(f": I am {number}")


@needs_nc
def test_ctrl_c_in_nc_is_leaving(server: Server, sit_down: OpenTerminal) -> None:
    ann = server.person("ann")
    bob = sit_down("nc")
    bob.type("/nick bob\n")
    bob.expect("You are now bob")
    bob.type("here I am\n")
    ann.expect("bob: here I am")
    bob.type("\x03")
    ann.expect("bob left")
