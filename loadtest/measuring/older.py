"""A history file of an older gchat: how long the first start with it takes, and the next one."""

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from measuring.report import Report
from measuring.server import PROGRAM, Server

sys.path.insert(0, str(PROGRAM.parent))

from gchat.store.sqlite.schema import APPLICATION_ID, MIGRATIONS

MESSAGES = 1_000_000
NOTICE_EACH = 20
"""One message in so many is a notice that somebody joined."""

MOST_TO_START = 60.0
"""Seconds that the first start may take."""

_INSERT = """
    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :most)
    INSERT INTO messages (id, spoken, time, room, kind, sender, name, text)
    SELECT
        n / 3 + 1, n / 3 - n / 3 / :notice_each, :time + n,
        CASE n % 3 WHEN 0 THEN 'lobby' WHEN 1 THEN 'builds' ELSE 'ops' END,
        iif(n / 3 % :notice_each, 'say', 'presence'), n % 50 + 1, 'name' || (n % 50),
        iif(
            n / 3 % :notice_each,
            printf(
                'word%d word%d word%d word%d word%d word%d word%d word%d', n % 7, n % 31, n % 101,
                n % 499, n % 1009, n % 4999, n % 9973, n % 19997
            ),
            'name' || (n % 50) || ' joined'
        )
    FROM numbers"""
"""Messages as the first layout has them, which no later gchat changes."""

_INDEX = """
    INSERT INTO words (rowid, name, text)
    SELECT place, name, text FROM messages WHERE kind IN ('say', 'action')"""


def older(core: int) -> int:
    """A million messages in a file of the first layout: the start that brings it up to date"""
    report = Report(
        f"older: {MESSAGES:,} messages in a file of layout 1; the server's is {len(MIGRATIONS)}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.db"
        _fill(path)
        before = path.stat().st_size
        took = _start(core, path)
        shown = f"{took:.1f} s, at most {MOST_TO_START:.0f}"
        report.check("first start, until it listens", shown, took <= MOST_TO_START)
        report.figure("the next one", f"{_start(core, path):.2f} s")
        after = path.stat().st_size
        report.figure(
            "size", f"{before / MESSAGES:.0f} bytes a message, then {after / MESSAGES:.0f}"
        )
    return report.failures


def _start(core: int, path: Path) -> float:
    begin = time.monotonic()
    with Server(core, "--history", str(path)):
        return time.monotonic() - begin


def _fill(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.executescript(
            f"{MIGRATIONS[0]}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1;"
        )
        file.execute("BEGIN")
        file.execute(
            _INSERT, {"most": MESSAGES, "notice_each": NOTICE_EACH, "time": time.time() - MESSAGES}
        )
        file.execute(_INDEX)
        file.execute("UPDATE state SET value = ? WHERE name = 'indexed'", (MESSAGES,))
        file.execute("COMMIT")
