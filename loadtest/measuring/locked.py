"""A lock on the history file, held while people talk: what a line takes, and the server's end."""

import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from measuring.crowd import Crowd, Member
from measuring.report import Report, percentile
from measuring.server import Server

HELD = 60.0
"""Seconds for which the lock is held, and talk is timed with it and without."""

PAUSE = 0.01
"""Seconds between two lines whose delivery is timed."""

WRITERS = 6
"""Clients that set the topic all the time: each of these waits for the file."""

TOPIC_PAUSE = 0.5
"""Seconds between two topics of one of them."""

MOST_DELAY = 0.2
"""Seconds that a line may take more than the longest that one took without the lock."""

MOST_TO_END = 4.0
"""Seconds that SIGTERM may take meanwhile."""

MOST_TO_SETTLE = 10.0
"""Seconds until all is in the file when the lock is gone."""


def locked(core: int) -> int:
    """A lock held on the history file for a minute: p99 and longest delay of a line; SIGTERM"""
    report = Report(
        f"locked: another program holds the file's lock for {HELD:.0f} s; a line is timed every "
        f"{PAUSE * 1000:.0f} ms, and {WRITERS} clients set the topic"
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chat.db"
        with Server(core, "--history", str(file)) as server:
            talk = _Talk(server)
            without = talk.delays(HELD)
            _show(report, "without the lock", without)
            with _lock(file):
                beside = talk.delays(HELD)
            _show(report, "with it", beside)
            more = max(beside) - max(without)
            shown = f"{more * 1000:.0f} ms, at most {MOST_DELAY * 1000:.0f}"
            report.check("  longest, more than without", shown, more <= MOST_DELAY)
            took = _until_written(file, talk)
            shown = f"{took:.2f} s, at most {MOST_TO_SETTLE:.0f}"
            report.check("  then, until all is in the file", shown, took <= MOST_TO_SETTLE)
            with _lock(file):
                lines = len(talk.delays(1.0))
                took = talk.stop(server)
            shown = f"{took:.2f} s, at most {MOST_TO_END:.0f}"
            report.check("SIGTERM with the lock held", shown, took <= MOST_TO_END)
            told = re.search(r"(\d+) messages are not in the history file", server.output())
            lost = int(told[1]) if told else 0  # notices of topics are among them
            report.check("  lost, as the log says", f"{lost}, {lines} said", lost >= lines)
    return report.failures


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


class _Talk:
    """One who talks, one who listens, and some who set the topic of another room."""

    def __init__(self, server: Server) -> None:
        self.said = 0
        self._crowd = Crowd(server.port)
        self._talker, self._listener = self._crowd.join(2)
        self._writers = self._crowd.join(WRITERS)
        for writer in self._writers:
            self._crowd.say(writer, b"/join elsewhere\n")
        self._next_topic = 0.0
        self._members = [self._talker, self._listener, *self._writers]

    def delays(self, seconds: float) -> list[float]:
        """How long each line took, of those that were said in so many seconds."""
        delays = list[float]()
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            self._set_topics(begin)
            expected = self._listener.lines + 1
            self._crowd.say(self._talker, b"x\n")
            self._wait(self._listener, expected)
            delays.append(time.monotonic() - begin)
            self.said += 1
            time.sleep(PAUSE)
        return delays

    def stop(self, server: Server) -> float:
        """Stop the server while all read, and close when it does; returns how long that took."""
        begin = time.monotonic()
        with ThreadPoolExecutor(1) as pool:
            stopped = pool.submit(server.stop)
            left = {*self._members}
            while not stopped.done():
                self._crowd.poll(0.01)
                ended = {member for member in left if member.ended}
                for member in ended:
                    member.socket.close()
                left -= ended
        return time.monotonic() - begin

    def _wait(self, listener: Member, lines: int) -> None:
        self._crowd.until(lambda: listener.lines >= lines, "the line comes")

    def _set_topics(self, now: float) -> None:
        if now >= self._next_topic:
            self._next_topic = now + TOPIC_PAUSE
            for writer in self._writers:
                self._crowd.say(writer, b"/topic %d\n" % int(now * 1000))


def _until_written(file: Path, talk: _Talk) -> float:
    """Wait until the file has all that was said; returns how long that took."""
    begin = time.monotonic()
    with closing(sqlite3.connect(file)) as reader:

        def count() -> int:
            found = "SELECT count(*) FROM messages WHERE room = 'lobby' AND kind = 'say'"
            return int(reader.execute(found).fetchone()[0])

        while count() < talk.said and time.monotonic() - begin < 2 * MOST_TO_SETTLE:
            time.sleep(PAUSE)
    return time.monotonic() - begin


def _show(report: Report, what: str, delays: list[float]) -> None:
    found = (median(delays), percentile(delays, 99), max(delays))
    p50, p99, most = (f"{value * 1000:.2f} ms" for value in found)
    report.figure(what, f"median {p50}, p99 {p99}, longest {most}, {len(delays)} lines")
