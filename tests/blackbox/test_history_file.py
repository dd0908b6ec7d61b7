"""--history: what was said is there after a restart; who can use the file; a full disk."""

import os
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.operators import ABUSER, NEIGHBOUR, OPERATORS, answers, operator, refused
from tests.blackbox.server import SMALL_DISK
from tests.blackbox.test_options import run
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

LOG_HOLDS = 100_000
"""Messages of a room that memory holds."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


def without_time(lines: list[str]) -> list[str]:
    """What was said, of lines that are shown again."""
    return [line.partition("] ")[2] for line in lines if line.startswith("[")]


def test_what_was_said_is_there_when_the_server_is_started_again(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file))
    ann = server.person("ann")
    ann.say("one", "/me waves", "/join builds", "two")
    assert "ann" in ann.who()
    program = server.json_program("ci")
    said = program.carry_out(text="three")[-1]
    server.signal(SIGTERM)
    ann.rest()
    assert server.wait() == 0

    server = start_server("--history", str(file))
    bob = server.connect()
    assert bob.expect("ann: one")
    assert bob.expect(" ** ann waves")
    assert bob.expect("ci: three")
    bob.say("/join builds", "/history")
    assert without_time(bob.lines_until("The last message in"))[-1] == "ann: two"
    again = server.json_program("ci")
    assert again.carry_out(text="four")[-1]["id"] > said["id"]


def test_whatever_is_said_at_once_before_leaving_is_kept(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file))
    for number in range(50):
        program = server.program("/join builds", f"build {number}")
        program.end_input()
        program.rest()
    with closing(sqlite3.connect(file)) as history:

        def texts() -> list[str]:
            rows = history.execute("SELECT text FROM messages WHERE room = 'builds' ORDER BY id")
            return [text for (text,) in rows]

        wait_until(lambda: len(texts()) == 50, "all is written")
        assert texts() == [f"build {number}" for number in range(50)]


@pytest.mark.timeout(120)
def test_one_who_does_not_read_for_longer_than_memory_lasts_misses_nothing(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file), "--rate", "0", "--replay", "0")
    slow = server.person(receive_buffer=4096)
    bystanders = Bystanders(server)
    talker = server.person("talker")
    lines = LOG_HOLDS + 60_000
    with bystanders:
        for first in range(0, lines, 1000):
            talker.say(*map(str, range(first, first + 1000)))
            if first % 20_000 == 0:
                bystanders.hear(f"talker: {first}")
        bystanders.hear(f"talker: {lines - 1}")
        data = slow.bytes_until(b"talker: %d\n" % (lines - 1)).decode()
    heard = [line for line in data.split("\n") if line.startswith("talker: ")]
    assert heard == [f"talker: {number}" for number in range(lines)]
    assert "You missed" not in data


LINKS: dict[str, Callable[[Path, Path], None]] = {
    "a symbolic link": Path.symlink_to,
    "a hard link": Path.hardlink_to,
    "the same name": lambda _link, _file: None,
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_second_server_is_refused_the_file_and_the_first_one_goes_on(
    start_server: StartServer, file: Path, kind: str
) -> None:
    server = start_server("--history", str(file))
    bystanders = Bystanders(server)
    other = file if kind == "the same name" else file.with_name("other.db")
    LINKS[kind](other, file)
    with bystanders:
        ended = run("--port=0", f"--history={other}")
        bystanders.talk_on(20)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        f"gchat: cannot open history file {other}: another gchat uses it "
        f"(process {server.process.pid})\n",
    )
    bystanders.ann.say("the last")
    bystanders.bob.expect("ann: the last")
    server.signal(SIGKILL)
    assert server.wait() == -SIGKILL
    again = start_server("--history", str(file))  # a lock does not outlast the process
    assert again.connect().expect("ann: the last")


def test_what_only_reads_the_file_or_copies_it_works_while_the_server_runs(
    start_server: StartServer, file: Path, tmp_path: Path
) -> None:
    server = start_server("--history", str(file))
    bystanders, copy = Bystanders(server), tmp_path / "copy.db"
    with bystanders:
        bystanders.ann.say("to be read")
        bystanders.hear("to be read")
        assert "ann: to be read" in run("export", str(file)).stdout
        assert run("check", str(file)).stdout.endswith("the file is sound\n")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        subprocess.run(["cp", str(file), str(tmp_path / "another.db")], check=True)
        bystanders.talk_on(20)
        assert run("--port=0", f"--history={file}").returncode == 1
    start_server("--history", str(copy))
    assert "ann: to be read" in run("export", str(copy)).stdout


def test_a_new_file_is_private_and_an_old_one_that_is_not_is_warned_of(
    start_server: StartServer, file: Path
) -> None:
    def files() -> dict[str, int]:
        return {each.name: each.stat().st_mode & 0o777 for each in sorted(tmp_path.iterdir())}

    tmp_path = file.parent
    names = ("chat.db", "chat.db-shm", "chat.db-wal")
    before = os.umask(0)
    try:
        server = start_server("--history", str(file))
    finally:
        os.umask(before)
    assert files() == dict.fromkeys(names, 0o600)
    server.signal(SIGTERM)
    assert server.wait() == 0
    assert not [line for line in server.complaints() if "WARNING" in line]
    file.chmod(0o664)
    server = start_server("--history", str(file))
    assert files() == dict.fromkeys(names, 0o664)
    line = server.expect_log("WARNING other users can read or write the history: ")
    assert f"{file} (mode 0664), {file}-wal (mode 0664)" in line
    assert line.endswith(f"to make it private: chmod 600 {file} {file}-wal {file}-shm")


def test_a_file_that_another_program_locks_delays_no_messages_and_gets_them_afterwards(
    start_server: StartServer, file: Path
) -> None:
    server = start_server("--history", str(file), environment=OPERATORS)
    bystanders, op = Bystanders(server), operator(server)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        op.say("while it is locked")
        bystanders.ann.say("/version")
        bystanders.ann.expect("gchat ")  # the loop is not blocked
        bystanders.ann.expect("op: while it is locked")
        assert op.expect("cannot be written").endswith("written as soon as it can be.")
        assert "another program holds a lock on it" in server.expect_log("cannot be written")
        with bystanders:
            bystanders.talk_on(20)
        other.execute("ROLLBACK")
    op.expect(" is written again: ")

    def kept() -> bool:
        with closing(sqlite3.connect(file)) as history:
            (count,) = history.execute(
                "SELECT count(*) FROM messages WHERE kind = 'say'"
            ).fetchone()
        return int(count) > 40

    wait_until(kept, "all of it is in the file")


def test_a_full_disk_is_told_to_operators_and_the_talk_goes_on(
    start_server: StartServer, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    server = start_server(
        "--history", str(disk / "chat.db"), "--rate", "0",
        environment=OPERATORS, small_disk=disk,
    )  # fmt: skip
    bystanders, op = Bystanders(server), operator(server)
    with bystanders:
        op.say(*[f"{number} {'x' * 1000}" for number in range(2 * SMALL_DISK // 1000)])
        told = op.expect("cannot be written")
        assert "the disk is full" in told
        op.say("that was it")
        bystanders.hear("op: that was it")
        bystanders.talk_on(20)
    heard = [line.split()[1] for line in bystanders.messages if " xxx" in line]
    assert heard == [str(number) for number in range(2 * SMALL_DISK // 1000)]
    server.expect_log("the disk is full")


def test_bans_and_mutes_outlast_the_server(start_server: StartServer, file: Path) -> None:
    server = start_server("--history", str(file), "--reserve", "0", environment=OPERATORS)
    op, muted = operator(server), server.person("mallory", source=NEIGHBOUR)
    op.say(f"/ban {ABUSER} 2h too loud", "/mute mallory", "/bans")
    told = op.lines_until("1 muted address")
    assert not [line for line in told if "There is no history file" in line]
    server.signal(SIGTERM)
    for person in (op, muted):
        person.rest()
    assert server.wait() == 0

    server = start_server("--history", str(file), "--reserve", "0", environment=OPERATORS)
    assert re.search("You are banned by op for another .*: too loud", refused(server, ABUSER))
    assert "is muted by op" in server.connect(source=NEIGHBOUR).expect("muted")
    op = operator(server)
    assert answers(op, f"/unban {ABUSER}", f"/unmute {NEIGHBOUR}") == [
        f" * The ban of {ABUSER} is lifted",
        f" * op unmuted {NEIGHBOUR}",
    ]
    server.signal(SIGTERM)
    op.rest()
    assert server.wait() == 0

    server = start_server("--history", str(file))
    server.person(source=ABUSER)
    assert "muted" not in server.person(source=NEIGHBOUR).welcome
