"""The options: from the command line, else from an environment variable, else by default."""

import argparse
from collections.abc import Sequence
from functools import partial

from gchat.config import values
from gchat.config.limits import MEANINGS, MOST, Limits
from gchat.config.parser import Group, Parser, field, source
from gchat.config.settings import Settings
from gchat.text.addresses import Network

MAX_REPLAY = 1000
"""Messages; their total length is bounded as well (REPLAY_CHARACTERS in hub/welcome.py)."""

MAX_KEEP_DAYS = 36_500

MOST_SEND_THREADS = 4

MIN_KEEPALIVE, MAX_KEEPALIVE = 11, 32767
"""Seconds: six before the first of TCP's five probes and one for each; Linux's upper bound."""

TLS = "tls"
"""What `--doors` calls TLS, inside which the other doors are."""

OF_DOORS = {
    TLS: ("tls-only", "tls-cert", "tls"),
    "http": ("origin", "web-title", "metrics-from"),
}
"""Options that mean nothing without a door, by its name."""


class Options(argparse.Namespace):
    """The parsed options, as `parse` returns them."""

    host: str
    port: int
    doors: tuple[str, ...]
    """The names of the ways in; none means all that are installed."""
    tls: bool
    tls_cert: str | None
    tls_key: str | None
    """None if the key is in the same file."""
    tls_only: bool
    origin: tuple[str, ...]
    web_title: str | None
    """None means the usual one."""
    metrics_from: tuple[Network, ...]
    proxy_from: tuple[Network, ...]
    max_line: int
    keepalive: int
    sender: str
    send_threads: int | None
    """None means as many as there are cores for."""
    replay: int
    motd: str | None
    password: str | None
    password_file: str | None
    op_password: str | None
    """Set in the environment only."""
    op_password_file: str | None
    history: str | None
    history_sync: str
    store: str | None
    keep_days: int
    keep_messages: int
    guest_names: bool
    reserve: int
    """Seconds."""
    log_level: str
    log_json: bool
    max_clients: int | None
    """None means as many as there are descriptors for. The other limits are attributes, too."""

    @property
    def with_tls(self) -> bool:
        """Whether clients can join inside TLS."""
        return bool(self.tls or self.tls_cert or self.tls_only or TLS in self.doors)

    def limits(self, slots: int) -> Limits:
        """Return the limits, where the limit on open files has room for `slots` clients."""
        values = {name: getattr(self, name) for name in map(field, MEANINGS)}
        return Limits(**{**values, "max_clients": min(self.max_clients or slots, slots)})


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line (by default the program's own) and the environment.

    A mistake in either ends the program with exit status 2 and one line that names it.
    """
    parser = Parser()
    _add_network(parser.group("network"))
    _add_limits(
        parser.group("limits (0 turns most of them off; operators can change them: /limits)")
    )
    _add_history(parser.group("history"))
    _add_people(parser.group("names and passwords"))
    _add_log(parser.group("log"))
    options = parser.read(arguments, Options())
    options.op_password = parser.from_environment("op-password", None, values.password)
    _check(parser, options)
    return options


def _check(parser: Parser, options: Options) -> None:
    """End the program if some of `options` do not go together."""
    for name in ("password", "op-password"):
        given = [each for each in (name, f"{name}-file") if getattr(options, field(each))]
        if len(given) > 1:
            parser.error(f"{' and '.join(map(source, given))} are both set; use one")
    if options.keep_messages and not options.history:
        parser.error(f"{source('keep-messages')} needs a history file: --history FILE")
    if options.store:
        _check_store(parser, options)
    if options.send_threads and options.sender == "loop":
        given = [source("send-threads"), source("sender")]
        parser.error(f"{given[0]} needs io_uring, and {given[1]} is loop; leave one of them out")
    if options.tls_key and not options.tls_cert:
        parser.error(f"{source('tls-key')} needs a certificate: --tls-cert FILE")
    for door, names in OF_DOORS.items():
        given = [name for name in names if getattr(options, field(name))]
        if given and options.doors and door not in options.doors:
            first, doors = map(source, (given[0], "doors"))
            parser.error(f"{first} needs the door {door}: add it to {doors}")


def _add_network(group: Group) -> None:
    group.add_option(
        "host",
        "127.0.0.1",
        "address or host name to listen on (default: %(default)s, for clients on this machine "
        "only); 0.0.0.0 or :: listens on all addresses",
        "HOST",
        values.not_empty,
    )
    group.add_option(
        "port",
        7878,
        "port to listen on (default: %(default)s); 0 picks a free one",
        "PORT",
        partial(values.number, least=0, most=65535),
    )
    group.add_list(
        "doors",
        "ways in, separated by commas: plain for nc and telnet, http for curl and browsers, tls to "
        "reach these encrypted (default: all that are installed, tls with one of the next options)",
        "NAMES",
        values.names,
    )
    group.add_switch(
        "tls",
        "let clients join with TLS, too, on the same port: ncat --ssl HOST PORT; without a "
        "certificate, the server makes one and keeps it beside the history file or in "
        "~/.local/state/gchat",
    )
    group.add_option(
        "tls-cert",
        None,
        "file with the certificate for TLS and those that it is signed with, in PEM format; "
        "SIGHUP reads it again",
        "FILE",
        values.path,
    )
    group.add_option(
        "tls-key",
        None,
        "file with the key of the certificate (default: it is in the same file)",
        "FILE",
        values.path,
    )
    group.add_switch("tls-only", "let clients join with TLS only")
    group.add_list(
        "origin",
        "web sites, separated by commas, whose pages may use HTTP here, such as "
        "https://chat.example; their names may stand for this server (default: none)",
        "SITES",
        values.origins,
    )
    group.add_option(
        "web-title",
        None,
        f"what the web page is called (default: {Settings.web_title})",
        "TEXT",
        values.not_empty,
    )
    group.add_list(
        "metrics-from",
        "networks, separated by commas, that may read /metrics besides this machine, such as "
        "10.1.0.0/16 (default: none)",
        "NETWORKS",
        values.networks,
    )
    group.add_list(
        "proxy-from",
        "networks, separated by commas, of proxies that say for whom they connect, with a PROXY "
        "header or X-Forwarded-For: from there, one of these is required (default: none)",
        "NETWORKS",
        values.proxies,
    )
    group.add_option(
        "max-line",
        Settings.max_line,
        "longest line, in bytes (default: %(default)s)",
        "BYTES",
        partial(values.number, least=1, most=MOST),
    )
    group.add_option(
        "keepalive",
        110,
        "seconds after which a client whose machine has vanished is disconnected "
        "(default: %(default)s)",
        "SECONDS",
        partial(values.number, least=MIN_KEEPALIVE, most=MAX_KEEPALIVE),
    )
    group.add_option(
        "sender",
        "auto",
        "how many clients are sent the same: uring, by one system call (io_uring, Linux 6.1); "
        "loop, by one for each; auto, uring where it works (default: %(default)s)",
        "HOW",
        values.sender,
    )
    group.add_option(
        "send-threads",
        None,
        "threads that send as well, by io_uring, to large rooms, 0 to 4 (default: as many as there "
        "are cores besides the event loop's, at most 3)",
        "N",
        partial(values.number, least=0, most=MOST_SEND_THREADS),
    )


def _add_limits(group: Group) -> None:
    for name, meaning in MEANINGS.items():
        default, shown = getattr(Limits, field(name)), "%(default)s"
        if name == "max-clients":
            default, shown = None, "as many as the limit on open files allows"
        if default == 0:
            shown += ", never"
        text = f"{meaning.text} (default: {shown})"
        group.add_option(name, default, text, meaning.unit, partial(values.limit, name))


def _add_history(group: Group) -> None:
    group.add_option(
        "history",
        None,
        "file that keeps the messages of all rooms over a restart (default: none, messages are "
        "kept in memory only)",
        "FILE",
        values.path,
    )
    group.add_option(
        "history-sync",
        "normal",
        "what a power cut may cost: off, some minutes and perhaps the file; normal, some "
        "seconds; full, nothing (default: %(default)s)",
        "HOW",
        values.sync,
    )
    group.add_option(
        "store",
        None,
        "Redis that several servers share, so that they have the same rooms, such as "
        "redis://10.1.0.5:6379; needs --history, in which each keeps what was said (default: "
        "none; see docs/nodes.md)",
        "URL",
        values.store,
    )
    group.add_option(
        "keep-days",
        Settings.keep_days,
        "days after which messages are deleted from the file (default: %(default)s, never)",
        "N",
        partial(values.number, least=0, most=MAX_KEEP_DAYS),
    )
    group.add_option(
        "keep-messages",
        Settings.keep_messages,
        "latest messages and notices of each room that the file keeps (default: %(default)s, all)",
        "N",
        partial(values.number, least=0, most=MOST),
    )
    group.add_option(
        "replay",
        Settings.replay,
        "earlier messages that a newcomer is shown (default: %(default)s)",
        "N",
        partial(values.number, least=0, most=MAX_REPLAY),
    )


def _add_people(group: Group) -> None:
    group.add_option(
        "motd",
        None,
        "file with the message of the day, shown with the welcome; changes apply at once",
        "FILE",
        values.path,
    )
    group.add_switch(
        "guest-names",
        "call newcomers guest-1, guest-2, ..., and show no user the address of another one",
    )
    group.add_option(
        "reserve",
        "12h",
        "how long a name stays reserved for the holder of its token after they left, such as "
        "12h or 7d (default: %(default)s); 0 reserves none",
        "TIME",
        values.seconds,
    )
    group.add_option(
        "password", None, "password that clients need to join", "TEXT", values.password
    )
    group.add_option("password-file", None, "file with that password", "FILE", values.path)
    group.add_option(
        "op-password-file",
        None,
        "file with the password that makes an operator",
        "FILE",
        values.path,
    )


def _add_log(group: Group) -> None:
    group.add_option(
        "log-level",
        "info",
        f"what to log on standard error: {', '.join(values.LEVELS)} (default: %(default)s)",
        "LEVEL",
        values.level,
    )
    group.add_switch("log-json", "log one JSON object per line")


def _check_store(parser: Parser, options: Options) -> None:
    """End the program if `options` do not go together with a store that several servers share."""
    if not options.history:
        parser.error(f"{source('store')} needs a history file of this server: --history FILE")
    if options.guest_names:
        parser.error(
            f"{source('guest-names')} and {source('store')} do not go together: each server would "
            "have a guest-1"
        )
    for name in ("keep-days", "keep-messages"):
        if getattr(options, field(name)):
            parser.error(
                f"{source(name)} and {source('store')} do not go together: nothing would be "
                "deleted from the store"
            )
