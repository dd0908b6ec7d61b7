"""The values of options; of what is none, ArgumentTypeError says in a clause why."""

import argparse
import re
from collections.abc import Callable

from gchat.config.limits import read_limit
from gchat.config.password import BadPassword, Password
from gchat.text.addresses import (
    Network,
    NobodyComesFrom,
    NotANetwork,
    read_exactly,
    read_network,
)
from gchat.text.phrases import NotANumber, as_number
from gchat.text.times import span

SYNC = ("off", "normal", "full")
"""Values of PRAGMA synchronous: how safe the history file is against a power cut."""

STORES = ("redis", "rediss", "unix", "redis+sentinel")
"""Schemes of the addresses of stores that several servers can share."""

SENDERS = ("auto", "uring", "loop")
"""Ways to send to many; `auto` is the fastest that the system has."""

_ORIGIN = re.compile(r"https?://(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?")

LEVELS = ("debug", "info", "warning", "error")


def not_empty(text: str) -> str:
    """Any text but an empty one."""
    if not text.strip():
        raise argparse.ArgumentTypeError("empty")
    return text


def names(text: str) -> tuple[str, ...]:
    """Words, separated by commas."""
    words = tuple(word.strip().lower() for word in text.split(","))
    if not all(words):
        raise argparse.ArgumentTypeError("empty; give names separated by commas, or leave it out")
    return words


def origins(text: str) -> tuple[str, ...]:
    """Web sites: `https://chat.example`, `http://10.0.0.5:8080`."""
    sites = names(text)
    for site in sites:
        if not _ORIGIN.fullmatch(site):
            raise argparse.ArgumentTypeError(f"{site!r} is not like https://chat.example")
    return sites


def networks(text: str, read: Callable[[str], Network] = read_network) -> tuple[Network, ...]:
    """Networks, or addresses; an IPv6 address stands for its /64, as in limits."""
    try:
        return tuple(map(read, names(text)))
    except NotANetwork:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 10.1.0.0/16") from None
    except NobodyComesFrom as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def proxies(text: str) -> tuple[Network, ...]:
    """Networks, or addresses; each address stands for itself, as its neighbours are not trusted."""
    found = networks(text, read_exactly)
    if any(network.prefixlen == 0 for network in found):
        raise argparse.ArgumentTypeError(
            f"{text!r} would let anybody claim any address; name the proxy's own, such as 10.1.0.5"
        )
    return found


def path(text: str) -> str:
    """The name of a file."""
    # An empty path is a mistake, such as a shell variable that is not set: nobody means to ask
    # for a server without a password or a history with it.
    if not text.strip():
        raise argparse.ArgumentTypeError("empty; name a file, or leave the option out")
    return text


def password(text: str) -> str:
    """A password, as it was given."""
    try:
        Password(text)
    except BadPassword as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def number(text: str, least: int, most: int) -> int:
    """A whole number from `least` to `most`."""
    try:
        return as_number(text, least, most)
    except NotANumber as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def limit(name: str, text: str) -> int:
    """The value of the limit `name`."""
    try:
        return read_limit(name, text)
    except NotANumber as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def yes_or_no(text: str) -> bool:
    """What switches something on or off."""
    if text.lower() not in ("0", "1", "no", "yes", "off", "on", "false", "true"):
        raise argparse.ArgumentTypeError(f"{text!r} is not 1 or 0")
    return text.lower() in ("1", "yes", "on", "true")


def sync(text: str) -> str:
    """How the history file is written."""
    if text.lower() not in SYNC:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(SYNC)}")
    return text.lower()


def store(text: str) -> str:
    """The address of a store that several servers share."""
    if text.partition("://")[0] not in STORES:
        raise argparse.ArgumentTypeError(
            f"{without_password(text)!r} is not like redis://HOST:6379 or unix:///PATH"
        )
    return text


def without_password(address: str) -> str:
    """The address of a store, as it can be shown."""
    shown = re.sub(r"(://[^:/@]*:)[^@]*@", r"\1***@", address)
    return re.sub(r"(password=)[^&]*", r"\1***", shown)


def sender(text: str) -> str:
    """How those who listen are sent to."""
    if text.lower() not in SENDERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(SENDERS)}")
    return text.lower()


def seconds(text: str) -> int:
    """Seconds, of a time such as 12h; 0 is none."""
    found = 0 if text == "0" else span(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 12h or 7d")
    return found


def level(text: str) -> str:
    """What is logged."""
    if text.lower() not in LEVELS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(LEVELS)}")
    return text.lower()
