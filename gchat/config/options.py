"""The options: from the command line, else from an environment variable, else by default."""

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

Everybody in a room sees what anyone there types. /help lists the commands."""

EPILOG = """\
`gchat export FILE` prints the messages of a history file, `gchat check FILE`
tests whether the file is sound; both have a --help of their own.

Every option can be set as an environment variable, too: GCHAT_PORT=9000 is the
same as --port 9000. The command line wins.

All users of this machine can read a command line: give a password as
GCHAT_PASSWORD or in a file instead. For the operators' password there is no other
way: set GCHAT_OP_PASSWORD, or use a file.

SIGHUP reads the password files and the motd file again. Ctrl-C or SIGTERM stops
the server: clients are told, and still get all messages sent before. A second one
stops it at once."""

MAX_REPLAY = 1000
"""Messages; their total length is bounded as well (REPLAY_CHARACTERS in hub/welcome.py)."""

MAX_KEEP_DAYS = 36_500

MIN_KEEPALIVE, MAX_KEEPALIVE = 11, 32767
"""Seconds: six before the first of TCP's five probes and one for each; Linux's upper bound."""

SYNC = ("off", "normal", "full")
"""Values of PRAGMA synchronous: how safe the history file is against a power cut."""

LEVELS = ("debug", "info", "warning", "error")


class Options(argparse.Namespace):
    """The parsed options, as `parse` returns them."""

    host: str
    port: int
    max_line: int
    keepalive: int
    replay: int
    motd: str | None
    password: str | None
    password_file: str | None
    op_password: str | None
    """Set in the environment only."""
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
    """None means as many as there are descriptors for. The other limits are attributes, too."""

    def limits(self, slots: int) -> Limits:
        """Return the limits, where the limit on open files has room for `slots` clients."""
        values = {name: getattr(self, name) for name in map(_field, MEANINGS)}
        return Limits(**{**values, "max_clients": min(self.max_clients or slots, slots)})


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line (by default the program's own) and the environment.

    A mistake in either ends the program with exit status 2 and one line that names it.
    """
    parser = _Parser()
    _add_network(parser.group("network"))
    _add_limits(
        parser.group("limits (0 turns most of them off; operators can change them: /limits)")
    )
    _add_history(parser.group("history"))
    _add_people(parser.group("names and passwords"))
    _add_log(parser.group("log"))
    return parser.parse(arguments)


def _add_network(group: "_Group") -> None:
    group.add_option(
        "host",
        "127.0.0.1",
        "address or host name to listen on (default: %(default)s, for clients on this machine "
        "only); 0.0.0.0 or :: listens on all addresses",
        "HOST",
        _not_empty,
    )
    group.add_option(
        "port",
        7878,
        "port to listen on (default: %(default)s); 0 picks a free one",
        "PORT",
        partial(_number, least=0, most=65535),
    )
    group.add_option(
        "max-line",
        Settings.max_line,
        "longest line, in bytes (default: %(default)s)",
        "BYTES",
        partial(_number, least=1, most=MOST),
    )
    group.add_option(
        "keepalive",
        110,
        "seconds after which a client whose machine has vanished is disconnected "
        "(default: %(default)s)",
        "SECONDS",
        partial(_number, least=MIN_KEEPALIVE, most=MAX_KEEPALIVE),
    )


def _add_limits(group: "_Group") -> None:
    for name, meaning in MEANINGS.items():
        default, shown = getattr(Limits, _field(name)), "%(default)s"
        if name == "max-clients":
            default, shown = None, "as many as the limit on open files allows"
        if default == 0:
            shown += ", never"
        text = f"{meaning.text} (default: {shown})"
        group.add_option(name, default, text, meaning.unit, partial(_limit, name))


def _add_history(group: "_Group") -> None:
    group.add_option(
        "history",
        None,
        "file that keeps the messages of all rooms over a restart (default: none, messages are "
        "kept in memory only)",
        "FILE",
        _path,
    )
    group.add_option(
        "history-sync",
        "normal",
        "what a power cut may cost: off, some minutes and perhaps the file; normal, some "
        "seconds; full, nothing (default: %(default)s)",
        "HOW",
        _sync,
    )
    group.add_option(
        "keep-days",
        Settings.keep_days,
        "days after which messages are deleted from the file (default: %(default)s, never)",
        "N",
        partial(_number, least=0, most=MAX_KEEP_DAYS),
    )
    group.add_option(
        "keep-messages",
        Settings.keep_messages,
        "latest messages and notices of each room that the file keeps (default: %(default)s, all)",
        "N",
        partial(_number, least=0, most=MOST),
    )
    group.add_option(
        "replay",
        Settings.replay,
        "earlier messages that a newcomer is shown (default: %(default)s)",
        "N",
        partial(_number, least=0, most=MAX_REPLAY),
    )


def _add_people(group: "_Group") -> None:
    group.add_option(
        "motd",
        None,
        "file with the message of the day, shown with the welcome; changes apply at once",
        "FILE",
        _path,
    )
    group.add_option(
        "reserve",
        "12h",
        "how long a name stays reserved for the holder of its token after they left, such as "
        "12h or 7d (default: %(default)s); 0 reserves none",
        "TIME",
        _span,
    )
    group.add_option("password", None, "password that clients need to join", "TEXT", _password)
    group.add_option("password-file", None, "file with that password", "FILE", _path)
    group.add_option(
        "op-password-file", None, "file with the password that makes an operator", "FILE", _path
    )


def _add_log(group: "_Group") -> None:
    group.add_option(
        "log-level",
        "info",
        f"what to log on standard error: {', '.join(LEVELS)} (default: %(default)s)",
        "LEVEL",
        _level,
    )
    group.add_switch("log-json", "log one JSON object per line")


class _Group:
    """A titled group of options; each takes its default from its environment variable, if set."""

    def __init__(self, parser: "_Parser", title: str) -> None:
        self._parser = parser
        self._group = parser.add_argument_group(title)

    def add_option(
        self, name: str, default: Any, text: str, metavar: str, kind: Callable[[str], Any]
    ) -> None:
        default = self._parser.from_environment(name, default, kind)
        self._group.add_argument(
            f"--{name}", default=default, help=text, metavar=metavar, type=kind
        )

    def add_switch(self, name: str, text: str) -> None:
        default = self._parser.from_environment(name, False, _yes_or_no)
        self._group.add_argument(f"--{name}", default=default, help=text, action="store_true")


class _Parser(argparse.ArgumentParser):
    """Reads options from the command line and the environment, and reports errors in one line."""

    def __init__(self) -> None:
        super().__init__(
            prog="gchat",
            usage="%(prog)s [OPTION]...\n       %(prog)s export|check FILE",
            description=DESCRIPTION,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.add_argument("-h", "--help", action="help", help="show this help and exit")
        self.add_argument(
            "--version",
            action="version",
            version=f"gchat {__version__}",
            help="show the version and exit",
        )

    def group(self, title: str) -> _Group:
        return _Group(self, title)

    def parse(self, arguments: Sequence[str] | None) -> Options:
        options = self.parse_args(arguments, Options())
        for name, value in vars(options).items():
            if value == []:  # what argparse up to Python 3.12 makes of `--port=--`
                self.error(f"argument --{name.replace('_', '-')}: expected one argument")
        options.op_password = self.from_environment("op-password", None, _password)
        for name in ("password", "op-password"):
            given = [each for each in (name, f"{name}-file") if getattr(options, _field(each))]
            if len(given) > 1:
                self.error(f"{' and '.join(map(_source, given))} are both set; use one")
        return options

    def error(self, message: str) -> NoReturn:
        """Exit with one line, where argparse would print the whole usage before it."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")

    def from_environment(self, name: str, default: Any, kind: Callable[[str], Any]) -> Any:
        """Return the value of the option's environment variable, or `default` if it is not set."""
        variable = _variable(name)
        if variable not in os.environ:
            return default
        try:
            return kind(os.environ[variable])
        except argparse.ArgumentTypeError as error:
            self.error(f"environment variable {variable}: {error}")


def _source(name: str) -> str:
    """The environment variable or the option that has set `name`."""
    variable = _variable(name)
    return variable if variable in os.environ else f"--{name}"


def _variable(name: str) -> str:
    return f"GCHAT_{_field(name).upper()}"


def _field(name: str) -> str:
    return name.replace("-", "_")


def _not_empty(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("empty")
    return text


def _path(text: str) -> str:
    # An empty path is a mistake, such as a shell variable that is not set: nobody means to ask
    # for a server without a password or a history with it.
    if not text.strip():
        raise argparse.ArgumentTypeError("empty; name a file, or leave the option out")
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
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or 0")
    return text.lower() in ("1", "yes", "on", "true")


def _sync(text: str) -> str:
    if text.lower() not in SYNC:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(SYNC)}")
    return text.lower()


def _span(text: str) -> int:
    seconds = 0 if text == "0" else span(text)
    if seconds is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 12h or 7d")
    return seconds


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(LEVELS)}")
    return text.lower()
