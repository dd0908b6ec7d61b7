"""The options: on the command line, or as an environment variable, or as they are by default."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from chat import __version__
from chat.settings import Settings

DESCRIPTION = """\
A chat server that anyone joins with nothing but nc:

    nc HOST 7878

What one person types, everybody else sees. /help, typed there, lists the rest."""

EPILOG = """\
Each option can be given as an environment variable as well: GCHAT_PORT=9000 is
--port 9000. The command line wins. Ctrl-C, or SIGTERM, ends the server: everybody
is told, and gets what was said up to then. A second one ends it at once."""

MOST = 2**30
"""The highest number that any option takes."""

MAX_REPLAY = 1000
"""Messages; how long they may be together is bounded besides (see welcome.py)."""

MIN_KEEPALIVE, MAX_KEEPALIVE = 11, 32767
"""Seconds: one for each of five questions that TCP asks and six before them; as Linux has it."""

LEVELS = ("debug", "info", "warning", "error")


class Options(argparse.Namespace):
    """What `parse` returns."""

    host: str
    port: int
    max_line: int
    max_clients: int | None
    keepalive: int
    replay: int
    motd: str
    log_level: str


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line (by default the program's own) and the environment.

    A mistake in either ends the program with exit status 2 and a line that says what is wrong.
    """
    parser = _Parser(
        prog="gchat.py",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"gchat {__version__}")

    def option(
        name: str, default: Any, text: str, metavar: str, kind: Callable[[str], Any]
    ) -> None:
        variable = "GCHAT_" + name.removeprefix("--").replace("-", "_").upper()
        if variable in os.environ:
            try:
                default = kind(os.environ[variable])
            except argparse.ArgumentTypeError as error:
                parser.error(f"environment variable {variable}: {error}")
        parser.add_argument(name, default=default, help=text, metavar=metavar, type=kind)

    option(
        "--host",
        "127.0.0.1",
        "address or name to listen on (%(default)s: only this machine can join); "
        "0.0.0.0 or :: is every address that this machine has",
        "HOST",
        _host,
    )
    option("--port", 7878, "port to listen on (%(default)s); 0 takes a free one", "PORT", _port)
    option("--max-line", Settings.max_line, "longest line, in bytes (%(default)s)", "BYTES", _count)
    option(
        "--max-clients",
        None,
        "most clients at a time (as many as the limit on open files has room for)",
        "N",
        _count,
    )
    option(
        "--keepalive",
        110,
        "seconds until a client whose machine has vanished counts as gone (%(default)s)",
        "SECONDS",
        _keepalive,
    )
    option(
        "--replay",
        Settings.replay,
        "messages that a newcomer is shown of what was said before (%(default)s)",
        "N",
        _replay,
    )
    option(
        "--motd",
        "",
        "file whose text is shown with the welcome; it may be changed at any time",
        "FILE",
        str,
    )
    option(
        "--log-level",
        "info",
        f"what to log, on standard error: {', '.join(LEVELS)} (%(default)s)",
        "LEVEL",
        _level,
    )
    options = parser.parse_args(arguments, Options())
    for name, value in vars(options).items():
        if value == []:  # what argparse up to Python 3.12 makes of `--port=--`
            parser.error(f"argument --{name.replace('_', '-')}: expected one argument")
    return options


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print the whole usage before it."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")


def _host(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _number(text: str, least: int, most: int) -> int:
    if not (text.isdecimal() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most}")
    return int(text)


def _port(text: str) -> int:
    return _number(text, 0, 65535)


def _count(text: str) -> int:
    return _number(text, 1, MOST)


def _replay(text: str) -> int:
    return _number(text, 0, MAX_REPLAY)


def _keepalive(text: str) -> int:
    return _number(text, MIN_KEEPALIVE, MAX_KEEPALIVE)


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(LEVELS)}")
    return text.lower()
