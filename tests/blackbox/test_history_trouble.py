"""--history: a file that is locked, removed or full keeps nobody waiting, and nothing is silent."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.operators import OPERATORS, operator
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

SHARE = 200
"""Rooms that one address may open while there are no others."""

LOCK_WAIT = 5.0
"""Seconds for which somebody who waited for a lock inside SQLite would keep all others waiting."""

NOTICED = 10.0
"""Seconds in which a file that is removed has to be noticed."""

GRACE = 3.0
"""Seconds that README says the end of the server takes at the most."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program holds the lock on the file within."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def kept(file: Path, room: str = "lobby") -> list[tuple[int, str]]:
    """The ids and texts of what people have said, as the file has them."""
    with closing(sqlite3.connect(file)) as history:
        return history.execute(
            "SELECT id, text FROM messages WHERE room = ? AND kind = 'say' ORDER BY id", (room,)
        ).fetchall()


def start(start_server: StartServer, file: Path) -> Server:
    return start_server("--history", str(file), "--rate", "0", environment=OPERATORS)


def test_while_the_file_is_locked_no_address_uses_up_the_rooms_nor_the_ids(
    start_server: StartServer, file: Path
) -> None:
    server = start(start_server, file)
    bystanders, program = Bystanders(server), server.json_program("ci")
    with bystanders, locked(file):
        program.carry_out(command="/join builds")
        first = program.carry_out(text="one")[-1]["id"]
        for number in range(SHARE - 1):  # none of them is closed before it is written
            assert program.carry_out(command=f"/join r{number}")[-1]["kind"] == "ok"
            program.carry_out(text=f"in room {number}")
        refusal = program.carry_out(command="/join onemore")[-1]
        assert (refusal["kind"], "your address has 200 rooms" in refusal["text"]) == ("error", True)
        newcomer = server.person(source="127.0.0.9")
        newcomer.say("/join another")
        newcomer.expect("You are in #another")
        program.carry_out(command="/join builds")
        second = program.carry_out(text="two")[-1]["id"]
    assert first < second
    wait_until(lambda: len(kept(file, "builds")) == 2, "it is written")
    third = program.carry_out(text="three")[-1]["id"]
    wait_until(lambda: len(kept(file, "builds")) == 3, "what follows is written")
    assert kept(file, "builds") == [(first, "one"), (second, "two"), (third, "three")]
    assert kept(file, f"r{SHARE - 2}") != []
    # What is written may be closed: now there is a room for the program again.
    assert program.carry_out(command="/join onemore")[-1]["kind"] == "ok"


def test_a_lock_delays_nobody_however_many_want_to_write(
    start_server: StartServer, file: Path
) -> None:
    server = start(start_server, file)
    bystanders, writers = Bystanders(server), server.people(6)
    with bystanders, locked(file):
        for writer in writers:
            writer.say("/join elsewhere", *[f"/topic {number}" for number in range(20)])
        began, longest = time.monotonic(), 0.0
        for _ in range(20):
            before = time.monotonic()
            bystanders.talk_on(1)
            longest = max(longest, time.monotonic() - before)
        for writer in writers:
            assert "Not saved to the history file" in writer.expect("history file")
        assert longest < LOCK_WAIT / 2, f"a line took {longest} s of {time.monotonic() - began}"


def test_the_server_ends_in_time_while_the_file_is_locked_and_says_what_is_lost(
    start_server: StartServer, file: Path
) -> None:
    server = start(start_server, file)
    ann, bob = server.named("ann", "bob")
    ann.say("/token")
    with locked(file):
        ann.say("one", "two")
        bob.expect("ann: two")
        began = time.monotonic()
        server.signal(SIGTERM)
        for person in (ann, bob):
            person.rest()
        assert server.wait() == 0
        assert time.monotonic() - began < 2 * GRACE
    assert [text for _, text in kept(file)] == []
    line = server.expect_log("not in the history file")
    assert f"messages are not in the history file {file}: another program holds a lock" in line


def test_a_file_that_is_removed_is_noticed_and_what_it_costs_is_told(
    start_server: StartServer, file: Path
) -> None:
    server = start(start_server, file)
    bystanders, op = Bystanders(server), operator(server)
    with bystanders:
        for each in (file, *file.parent.glob("chat.db-*")):
            each.unlink()
        told = op.expect("removed or replaced")
        assert f"The history file {file} cannot be written: it was removed or replaced." in told
        bystanders.talk_on(20)
    late = operator(server, "late")
    assert "has not been writable for" in late.expect("removed or replaced")
    op.say("/stats")
    assert "messages in memory" in op.expect("has not been writable for")
    server.signal(SIGTERM)
    for person in (op, late):
        person.rest()
    assert server.wait() == 0
    assert f"not in the history file {file}: it was removed" in server.expect_log("are not in")


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_a_file_beside_it_that_is_removed_is_made_anew_and_nothing_is_lost(
    start_server: StartServer, file: Path, end: str
) -> None:
    server = start(start_server, file)
    bystanders, op = Bystanders(server), operator(server)
    beside, said = Path(f"{file}{end}"), ["before", "just after", "afterwards"]
    with bystanders:
        op.say(said[0])
        bystanders.hear(said[0])
        beside.unlink()
        began = time.monotonic()
        op.say(said[1])
        bystanders.hear(said[1])
        assert f"{beside} was removed or replaced" in op.expect("made it anew")
        assert time.monotonic() - began < NOTICED
        op.say(said[2])
        bystanders.hear(said[2])
    server.signal(SIGKILL)
    assert server.wait() == -SIGKILL
    assert [text for _, text in kept(file) if text in said] == said


def test_a_file_that_is_put_back_gets_what_was_said_meanwhile(
    start_server: StartServer, file: Path
) -> None:
    server = start(start_server, file)
    bystanders, op = Bystanders(server), operator(server)
    with bystanders:
        file.rename(file.with_name("aside.db"))
        op.expect("removed or replaced")
        op.say("meanwhile")
        bystanders.hear("meanwhile")
        file.with_name("aside.db").rename(file)
        assert "from memory." in op.expect("is written again")
    assert "meanwhile" in [text for _, text in kept(file)]


def test_the_log_has_a_line_for_a_full_disk_and_one_for_what_is_lost_at_the_end(
    start_server: StartServer, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    server = start_server(
        "--history", str(disk / "chat.db"), "--rate", "0", environment=OPERATORS, small_disk=disk
    )
    bystanders, op = Bystanders(server), operator(server)
    with bystanders:
        op.say(*[f"{number} {'x' * 1000}" for number in range(1500)])
        op.expect("the disk is full")
        op.say("/topic full", "/token")
        bystanders.talk_on(50)
    server.signal(SIGTERM)
    op.rest()
    assert server.wait() == 0
    errors = [line for line in server.log().split("\n") if "ERROR" in line]
    assert len([line for line in errors if "cannot be written: the disk is full" in line]) == 1
    assert "messages are not in the history file" in errors[-1]


def test_the_journal_shrinks_when_a_reader_is_gone(start_server: StartServer, file: Path) -> None:
    server = start(start_server, file)
    wal = file.with_name("chat.db-wal")
    bystanders, talker = Bystanders(server), server.program("hello")
    with bystanders:
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM messages").fetchone()
            for first in range(0, 20_000, 1000):
                talker.say(*[f"{number} {'x' * 1000}" for number in range(first, first + 1000)])
                bystanders.hear(f": {first + 999} xxx")
            grown = wal.stat().st_size

        def has_shrunk() -> bool:
            talker.say("more", "x" * 1000)
            return wal.stat().st_size < grown / 2

        wait_until(has_shrunk, "it shrinks")
