"""A history file with a million messages: how large it is, and how long things take with it."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from measuring.crowd import Crowd, Member
from measuring.report import Report
from measuring.server import PROGRAM, Server

sys.path.insert(0, str(PROGRAM.parent))

from gchat.model.runs import TEXT, Row
from gchat.store.sqlite import index, messages
from gchat.store.sqlite.schema import open_file

MESSAGES = 1_000_000
AT_ONCE = 1000
ROOMS = ("lobby", "builds", "ops")
WORDS = 20_000
"""Different ones, of which each is half as frequent as the one of half its number."""

IN_A_MESSAGE = 10
RARE = "xylophone"
"""A word in one message, the first in another room."""

QUERIES = ("word7", "word7 word12", "d19999", RARE, '"word7 word12"', "word7 from:name3", "w", "~")


def archive(core: int) -> int:
    """A history file with a million messages: its size, starting with it, finding something"""
    report = Report(
        f"archive: {MESSAGES:,} messages of {IN_A_MESSAGE} words in {len(ROOMS)} rooms, "
        f"{WORDS:,} different words"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.db"
        _fill(path, report)
        begin = time.monotonic()
        with Server(core, "--history", str(path)) as server:
            report.figure("start, until it listens", f"{time.monotonic() - begin:.2f} s")
            _look_up(Crowd(server.port), report)
        for command in ("export", "check"):
            line = [sys.executable, str(PROGRAM), command, str(path)]
            begin = time.monotonic()
            subprocess.run(line, check=True, capture_output=True)
            report.figure(f"gchat.py {command}", f"{time.monotonic() - begin:.1f} s")
    return report.failures


def _fill(path: Path, report: Report) -> None:
    with closing(open_file(str(path))) as file:
        batches = list(_batches())
        took = _timed(lambda: _write(file, batches))
        report.figure("writing it", f"{took:.1f} s")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        plain = path.stat().st_size
        took = _timed(lambda: _index(file))
        report.figure("entering it into the index", f"{took:.1f} s")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    text = sum(len(entry[TEXT]) for batch in batches for entry in batch) / MESSAGES
    index = path.stat().st_size - plain
    report.figure(
        "size of a message",
        f"{plain / MESSAGES:.0f} bytes, {text:.0f} of them its text; {index / MESSAGES:.0f} more "
        "in the index",
    )


def _index(file: Connection) -> None:
    while any(index.index(file, AT_ONCE)):
        pass


def _write(file: Connection, batches: list[list[Row]]) -> None:
    for batch in batches:
        messages.append(file, batch)


def _batches() -> list[list[Row]]:
    numbers = random.Random(7)
    ids = dict.fromkeys(ROOMS, 0)
    entries = list[Row]()
    now = time.time() - MESSAGES
    for number in range(MESSAGES):
        room = ROOMS[number % len(ROOMS)]
        ids[room] += 1
        chosen = (int(WORDS ** numbers.random()) for _ in range(IN_A_MESSAGE))
        text = " ".join(f"word{word}" for word in chosen)
        if number == 1:
            text += f" {RARE}"
        name = f"name{number % 50}"
        entries.append(
            (ids[room], ids[room], now + number, room, "say", number % 50 + 1, name, text, 1, None)
        )
    return [entries[first : first + AT_ONCE] for first in range(0, MESSAGES, AT_ONCE)]


def _look_up(crowd: Crowd, report: Report) -> None:
    (asker,) = crowd.join(1)
    for query in QUERIES:
        found, took = _ask(crowd, asker, f"/find {query}")
        report.figure(f"/find {query}", f"{took * 1000:.1f} ms, {found} lines")
    for line in ("/history 20", "/since 1d", "/around #ops/150000"):
        found, took = _ask(crowd, asker, line)
        report.figure(line, f"{took * 1000:.1f} ms, {found} lines")


def _ask(crowd: Crowd, asker: Member, line: str) -> tuple[int, float]:
    """Ask something; returns how many lines the answer has, and the seconds until its last one."""
    answer = asker.keep()
    begin = time.monotonic()
    crowd.say(asker, f"{line}\n/version\n".encode())
    crowd.until(lambda: b" * gchat " in answer, f"an answer to {line}")
    return answer.count(b"\n") - 1, time.monotonic() - begin


def _timed(do: Callable[[], object]) -> float:
    begin = time.monotonic()
    do()
    return time.monotonic() - begin
