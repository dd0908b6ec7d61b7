"""What the options ask for, made before the server starts; or why it cannot start, in a line."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gchat.config.motd import Motd
from gchat.config.options import Options
from gchat.config.password import password_from
from gchat.config.settings import Settings
from gchat.config.values import without_password
from gchat.delivery.senders.choice import Choice, NoSender, choose_sender
from gchat.doors.introduction import MOST_UNKNOWN
from gchat.doors.table import CannotOpen, Way, choose
from gchat.hub.hub import Hub
from gchat.runtime.cores import usable_cores
from gchat.store.base import Store
from gchat.store.errors import CannotUse, StoreError
from gchat.store.history import History
from gchat.store.memory import MemoryStore
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.files import warn_of_other_users
from gchat.store.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from gchat.doors.tls import Handshakes

MOST_BY_DEFAULT = 3
"""Send threads, where there are as many cores besides the event loop's."""

RESERVED_DESCRIPTORS = 32
"""Descriptors not for clients: standard streams, the loop, listener, history, a spare one."""


class CannotStart(Exception):
    """Why the server cannot start: the line that the program ends with."""


def ways_from(options: Options) -> list[Way]:
    """The ways in that the options name. Raises CannotStart."""
    try:
        return choose(options.doors)
    except CannotOpen as why:
        raise CannotStart(f"--doors: {why}") from why


def open_tls(options: Options, settings: Settings) -> "Handshakes":
    """Read the certificate, or make one if the options name none. Raises CannotStart."""
    from gchat.doors.certificate import find_certificate  # what TLS needs takes 10 ms to import
    from gchat.doors.tls import Handshakes

    try:
        certificate = find_certificate(options.tls_cert, options.tls_key or "", options.history)
    except ValueError as why:
        raise CannotStart(str(why)) from why
    settings.tls, settings.tls_only = True, options.tls_only
    return Handshakes(certificate, settings)


def sender_from(options: Options, on_failure: Callable[[str], None]) -> Choice:
    """What sends to those who listen, and what is told of it. Raises CannotStart."""
    threads = options.send_threads
    if threads is None:
        threads = min(MOST_BY_DEFAULT, usable_cores() - 1)
    try:
        return choose_sender(options.sender, threads, on_failure)
    except NoSender as why:
        raise CannotStart(f"--sender uring: {why}; --sender auto does without it") from why


def fall_back(hub: Hub, why: str) -> None:
    """Tell who has to know that clients are sent to in the slower way."""
    hub.sender, hub.send_threads = f"loop ({why})", 0
    hub.report(f"{why}; from now on each client is sent to by a call of its own")


def settings_from(options: Options, descriptors: int) -> Settings:
    """Make the settings from the options and the files that they name. Raises CannotStart.

    `descriptors` is the limit on open files.
    """
    settings = Settings(max_line=options.max_line, replay=options.replay)
    reserved = RESERVED_DESCRIPTORS + bool(options.proxy_from) * MOST_UNKNOWN
    settings.slots = max(1, descriptors - reserved)
    settings.proxies = options.proxy_from
    settings.limits = options.limits(settings.slots)
    settings.reserve, settings.guest_names = options.reserve, options.guest_names
    settings.origins, settings.metrics_from = options.origin, options.metrics_from
    settings.web_title = options.web_title or settings.web_title
    settings.keep_days, settings.keep_messages = options.keep_days, options.keep_messages
    with using("motd file", options.motd):
        settings.motd = Motd(options.motd) if options.motd else None
    with using("password file", options.password_file):
        settings.password = password_from(options.password, options.password_file)
    with using("operators' password file", options.op_password_file):
        settings.op_password = password_from(options.op_password, options.op_password_file)
    return settings


@contextmanager
def using(what: str, path: str | None) -> Iterator[None]:
    """Raise CannotStart, with the path and `what` the file is, if it cannot be used within."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise CannotStart(f"cannot read {what} {path}: {why}") from error
    except ValueError as error:
        raise CannotStart(f"cannot use {what} {path}: {error}") from error


def open_hub(settings: Settings, options: Options) -> Hub:
    """Open the history, and make the hub from it. Raises CannotStart."""
    path = options.history or ""
    try:
        hub = Hub(settings, History(_open_store(path, options)))
    except CannotUse as why:
        raise CannotStart(str(why)) from why
    except StoreError as error:
        raise CannotStart(str(refusal(path, error))) from error
    if path:
        warn_of_other_users(path)
    return hub


def _open_store(path: str, options: Options) -> Store:
    """Open what keeps the rooms: a file at `path`, if there is one, and what several servers share.

    Raises CannotUse, CannotStart and StoreError.
    """
    if not path:
        return MemoryStore()
    kept = SqliteStore(path, options.history_sync)
    if not options.store:
        return kept
    try:
        from gchat.store.redis.store import RedisStore  # what it needs is an extra

        return RedisStore(options.store, kept)
    except ImportError as error:
        kept.close()
        why = "it needs packages that are not installed: pip install 'gchat[redis]'"
        raise CannotStart(f"--store: {why}") from error
    except (StoreError, ValueError) as error:
        kept.close()
        raise CannotStart(f"cannot use store {without_password(options.store)}: {error}") from error
