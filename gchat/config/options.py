"""The options: on the command line, or as an environment variable, or as they are by default."""

import argparse
import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NoReturn

from gchat import __version__
from gchat.config.limits import MEANINGS, MOST, Limits, read_limit
from gchat.config.password import BadPassword, Password
from gchat.config.settings import Settings
from gchat.text.clock import span
from gchat.text.phrases import NotANumber, as_number

DESCRIPTION = """\
A chat server that anyone joins with nothing but nc:

    nc HOST 7878

What one person types, everybody else sees. /help, typed there, lists the rest."""

EPILOG = """\
What --history has written is looked at with `gchat export FILE` and
`gchat check FILE`; --help behind these tells more.

A limit of 0 is none. Operators can change limits while the server runs (/limits).

Each option can be given as an environment variable as well: GCHAT_PORT=9000 is
--port 9000. The command line wins; but everybody on this machine can read it, so a
password is better given as GCHAT_PASSWORD, or in a file. The password that makes
an operator (/op) can only be given like that: as GCHAT_OP_PASSWORD, or in a file.

SIGHUP reads the files again. Ctrl-C, or SIGTERM, ends the server: everybody is
told, and gets what was said up to then. A second one ends it at once."""

MAX_REPLAY = 1000
"""Messages; how long they may be together is bounded besides (see welcome.py)."""

MAX_KEEP_DAYS = 36_500

MIN_KEEPALIVE, MAX_KEEPALIVE = 11, 32767
"""Seconds: one for each of five questions that TCP asks and six before them; as Linux has it."""

SYNC = ("off", "normal", "full")
"""How sure it is that the disk has what was written: see PRAGMA synchronous."""

LEVELS = ("debug", "info", "warning", "error")


class Options(argparse.Namespace):
    """What `parse` returns."""

    host: str
    port: int
    max_line: int
    keepalive: int
    replay: int
    motd: str | None
    password: str | None
    password_file: str | None
    op_password: str | None
    """From the environment alone."""
    op_password_file: str | None
    history: str | None
    history_sync: str
    keep_days: int
    keep_messages: int
    reserve: int
    """Seconds."""
    log_level: str
    log_json: bool
    max_clients: int | None
    """As the other limits; None is as many as there are descriptors for."""

    def limits(self, places: int) -> Limits:
        """The limits, where the limit on open files has room for `places` clients."""
        values = {name: getattr(self, name) for name in map(_field, MEANINGS)}
        return Limits(**{**values, "max_clients": min(self.max_clients or places, places)})


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line (by default the program's own) and the environment.

    A mistake in either ends the program with exit status 2 and a line that says what is wrong.
    """
    parser = _Parser()
    option = parser.add_option
    option(
        "host",
        "127.0.0.1",
        "address or name to listen on (%(default)s: only this machine can join); "
        "0.0.0.0 or :: is every address that this machine has",
        "HOST",
        _not_empty,
    )
    option(
        "port",
        7878,
        "port to listen on (%(default)s); 0 takes a free one",
        "PORT",
        partial(_number, least=0, most=65535),
    )
    option(
        "max-line",
        Settings.max_line,
        "longest line, in bytes (%(default)s)",
        "BYTES",
        partial(_number, least=1, most=MOST),
    )
    for name, meaning in MEANINGS.items():
        default, shown = getattr(Limits, _field(name)), "%(default)s"
        if name == "max-clients":
            default, shown = None, "as many as the limit on open files has room for"
        option(name, default, f"{meaning.text} ({shown})", meaning.unit, partial(_limit, name))
    option(
        "keepalive",
        110,
        "seconds until a client whose machine has vanished counts as gone (%(default)s)",
        "SECONDS",
        partial(_number, least=MIN_KEEPALIVE, most=MAX_KEEPALIVE),
    )
    option(
        "replay",
        Settings.replay,
        "messages that a newcomer is shown of what was said before (%(default)s)",
        "N",
        partial(_number, least=0, most=MAX_REPLAY),
    )
    option(
        "motd",
        None,
        "file whose text is shown with the welcome; it may be changed at any time",
        "FILE",
        _path,
    )
    option(
        "history",
        None,
        "file that keeps what is said in rooms, also over a restart; without one it is in memory "
        "alone",
        "FILE",
        _path,
    )
    option(
        "history-sync",
        "normal",
        "off, normal or full: whether what a power cut takes away is minutes and perhaps the file, "
        "some seconds, or nothing (%(default)s)",
        "HOW",
        _sync,
    )
    option(
        "keep-days",
        Settings.keep_days,
        "days after which what was said is deleted from that file (%(default)s); 0 is never",
        "N",
        partial(_number, least=0, most=MAX_KEEP_DAYS),
    )
    option(
        "keep-messages",
        Settings.keep_messages,
        "messages and notices of each room that are kept there, the last ones (%(default)s); "
        "0 is all",
        "N",
        partial(_number, least=0, most=MOST),
    )
    option(
        "reserve",
        "7d",
        "how long the name of one who has left is kept for who shows its token, as 12h or 7d "
        "(%(default)s); 0 is not at all",
        "TIME",
        _span,
    )
    option("password", None, "what everybody has to say before they come in", "TEXT", _password)
    option("password-file", None, "file with that password in it", "FILE", _path)
    option("op-password-file", None, "file with the password that makes an operator", "FILE", _path)
    option(
        "log-level",
        "info",
        f"what to log, on standard error: {', '.join(LEVELS)} (%(default)s)",
        "LEVEL",
        _level,
    )
    parser.add_switch("log-json", "log JSON, an object a line")
    return parser.parse(arguments)


class _Parser(argparse.ArgumentParser):
    """Knows for each option the environment variable that has its default."""

    def __init__(self) -> None:
        super().__init__(
            prog="gchat",
            description=DESCRIPTION,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument("--version", action="version", version=f"gchat {__version__}")

    def add_option(
        self, name: str, default: Any, text: str, metavar: str, kind: Callable[[str], Any]
    ) -> None:
        default = self._from_environment(name, default, kind)
        self.add_argument(f"--{name}", default=default, help=text, metavar=metavar, type=kind)

    def add_switch(self, name: str, text: str) -> None:
        default = self._from_environment(name, False, _yes_or_no)
        self.add_argument(f"--{name}", default=default, help=text, action="store_true")

    def parse(self, arguments: Sequence[str] | None) -> Options:
        options = self.parse_args(arguments, Options())
        for name, value in vars(options).items():
            if value == []:  # what argparse up to Python 3.12 makes of `--port=--`
                self.error(f"argument --{name.replace('_', '-')}: expected one argument")
        options.op_password = self._from_environment("op-password", None, _password)
        for name in ("password", "op_password"):
            if getattr(options, name) and getattr(options, f"{name}_file"):
                shown = name.replace("_", "-")
                self.error(f"the {shown} is given twice, in a file and otherwise")
        return options

    def error(self, message: str) -> NoReturn:
        """One line, where argparse would print the whole usage before it."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")

    def _from_environment(self, name: str, default: Any, kind: Callable[[str], Any]) -> Any:
        variable = f"GCHAT_{_field(name).upper()}"
        if variable not in os.environ:
            return default
        try:
            return kind(os.environ[variable])
        except argparse.ArgumentTypeError as error:
            self.error(f"environment variable {variable}: {error}")


def _field(name: str) -> str:
    return name.replace("-", "_")


def _not_empty(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty")
    return text


def _path(text: str) -> str:
    # Nobody asks for a server without a password or a history like this: an empty path is a
    # mistake, such as a variable that is not set.
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty (leave it out, or name a file)")
    return text


def _password(text: str) -> str:
    try:
        Password(text)
    except BadPassword as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _number(text: str, least: int, most: int) -> int:
    try:
        return as_number(text, least, most)
    except NotANumber as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _limit(name: str, text: str) -> int:
    try:
        return read_limit(name, text)
    except NotANumber as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("0", "1", "no", "yes", "off", "on", "false", "true"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither 1 nor 0")
    return text.lower() in ("1", "yes", "on", "true")


def _sync(text: str) -> str:
    if text.lower() not in SYNC:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(SYNC)}")
    return text.lower()


def _span(text: str) -> int:
    seconds = 0 if text == "0" else span(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 12h or 7d")
    return seconds


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(LEVELS)}")
    return text.lower()
