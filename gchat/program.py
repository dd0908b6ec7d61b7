"""Build, start, reload and stop the server."""

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import gevent

from gchat import __version__, tools
from gchat.config.options import parse
from gchat.config.settings import Settings
from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.heartbeat import keep_alive
from gchat.doors.activation import passed_sockets
from gchat.doors.admission import Admission
from gchat.doors.listener import CannotListen, listen, raise_descriptor_limit, show_address
from gchat.doors.reception import Reception
from gchat.doors.server import GRACE, ChatServer
from gchat.doors.table import open_doors
from gchat.hub import membership
from gchat.hub.hub import Hub
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.follower import follow, tell_outages
from gchat.jobs.garbage import collect_in_silence, spare_what_stays
from gchat.jobs.idle import disconnect_idle
from gchat.jobs.lease import catch_up, keep_lease, peers_of
from gchat.jobs.recorder import Recorder
from gchat.jobs.upkeep import check_store, delete_old_messages, index_messages, tidy_rooms
from gchat.jobs.vanished import disconnect_vanished
from gchat.model.display import PLAIN
from gchat.preparing import (
    CannotStart,
    fall_back,
    open_hub,
    open_tls,
    sender_from,
    settings_from,
    ways_from,
)
from gchat.protocol.first_bytes import Protocol
from gchat.runtime.interfaces import hosts_to_type
from gchat.runtime.logs import start_logging
from gchat.runtime.service_manager import ServiceManager
from gchat.runtime.signals import StartSignals
from gchat.store.base import END_PATIENCE
from gchat.store.errors import StoreError
from gchat.store.shared import SharedStore
from gchat.text.phrases import counted
from gchat.text.safe import escape

if TYPE_CHECKING:
    from gchat.doors.tls import Handshakes

SWITCH_INTERVAL = 0.0005
"""Seconds that the loop waits at the most for the interpreter's lock, which it gives away with each
system call, while a thread computes in Python. Beside 300 clients that search the history file, the
median and the p99 of a delivery were 7.7 and 52 ms with Python's own 5 ms, and 6.8 and 48 with this
(two runs of each, in turn)."""

LEAST_TO_WRITE = 1.0
"""Seconds that the store gets at the end, however long it took to send the clients off."""

IN_NC = " (in nc, press Enter to leave)"
"""What people are told as well: nc waits for another line when the server has ended."""

OTHERS_RUN = ". Other servers with the same rooms run on: connect to one of them"
"""What clients are told as well if there are some,"""

COME_BACK = " and type /resume {token}"
"""and what those are who read it, and have a token."""

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
        ways = ways_from(options)
        settings = settings_from(options, descriptors)
        tls = open_tls(options, settings) if options.with_tls else None
        passed, early = passed_sockets(options.keepalive)
        listeners = passed or listen(options.host, options.port, options.keepalive)
        protocols = {way.protocol for way in ways}
        settings.has_lines = Protocol.CHAT in protocols
        settings.has_page = Protocol.HTTP in protocols
        settings.addresses = tuple(listener.getsockname()[0] for listener in listeners)
        sender, how, threads = sender_from(options, lambda why: fall_back(hub, why))
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
    hub.sender, hub.send_threads = how, threads
    log.info("sender: %s", how)
    reception, manager = Reception(hub, Admission(hub)), ServiceManager()
    hub.faults.start()
    broadcaster, checkpointer = Broadcaster(hub, sender), Checkpointer(hub)
    jobs = [
        gevent.spawn(hub.faults.keep_running, name, function, *arguments)
        for name, function, *arguments in (
            ("recorder", Recorder(hub).run),
            ("checkpointer", checkpointer.run),
            ("broadcaster", broadcaster.run),
            ("backfill", broadcaster.backfill.run),
            ("heartbeat", keep_alive, hub),
            ("indexer", index_messages, hub),
            ("message expiry", delete_old_messages, hub),
            ("history file check", check_store, hub),
            ("dead-connection check", disconnect_vanished, hub, options.keepalive),
            ("idle check", disconnect_idle, hub),
            ("room cleanup", tidy_rooms, hub.rooms, hub.clients),
            ("garbage collection", collect_in_silence, hub),
            ("terminal check", watch_terminal, hub, start),
        )
    ]
    if isinstance(hub.store, SharedStore):
        jobs += start_sharing(hub, hub.store)
    if manager.watchdog:
        alive = gevent.spawn(hub.faults.keep_running, "signs of life", manager.keep_telling)
        jobs.append(alive)
    signals = count(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop, hub, signals, number)
    gevent.signal_handler(signal.SIGHUP, hang_up, hub, start, manager, tls)
    if start.hung_up:
        hang_up(hub, start, manager, tls)
    server = ChatServer(listeners, reception, open_doors(ways, reception), early, tls)
    sys.setswitchinterval(SWITCH_INTERVAL)
    spare_what_stays()
    hub.watchdog.start()  # not before: to load all modules takes a while
    server.start()
    log_start(listeners, hub.settings)
    if passed:
        log.info("the service manager has opened these sockets; --host and --port are not used")
    manager.tell("READY=1")

    hub.shutdown.asked.wait()
    manager.tell("STOPPING=1")
    deadline = time.monotonic() + END_PATIENCE
    log.info("stopping: %s connected", counted(len(hub.clients), "client"))
    server.stop()
    hub.shutdown.last_peers = peers_of(hub)
    hub.shutdown.closing = True
    reception.turn_away_strangers()
    send_off(hub)
    server.let_all_in()
    close_store(hub, checkpointer, jobs, deadline)
    sender.close()
    hub.faults.log_repeated()
    log.info("stopped")
    log_handler.flush()
    return 0


def start_sharing(hub: Hub, store: SharedStore) -> list[Any]:
    """Start what a server does that shares its rooms with others."""
    return [
        gevent.spawn(hub.faults.keep_running, "follower", follow, hub, store),
        gevent.spawn(hub.faults.keep_running, "lease", keep_lease, hub, store),
        gevent.spawn(hub.faults.keep_running, "catching up", catch_up, store),
        gevent.spawn(hub.faults.keep_running, "outage notices", tell_outages, hub, store),
    ]


def hang_up(
    hub: Hub, start: StartSignals, manager: ServiceManager, tls: "Handshakes | None"
) -> None:
    """Handle SIGHUP: stop the server if its terminal is closed, else read the files again."""
    if not end_with_terminal(hub, start):
        manager.tell_reloading()
        reload_files(hub, tls)
        manager.tell("READY=1")


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


def reload_files(hub: Hub, tls: "Handshakes | None") -> None:
    """Read the motd file, the password files and the certificate again."""
    settings = hub.settings
    for file in (settings.motd, settings.password, settings.op_password, tls):
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
    others = OTHERS_RUN if hub.elsewhere.servers else ""
    for client in list(hub.clients.values()):
        reads = client.person and not client.display.json
        back = COME_BACK.format(token=client.token) if others and reads and client.token else ""
        is_nc = reads and client.display.end == PLAIN.end
        hub.tell(client, hub.shutdown.goodbye + others + back + IN_NC * is_nc)
        client.dismiss(hub.shutdown.goodbye)
    if not membership.wait_until_empty(hub, GRACE):
        for client in list(hub.clients.values()):
            client.cut_off()
        membership.wait_until_empty(hub, 1)


def close_store(
    hub: Hub, checkpointer: Checkpointer, parts: Sequence[Any], deadline: float
) -> None:
    """Write what is still to be written, until `deadline`; end `parts`.

    A store that owes something has tried to write it while the clients were sent off, so that time
    is not given to it again; but at least LEAST_TO_WRITE seconds are.
    """
    deadline = max(deadline, time.monotonic() + LEAST_TO_WRITE)
    hub.pending_writes.wait_for_all(deadline - time.monotonic())
    with suppress(gevent.Timeout), gevent.Timeout(max(0.0, deadline - time.monotonic())):
        checkpointer.write()
    if isinstance(hub.store, SharedStore):
        with suppress(StoreError):
            hub.store.say_goodbye(hub.shutdown.last_peers or ())
    gevent.killall(parts)  # or they would go on with a file that is closed
    hub.store.close(max(0.0, deadline - time.monotonic()))


def log_start(listeners: Sequence[Any], settings: Settings) -> None:
    """Log where the server listens and what to type to join, the best way first."""
    first, *others = (listener.getsockname() for listener in listeners)
    host, *further_hosts = hosts_to_type([address[0] for address in (first, *others)])
    port = first[1]
    best, *others_here = settings.ways_to_join(host, port)
    log.info(
        "gchat %s listens on %s, for %s; to join: %s",
        __version__,
        show_address(first),
        counted(settings.limits.max_clients, "client"),
        best,
    )
    for address in others:
        log.info("also listens on %s", show_address(address))
    for further in further_hosts:
        log.info("or: %s", settings.ways_to_join(further, port)[0])
    for way in others_here:
        log.info("or: %s", way)
