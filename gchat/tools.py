"""What gchat does with a history file besides serving: `export` and `check`."""

import argparse
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from gchat.model.display import PLAIN
from gchat.model.message import Message
from gchat.protocol import json_lines
from gchat.protocol.voices import encoder
from gchat.runtime.signals import TOOLS
from gchat.store.errors import CannotUse
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.inspect import contents, faults, read_all
from gchat.store.sqlite.schema import open_to_read
from gchat.text.clock import past
from gchat.text.naming import name_key
from gchat.text.safe import escape

COMMANDS = TOOLS

INTERRUPTED = 130
"""The exit status after Ctrl-C, as shells have it."""

BAR = 40
"""Characters of the progress bar."""

REDRAWN = 0.1
"""Seconds between two pictures of it."""


def main(arguments: Sequence[str]) -> int:
    """Do what `arguments` say, of which the first is one of COMMANDS; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        with closing(open_to_read(options.file)) as connection:
            return int(options.function(connection, options))
    except CannotUse as why:
        return _fail(why)
    except sqlite3.Error as error:
        return _fail(refusal(options.file, error, writing=False))
    except BrokenPipeError:  # whoever read it has enough, `head` for one
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def _fail(why: CannotUse) -> int:
    print(f"gchat: {escape(str(why))}", file=sys.stderr)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gchat")
    commands = parser.add_subparsers(required=True)
    export = commands.add_parser("export", help="write out what was said")
    export.add_argument("file", metavar="FILE", type=_file, help="what --history has written")
    export.add_argument("--room", metavar="ROOM", help="only what was said there", default="")
    export.add_argument(
        "--since",
        metavar="WHEN",
        type=_time,
        default=0.0,
        help="only what was said since: 10m, 2h or 3d ago, or 14:30",
    )
    export.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="lines to read, or JSON objects, one a line (%(default)s)",
    )
    export.set_defaults(function=_export)
    check = commands.add_parser("check", help="say whether the file is sound, and what is in it")
    check.add_argument("file", metavar="FILE", type=_file, help="what --history has written")
    check.set_defaults(function=_check)
    return parser


def _file(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _time(text: str) -> float:
    begin = past(text, time.time(), None)
    if begin is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time")
    return begin


def _export(connection: sqlite3.Connection, options: argparse.Namespace) -> int:
    encode: Callable[[Message], bytes] = (
        json_lines.encode_message if options.format == "json" else _line
    )
    room = name_key(options.room.removeprefix("#"))
    portions = read_all(connection, room, options.since)
    if sys.stderr.isatty() and not sys.stdout.isatty():
        portions = _with_progress(portions)
    for _, messages in portions:
        sys.stdout.buffer.write(b"".join(map(encode, messages)))
    sys.stdout.flush()
    return 0


_encode = encoder(PLAIN)


def _line(message: Message) -> bytes:
    """`2026-11-24 14:02:11 #lobby ann: hello`."""
    when = datetime.fromtimestamp(message.time)
    start = f"{when:%Y-%m-%d %H:%M:%S} #{message.room} "
    return start.encode() + _encode(message).lstrip()


def _with_progress(
    portions: Iterable[tuple[float, list[Message]]],
) -> Iterator[tuple[float, list[Message]]]:
    """The same, and meanwhile a bar on standard error."""
    drawn = 0.0
    try:
        for share, messages in portions:
            if time.monotonic() > drawn + REDRAWN:
                drawn = time.monotonic()
                bar = "#" * int(share * BAR)
                print(f"\r[{bar:<{BAR}}] {share:4.0%}", end="", file=sys.stderr, flush=True)
            yield share, messages
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _check(connection: sqlite3.Connection, options: argparse.Namespace) -> int:
    if found := faults(connection):
        print(*found, sep="\n")
        return 1
    print(*contents(connection, Path(options.file)), "the file is sound", sep="\n")
    return 0
