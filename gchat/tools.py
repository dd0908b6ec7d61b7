"""The commands `export` and `check`, which work on a history file."""

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
from gchat.text.naming import name_key
from gchat.text.safe import escape
from gchat.text.times import FORMS, past

COMMANDS = TOOLS
"""The first arguments that start a command instead of the server."""

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 + SIGINT, as in shells."""

BAR = 40
"""Characters of the progress bar."""

REDRAW_INTERVAL = 0.1
"""Seconds between two updates of the progress bar."""


def main(arguments: Sequence[str]) -> int:
    """Run the command in `arguments`, of which the first is one of COMMANDS; return the status."""
    options = _parser().parse_args(arguments)
    try:
        with closing(open_to_read(options.file)) as connection:
            return int(options.function(connection, options))
    except CannotUse as why:
        return _fail(why)
    except sqlite3.Error as error:
        return _fail(refusal(options.file, error, writing=False))
    except BrokenPipeError:  # the reader has enough, such as `head`
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
    export = commands.add_parser("export", help="print the messages of a history file")
    export.add_argument("file", metavar="FILE", type=_file, help="history file (see --history)")
    export.add_argument("--room", metavar="ROOM", help="only messages of this room", default="")
    export.add_argument(
        "--since",
        metavar="WHEN",
        type=_time,
        default=0.0,
        help="only messages since then: 10m, 3 days, 14:30, yesterday, 2026-11-28 14:30",
    )
    export.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people, or one JSON object per line (default: %(default)s)",
    )
    export.set_defaults(function=_export)
    check = commands.add_parser(
        "check", help="test whether a history file is sound, and describe it"
    )
    check.add_argument("file", metavar="FILE", type=_file, help="history file (see --history)")
    check.set_defaults(function=_check)
    return parser


def _file(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("empty")
    return text


def _time(text: str) -> float:
    begin = past(text, time.time(), None)
    if begin is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as {FORMS}")
    return begin


def _export(connection: sqlite3.Connection, options: argparse.Namespace) -> int:
    encode: Callable[[Message], bytes] = (
        json_lines.encode_message if options.format == "json" else _line
    )
    room = name_key(options.room.removeprefix("#"))
    batches = read_all(connection, room, options.since)
    if sys.stderr.isatty() and not sys.stdout.isatty():
        batches = _with_progress(batches)
    for _, messages in batches:
        sys.stdout.buffer.write(b"".join(map(encode, messages)))
    sys.stdout.flush()
    return 0


_encode = encoder(PLAIN)


def _line(message: Message) -> bytes:
    """Encode a message as `2026-11-24 14:02:11 #lobby ann: hello`."""
    when = datetime.fromtimestamp(message.time)
    start = f"{when:%Y-%m-%d %H:%M:%S} #{message.room} "
    return start.encode() + _encode(message).lstrip()


def _with_progress(
    batches: Iterable[tuple[float, list[Message]]],
) -> Iterator[tuple[float, list[Message]]]:
    """Yield `batches` (see read_all), and draw a progress bar on standard error meanwhile."""
    drawn = 0.0
    try:
        for share, messages in batches:
            if time.monotonic() > drawn + REDRAW_INTERVAL:
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
