"""Programs are people too: pipes with real nc and ncat do what they look like."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shlex import join

import pytest

from tests.blackbox.connection import Person, meet
from tests.blackbox.server import Server
from tests.blackbox.test_clients import needs_nc, needs_ncat
from tests.blackbox.waiting import DEADLINE

every_pipe = pytest.mark.parametrize(
    "client",
    [
        pytest.param(["nc", "-N"], marks=needs_nc, id="nc -N"),
        pytest.param(["ncat"], marks=needs_ncat, id="ncat"),
    ],
)


def run(server: Server, client: list[str], before: str) -> str:
    """What `before | client HOST PORT` shows, in a shell; it must end with status 0."""
    host, port = server.address
    ended = subprocess.run(
        ["sh", "-c", f"{before} | {join(client)} {host} {port}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=DEADLINE,
        text=True,
        check=True,
    )
    return ended.stdout


@pytest.fixture
def lobby(server: Server) -> Person:
    """Somebody in the lobby."""
    return server.person("lobbyist")


@pytest.fixture
def builds(server: Server, lobby: Person) -> Person:
    """Somebody in #builds, where something has been said."""
    person = server.person("builder")
    meet(lobby, person)
    person.say("/join builds", "/topic the night's builds", "something to replay")
    person.who()
    lobby.expect("builder left")
    return person


def assert_nothing_is_told(person: Person, stranger: Person) -> None:
    """`person` has been shown nothing up to now.

    A stranger comes and is announced, as whatever was to be announced before would be.
    """
    stranger.say("I am the stranger")
    assert person.lines_until("I am the stranger") == [
        f" * {stranger.name} joined",
        f"{stranger.name}: I am the stranger",
    ]


@every_pipe
def test_a_pipe_takes_a_name_goes_to_a_room_says_a_line_and_is_never_announced(
    server: Server, lobby: Person, builds: Person, client: list[str]
) -> None:
    assert run(server, client, r"printf '/nick ci\n/join builds\ndone\n'") == ""
    assert builds.line() == "ci: done"
    assert_nothing_is_told(lobby, server.person())
    stranger = server.person()
    stranger.say("/join builds")
    stranger.expect("You are in #builds")
    assert_nothing_is_told(builds, stranger)


@every_pipe
def test_the_output_of_a_build_is_said_line_by_line_with_its_errors(
    server: Server, lobby: Person, client: list[str]
) -> None:
    lobby.say("something to replay")
    lobby.who()
    make = "sh -c 'echo cc -c a.c; echo a.c:1: error >&2; printf last' 2>&1"
    assert run(server, client, make) == ""
    lines = [lobby.line() for _ in range(3)]
    names = {line.partition(": ")[0] for line in lines}
    assert [line.partition(": ")[2] for line in lines] == ["cc -c a.c", "a.c:1: error", "last"]
    assert len(names) == 1
    assert_nothing_is_told(lobby, server.person())


@every_pipe
def test_a_program_is_shown_what_was_refused_and_says_the_rest_all_the_same(
    server: Server, lobby: Person, client: list[str]
) -> None:
    shown = run(server, client, r"printf '/nick lobbyist\n/join a:b\n/leave now\ndone\n'")
    name, room, command = shown.splitlines()
    assert name.startswith(" * The name lobbyist is taken")
    assert name.endswith("lobbyist2 is free")
    assert room.startswith(" * Names have letters")
    assert command.startswith(" * Usage: /leave")
    assert lobby.line().endswith(": done")


@every_pipe
def test_a_program_is_shown_no_confirmation_of_anything_that_it_wants(
    server: Server, lobby: Person, client: list[str]
) -> None:
    wanted = (
        "/nick ci", "/join builds", "/topic tea", "/leave", "/me waves", "/msg lobbyist done",
        "/ignore carl", "/unignore carl", "/time UTC", "/time off", "/color on", "/bell on",
        "/redraw on", "/quiet on", "/away lunch", "back",
    )  # fmt: skip
    quoted = r"\n".join(wanted)
    assert run(server, client, rf'printf "{quoted}\n"') == ""
    assert [lobby.line() for _ in range(3)] == [" ** ci waves", "ci -> lobbyist: done", "ci: back"]
    assert_nothing_is_told(lobby, server.person())


@every_pipe
def test_a_program_gets_the_answers_to_what_it_asks(
    server: Server, lobby: Person, client: list[str]
) -> None:
    lobby.say("before")
    lobby.who()
    shown = run(server, client, r"printf '/who\n/history 1\n/version\n'").splitlines()
    assert shown[0].startswith(" * #lobby, 2 here: 127.0.0.1:")
    assert "The last message in #lobby" in shown[1]
    assert shown[2].endswith("] lobbyist: before")
    assert shown[3].startswith(" * gchat ")
    assert len(shown) == 4


@contextmanager
def long_running(server: Server, client: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A program that goes on: what is written to it is said, what it shows is read."""
    host, port = server.address
    process = subprocess.Popen(
        [*client, host, str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def tell(process: subprocess.Popen[str], *lines: str) -> None:
    assert process.stdin
    process.stdin.write("".join(f"{line}\n" for line in lines))
    process.stdin.flush()


@every_pipe
def test_a_long_running_program_sees_what_people_say_and_no_notices(
    server: Server, lobby: Person, client: list[str]
) -> None:
    with long_running(server, client) as program:
        tell(program, "/nick ci", "started")
        assert lobby.line() == "ci: started"
        ann = server.person("ann")
        ann.say("hello", "/nick anna", "/topic tea", "/me waves", "/msg ci psst", "/quit")
        lobby.expect("anna left")
        lobby.say("stop")
        tell(program, "stopping")
        output, _ = program.communicate(timeout=DEADLINE)
    assert output.splitlines() == [
        "ann: hello",
        " ** anna waves",
        "anna -> ci: psst",
        "lobbyist: stop",
    ]
    assert lobby.expect("ci: ") == "ci: stopping"


@every_pipe
def test_a_program_that_wants_notices_gets_them(
    server: Server, lobby: Person, client: list[str]
) -> None:
    with long_running(server, client) as program:
        tell(program, "/nick ci", "/quiet off", "started")
        assert lobby.line() == "ci: started"
        ann = server.person("ann")
        ann.say("/topic tea", "/quit")
        lobby.expect("ann left")
        output, _ = program.communicate(timeout=DEADLINE)
    lines = output.splitlines()
    assert lines[-2:] == [" * ann set the topic: tea", " * ann left"]
    assert lines[0].endswith(" joined")


# What a program prints


OUTPUT = (
    "gcc -o app", "/usr/bin/ld: cannot find -lfoo", "/home/a/m.c:3: fatal error", "/* c */",
    "// c++", "/quit", "/forget", "/me waves", "/shutdown", "/nick boss", "make: Error 1",
)  # fmt: skip


@every_pipe
def test_every_line_of_what_a_program_prints_is_said(
    server: Server, lobby: Person, client: list[str]
) -> None:
    printed = r"\n".join(OUTPUT)
    assert run(server, client, rf"printf '{printed}\n'") == ""
    lines = [lobby.line() for _ in OUTPUT]
    assert [line.partition(": ")[2] for line in lines] == list(OUTPUT)
    assert_nothing_is_told(lobby, server.person())


@every_pipe
def test_a_secret_is_never_said_whatever_a_pipe_begins_with(
    server: Server, lobby: Person, client: list[str]
) -> None:
    for before in (r"\t", " ", r"\302\240", r"\357\273\277", r"\f", r"\033[D", r"text\n"):
        shown = run(server, client, rf"printf '{before}/op SECRET\n{before}/msg ann SECRET\nend\n'")
        assert shown.startswith(" * Not sent, as it may tell a secret: /op works only ")
        assert " * Not sent, as it may tell a secret: /msg works only " in shown
        assert "SECRET" not in "".join(lobby.lines_until(": end"))


@every_pipe
def test_after_a_second_of_silence_a_program_is_obeyed_again(
    server: Server, lobby: Person, client: list[str]
) -> None:
    with long_running(server, client) as program:
        tell(program, "text", "/nick early")
        assert lobby.line().endswith(": text")
        assert lobby.line().endswith(": /nick early")
        time.sleep(1.5)  # the silence
        tell(program, "/nick late", "text")
        assert lobby.line() == "late: text"
