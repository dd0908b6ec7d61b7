"""The store under all faults at the same time: one order, each once, no id twice, nothing lost.

A real server with a history file. Members talk in two rooms, one of which is closed whenever it is
empty, and send direct messages to somebody who sleeps; meanwhile the file is locked, full, or moved
away, the clock steps, connections are reset, and the server is stopped or killed, in any order.
"""

import resource
import shutil
import sqlite3
import tempfile
from contextlib import closing
from itertools import count
from pathlib import Path
from signal import SIGKILL, SIGTERM

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.checker.histories import History, Line, faults
from tests.fuzz.machine import case_of
from tests.fuzz.members import Member
from tests.fuzz.sleeper import Sleeper

ROOMS = {"ann": "lobby", "bob": "lobby", "cy": "builds", "di": "builds"}

DAY = 86400.0

MANY = 60
"""Lines that one member says, and another: together more than the kernel of a sleeper takes."""

MEMBER = st.sampled_from([*ROOMS])


class Talk(RuleBasedStateMachine):
    """Talk of four members while whatever can go wrong with a history file does."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.file = self.folder / "chat.db"
        self.clock = self.folder / "clock"
        self.clock.write_text("0")
        self.lock: sqlite3.Connection | None = None
        self.is_away = self.is_full = False
        self.may_owe = False
        """There was trouble since all that was said was last seen in the file."""
        self.lost = 0
        """Messages that were shown and not written when the server was killed."""
        self.given_up: set[str] = set()
        """Of those, and of what was on its way then, the texts."""
        self.start_server()
        self.members = {name: Member(self.server, name, room) for name, room in ROOMS.items()}
        self.sleeper = Sleeper(self.server)
        self.whispers = count(1)
        tokens = len(ROOMS) + 1
        wait_until(lambda: self.count("identities") == tokens, "all tokens are in the file")

    def start_server(self) -> None:
        self.server = Server(
            "--history",
            str(self.file),
            "--rate",
            "0",
            "--keep-days",
            "3",
            "--send-threads",
            "2",
            environment={"CLOCK": str(self.clock)},
            module="tests.fuzz.server_with_a_clock",
        )
        self.server.wait_until_it_listens()

    @rule(name=MEMBER, count=st.integers(1, 30))
    def say(self, name: str, count: int) -> None:
        self.members[name].say(count)

    @rule(name=MEMBER)
    def settle(self, name: str) -> None:
        self.members[name].settle()

    @rule(name=st.sampled_from(["cy", "di"]))
    def leave_and_come_back(self, name: str) -> None:
        self.members[name].leave_and_come_back()

    @rule(name=MEMBER)
    def break_off(self, name: str) -> None:
        member = self.members[name]
        gaps = member.gaps + member.has_lost_place
        member.break_off()
        member.come_back(self.server)
        assert member.gaps == gaps, "nothing was lost"

    @rule(name=MEMBER, count=st.integers(1, 30))
    def break_off_with_lines_unread(self, name: str, count: int) -> None:
        """What somebody else says arrives, and is not read."""
        member = self.members[name]
        member.say(1)
        member.settle()
        other = next(each for each in self.members.values() if each.shares_room_with(member))
        other.say(count)
        other.settle()
        self.break_off(name)

    @rule(name=MEMBER)
    def whisper(self, name: str) -> None:
        """Send a direct message to somebody who sleeps; it is kept if the file can be written."""
        text = f"psst {next(self.whispers)}"
        if self.members[name].whisper(self.sleeper.name, text):
            self.sleeper.to_come.append(text)
            if self.is_well:
                wait_until(lambda: self.is_safe(text), "it is in the file, or has arrived")

    def is_safe(self, text: str) -> bool:
        return text in self.sleeper.arrived() or text in self.kept_privates()

    @rule()
    def wake(self) -> None:
        self.sleeper.wake()
        if self.is_well:
            wait_until(lambda: not self.kept_privates(), "the file has none any more")

    @property
    def is_well(self) -> bool:
        """Whether the file can be written."""
        return not (self.lock or self.is_away or self.is_full)

    # What goes wrong

    @precondition(lambda self: not self.lock and not self.is_away)
    @rule()
    def lock_file(self) -> None:
        lock = sqlite3.connect(self.file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        self.lock, self.may_owe = lock, True

    @precondition(lambda self: self.lock)
    @rule()
    def unlock_file(self) -> None:
        if self.lock:
            self.lock.close()
        self.lock = None

    @precondition(lambda self: not self.is_away)
    @rule()
    def move_file_away(self) -> None:
        self.file.rename(self.folder / "moved.db")
        self.is_away = self.may_owe = True

    @precondition(lambda self: self.is_away)
    @rule()
    def move_file_back(self) -> None:
        (self.folder / "moved.db").rename(self.file)
        self.is_away = False

    @precondition(lambda self: not self.is_full)
    @rule()
    def fill_disk(self) -> None:
        self.limit_files((self.folder / "chat.db-wal").stat().st_size)
        self.is_full = self.may_owe = True

    @precondition(lambda self: self.is_full)
    @rule()
    def make_space(self) -> None:
        self.limit_files(resource.RLIM_INFINITY)
        self.is_full = False

    def limit_files(self, size: int) -> None:
        process = self.server.process.pid
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    @rule(days=st.sampled_from([-30, -2, 2, 30]))
    def step_clock(self, days: int) -> None:
        ahead = float(self.clock.read_text()) + days * DAY
        with self.clock.open("r+") as clock:  # the server reads it where it is
            clock.write(f"{ahead:<20}")

    # The end of the server

    @rule()
    def stop(self) -> None:
        self.end_trouble()
        self.wait_until_all_is_written()
        self.sleeper.wake()
        self.sleeper.leave()
        self.server.signal(SIGTERM)
        assert self.server.wait() == 0
        self.go_on()

    @rule()
    def kill(self) -> None:
        self.sleeper.break_off_at_kill(self.server)
        self.server.signal(SIGKILL)
        assert self.server.wait() == -SIGKILL
        self.end_trouble()
        self.sleeper.to_come = self.kept_privates()  # those that had just arrived once more
        for member in self.members.values():
            member.read_to_the_end()
        if self.may_owe:
            self.give_up_lost()
        self.go_on()

    @precondition(lambda self: self.is_well)
    @rule(name=MEMBER)
    def kill_while_somebody_sleeps(self, name: str) -> None:
        """Kill the server with direct messages that have not arrived."""
        for talker in ("ann", "bob"):
            self.members[talker].say(MANY)
            self.members[talker].settle()
        for _ in range(3):
            self.whisper(name)
        self.kill()

    @precondition(lambda self: not self.lock and not self.is_away)
    @rule(name=MEMBER, count=st.integers(1, 30))
    def kill_what_is_not_written(self, name: str, count: int) -> None:
        """What was shown is lost with the server."""
        self.lock_file()
        self.members[name].say(count)
        for member in self.members.values():
            member.settle()
        self.kill()

    def give_up_lost(self) -> None:
        """Shown and not written: that is lost with the server."""
        for member in self.members.values():
            self.given_up |= set(member.unanswered.values())
            member.forget_unanswered()
        self.given_up |= self.known() - {
            line.text for room in ("lobby", "builds") for line in self.stored(room)
        }
        self.may_owe = False

    def go_on(self) -> None:
        for member in self.members.values():
            member.read_to_the_end()
        self.server.dispose()
        self.start_server()
        for member in self.members.values():
            member.come_back(self.server)
        self.sleeper.come_back(self.server)

    def end_trouble(self) -> None:
        self.unlock_file()
        if self.is_away:
            self.move_file_back()
        if self.is_full and self.server.process.poll() is None:
            self.make_space()
        self.is_full = False

    def wait_until_all_is_written(self) -> None:
        for member in self.members.values():
            member.settle()
        wait_until(lambda: self.known() - self.given_up <= self.written(), "all is in the file")
        self.may_owe = False

    # What is in the file

    def known(self) -> set[str]:
        """All that anybody was shown, or told that it is said."""
        found = set[str]()
        for member in self.members.values():
            lines = [*member.witness.answered, *member.witness.shown]
            found |= {line.text for line in lines if isinstance(line, Line)}
        return found

    def written(self) -> set[str]:
        return {line.text for room in ("lobby", "builds") for line in self.stored(room)}

    def stored(self, room: str) -> list[Line]:
        with closing(sqlite3.connect(self.file)) as file:
            rows = file.execute(
                "SELECT epoch, id, text, time FROM messages WHERE room = ? AND kind = 'say'"
                " ORDER BY place",
                (room,),
            )
            return [Line(f"{epoch:x}", *rest) for epoch, *rest in rows]

    def kept_privates(self) -> list[str]:
        with closing(sqlite3.connect(self.file)) as file:
            return [text for (text,) in file.execute("SELECT text FROM privates ORDER BY place")]

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(self.file)) as file:
            return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def teardown(self) -> None:
        try:
            if hasattr(self, "members"):
                self.end_trouble()
                self.sleeper.wake()
                for member in self.members.values():
                    member.say(1)
                self.wait_until_all_is_written()
                for room in ("lobby", "builds"):
                    self.check(room)
                self.server.signal(SIGTERM)
                assert self.server.wait() == 0
        finally:
            self.server.dispose()
            shutil.rmtree(self.folder)

    def check(self, room: str) -> None:
        witnesses = {
            member.name: member.witness for member in self.members.values() if member.room == room
        }
        stored = self.stored(room)
        texts = {line.text for line in stored}
        lost = len({text for text in self.given_up if text not in texts})
        found = faults(History(witnesses, stored, lost))
        assert not found, (room, found[:5], self.server.log()[-3000:])


TestTalk = case_of(Talk, examples=6, steps=25)
