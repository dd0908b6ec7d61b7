"""Build, start, reload and stop the server: the one module that knows all the others."""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from typing import Any

import gevent

from gchat import __version__, tools
from gchat.config.motd import Motd
from gchat.config.options import Options, parse
from gchat.config.password import password_from
from gchat.config.settings import Settings
from gchat.delivery.broadcaster import Broadcaster
from gchat.doors.admission import Admission
from gchat.doors.listener import CannotListen, listen, raise_descriptor_limit, show_address
from gchat.doors.server import GRACE, ChatServer
from gchat.hub import membership
from gchat.hub.hub import Hub
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.idle import disconnect_idle
from gchat.jobs.recorder import Recorder
from gchat.jobs.upkeep import check_store, delete_old_messages, index_messages, tidy_rooms
from gchat.jobs.vanished import disconnect_vanished
from gchat.runtime.interfaces import hosts_to_type
from gchat.runtime.logs import start_logging
from gchat.runtime.signals import StartSignals
from gchat.store.base import END_PATIENCE
from gchat.store.errors import CannotUse, StoreError
from gchat.store.history import History
from gchat.store.memory import MemoryStore
from gchat.store.sqlite.errors import refusal
from gchat.store.sqlite.files import warn_of_other_users
from gchat.store.sqlite.store import SqliteStore
from gchat.text.phrases import counted
from gchat.text.safe import escape

GARBAGE_THRESHOLD = 10_000
"""New objects after which the garbage collector runs: by then, what a round makes and drops, a
thousand messages for each batch, is gone. With Python's 700 it examined most of it."""

RESERVED_DESCRIPTORS = 32
"""Descriptors not for clients: standard streams, the loop, listener, history, a spare one."""

TERMINAL_INTERVAL = 2.0
"""Seconds between two checks that the terminal is still open."""


log = logging.getLogger("gchat")


def main(start: StartSignals) -> int:
    """Run the server until a signal or an operator stops it; returns the exit status.

    `start` has handled the signals up to now.
    """
    if sys.argv[1:2] and sys.argv[1] in tools.COMMANDS:
        return tools.main(sys.argv[1:])
    options = parse()
    log_handler = start_logging(options.log_level, options.log_json)
    descriptors = raise_descriptor_limit()
    try:
        settings = settings_from(options, descriptors)
        listeners = listen(options.host, options.port, options.keepalive)
        settings.addresses = tuple(listener.getsockname()[0] for listener in listeners)
        hub = open_hub(settings, options)
    except (CannotListen, CannotStart) as why:
        print(f"gchat: {escape(str(why))}", file=sys.stderr)
        return 1

    if (options.max_clients or 0) > settings.slots:
        log.warning(
            "max-clients is lowered from %d to %d: the limit on open files is %d; to have more "
            "clients, raise it (ulimit -n)",
            options.max_clients,
            settings.slots,
            descriptors,
        )
    hub.faults.start()
    broadcaster, checkpointer = Broadcaster(hub), Checkpointer(hub)
    jobs = [
        gevent.spawn(hub.faults.keep_running, name, function, *arguments)
        for name, function, *arguments in (
            ("recorder", Recorder(hub).run),
            ("checkpointer", checkpointer.run),
            ("broadcaster", broadcaster.run),
            ("backfill", broadcaster.backfill.run),
            ("indexer", index_messages, hub),
            ("message expiry", delete_old_messages, hub),
            ("history file check", check_store, hub),
            ("dead-connection check", disconnect_vanished, hub, options.keepalive),
            ("idle check", disconnect_idle, hub),
            ("room cleanup", tidy_rooms, hub.rooms, hub.clients),
            ("terminal check", watch_terminal, hub, start),
        )
    ]
    hub.watchdog.start()
    signals = count(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop, hub, signals, number)
    gevent.signal_handler(signal.SIGHUP, hang_up, hub, start)
    if start.hung_up:
        hang_up(hub, start)
    server = ChatServer(listeners, hub, Admission(hub))
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.freeze()
    server.start()
    log_start(listeners, hub.settings.limits.max_clients)

    hub.shutdown.asked.wait()
    log.info("stopping: %s connected", counted(len(hub.clients), "client"))
    server.stop()
    hub.shutdown.closing = True
    server.turn_away_strangers()
    send_off(hub)
    server.let_all_in()
    close_store(hub, checkpointer, jobs)
    hub.faults.log_repeated()
    log.info("stopped")
    log_handler.flush()
    return 0


class CannotStart(Exception):
    """Why the server cannot start: the line that the program ends with."""


def settings_from(options: Options, descriptors: int) -> Settings:
    """Make the settings from the options and the files that they name. Raises CannotStart.

    `descriptors` is the limit on open files.
    """
    settings = Settings(max_line=options.max_line, replay=options.replay)
    settings.slots = max(1, descriptors - RESERVED_DESCRIPTORS)
    settings.limits = options.limits(settings.slots)
    settings.reserve = options.reserve
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
        store = SqliteStore(path, options.history_sync) if path else MemoryStore()
        hub = Hub(settings, History(store))
    except CannotUse as why:
        raise CannotStart(str(why)) from why
    except StoreError as error:
        raise CannotStart(str(refusal(path, error))) from error
    if path:
        warn_of_other_users(path)
    return hub


def hang_up(hub: Hub, start: StartSignals) -> None:
    """Handle SIGHUP: stop the server if its terminal is closed, else read the files again."""
    if not end_with_terminal(hub, start):
        reload_files(hub)


def end_with_terminal(hub: Hub, start: StartSignals) -> bool:
    """Stop the server if the terminal that it was started in is closed; return whether it is."""
    is_closed = start.terminal_is_closed()
    if is_closed and not hub.shutdown.asked.is_set():
        log.info("terminal closed: stopping")
        hub.shutdown.ask()
    return is_closed


def watch_terminal(hub: Hub, start: StartSignals) -> None:
    """Stop the server when its terminal closes: a process in the background gets no SIGHUP then."""
    while True:
        gevent.sleep(TERMINAL_INTERVAL)
        end_with_terminal(hub, start)


def reload_files(hub: Hub) -> None:
    """Read the motd file and the password files again."""
    settings = hub.settings
    for file in (settings.motd, settings.password, settings.op_password):
        if file and file.path:
            try:
                changed = file.reload()
                log.info("reloaded %s", file.path)
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or error
                log.error("cannot reload %s: %s; its old content stays in force", file.path, why)
                continue
            if changed and file is settings.op_password:
                end_operators(hub)


def end_operators(hub: Hub) -> None:
    """Make all operators ordinary users: their password has changed."""
    for client in hub.each_client():
        if client.operator:
            client.operator = False
            hub.tell(
                client,
                "You are no longer an operator: the password for /op has changed. To be one again: "
                "/op NEW-PASSWORD",
            )


def stop(hub: Hub, signals: Iterator[int], number: int) -> None:
    """Stop the server on the first of `signals`; exit at once on the second."""
    if next(signals) > 1:
        os._exit(128 + number)
    hub.shutdown.ask()


def send_off(hub: Hub) -> None:
    """Tell all clients that the server stops; wait up to GRACE seconds until they have it."""
    hub.pending_writes.wait_for_all(GRACE)
    for client in list(hub.clients.values()):
        hub.tell(client, hub.shutdown.goodbye)
        client.dismiss(hub.shutdown.goodbye)
    if not membership.wait_until_empty(hub, GRACE):
        for client in list(hub.clients.values()):
            client.cut_off()
        membership.wait_until_empty(hub, 1)


def close_store(hub: Hub, checkpointer: Checkpointer, parts: Sequence[Any]) -> None:
    """Write what is still to be written, for END_PATIENCE seconds at the most; end `parts`."""
    deadline = time.monotonic() + END_PATIENCE
    hub.pending_writes.wait_for_all(END_PATIENCE)
    with suppress(gevent.Timeout), gevent.Timeout(max(0.0, deadline - time.monotonic())):
        checkpointer.write()
    gevent.killall(parts)  # or they would go on with a file that is closed
    hub.store.close(max(0.0, deadline - time.monotonic()))


def log_start(listeners: Sequence[Any], max_clients: int) -> None:
    """Log where the server listens and what to type to join, the best way first."""
    first, *others = (listener.getsockname() for listener in listeners)
    host, *further_hosts = hosts_to_type([address[0] for address in (first, *others)])
    port = first[1]
    log.info(
        "gchat %s listens on %s, for %s; to join: nc %s %d",
        __version__,
        show_address(first),
        counted(max_clients, "client"),
        host,
        port,
    )
    for address in others:
        log.info("also listens on %s", show_address(address))
    for further in further_hosts:
        log.info("or: nc %s %d", further, port)
