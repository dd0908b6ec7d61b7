"""Start the server, read files again, end it: the one place that builds everything."""

import errno
import gc
import logging
import os
import signal
import sqlite3
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from socket import gethostname
from typing import Any

import gevent
from gevent.server import StreamServer

from gchat import __version__, tools
from gchat.config.motd import Motd
from gchat.config.options import Options, parse
from gchat.config.password import password_from
from gchat.config.settings import Settings
from gchat.delivery.broadcaster import Broadcaster
from gchat.doors.admission import OUT_OF_DESCRIPTORS, Admission
from gchat.doors.listener import accept, join_command, listen, raise_descriptor_limit, show_address
from gchat.doors.login import Login, TurnedAway
from gchat.doors.opening import Opening, OtherProtocol, open_connection
from gchat.doors.session import Session
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.rooms import keep_tidy
from gchat.jobs.forgetting import keep_forgetting
from gchat.jobs.idle import look_for_idle
from gchat.jobs.indexer import keep_indexed
from gchat.jobs.keeper import Keeper
from gchat.jobs.recorder import Recorder
from gchat.jobs.vanished import look_for_vanished
from gchat.protocol.framing import LineFramer
from gchat.protocol.other_protocols import answer
from gchat.runtime.logs import start_logging
from gchat.runtime.loop import give_way
from gchat.runtime.signals import StartSignals
from gchat.store.history import History
from gchat.store.sqlite.files import warn_of_other_users
from gchat.store.sqlite.schema import CannotUse, refusal
from gchat.text.addresses import Network, host_of, network_of
from gchat.text.safe import counted, escape

GRACE = 3.0
"""Seconds that clients get, when the server ends, to take what they are owed."""

GARBAGE_THRESHOLD = 10_000
"""New objects after which the garbage collector looks at them: what a round makes and forgets, a
thousand messages for each batch, is gone by then. With Python's 700 it looked at most of them."""

RESERVED_DESCRIPTORS = 32
"""Descriptors that are not for clients: standard streams, the loop's, the listener, a spare."""

TERMINAL_LOOKS = 2.0
"""Seconds between two looks whether the terminal is still there."""

LET_IN = 4
"""Newcomers let in in a turn of the loop, half a millisecond's work: those who talk feel more."""

MOST_WAITING = 4096
"""Newcomers that wait to be let in, at the most: as many again as wait in the kernel."""

log = logging.getLogger("gchat")


class ChatServer(StreamServer):
    """Accepts clients; each of them lives in a greenlet of its own, in `handle`.

    They are accepted faster than they are let in, and wait meanwhile: whoever finds the kernel's
    queue full (see listener.BACKLOG) tries again a second later.
    """

    max_accept = 20
    """Connections in a turn of the loop, which is half a millisecond's work as well."""

    def __init__(self, listener: Any, hub: Hub, admission: Admission) -> None:
        super().__init__(listener)
        self.hub = hub
        self.admission = admission
        self.numbers = count(hub.history.first_number)
        self.waiting = deque[tuple[Any, Any]]()
        """Connections that have no greenlet yet, with their addresses."""
        self.letting_in = False
        self.starting = deque[tuple[Any, Any]]()
        """Those whose greenlets have not begun yet, in the order of these."""
        self.strangers = set[Any]()
        """The greenlets of connections that are not clients yet: it is open who they are, or they
        have been asked for the password."""

    def do_handle(self, connection: Any, address: Any) -> None:
        """A new connection: it waits until it is its turn to be let in."""
        self.waiting.append((connection, address))
        if not self.letting_in:
            gevent.spawn_raw(self.let_in)
            self.letting_in = True

    def let_in(self) -> None:
        """Give those who wait their greenlets: bare ones, of two thirds the usual size."""
        try:
            while self.waiting:
                for _ in range(min(LET_IN, len(self.waiting))):
                    gevent.spawn_raw(self.handle)
                    self.starting.append(self.waiting.popleft())
                give_way()
        finally:
            self.letting_in = False

    def handle(self, *_: Any) -> None:
        """The connection whose turn it is, from its first byte to its last.

        It is not an argument: a greenlet holds on to those as long as it runs.
        """
        connection, address = self.starting.popleft()
        shown = show_address(address)
        host = host_of(shown)
        if objection := self.admission.objection(host):
            self.admission.turn_away(connection, shown, objection)
            return
        network = network_of(host)
        self.admission.enter(network)
        try:
            if session := self.admit(connection, shown, network):
                # What is kept here is kept for each client, as long as it is there.
                del connection, address, shown, host
                session.run()
        finally:
            self.admission.leave(network)

    def admit(self, connection: Any, address: str, network: Network) -> Session | None:
        """Let in a newcomer, who is a client then; or tell it why not, and return None."""
        framer = LineFramer(self.hub.settings.max_line)
        reply = b""
        try:
            opening = self.ask(connection, address, network, framer)
            client = Client(next(self.numbers), connection, address, self.hub.lobby.log)
            return Session(self.hub, client, framer, opening)
        except TurnedAway as turned_away:
            why = str(turned_away)
        except OtherProtocol as other:
            why = str(other)
            reply = answer(other.protocol, other.data, join_command(connection.getsockname()))
        except OSError:
            connection.close()
            return None
        self.admission.turn_away(connection, address, why, reply)
        return None

    def ask(self, connection: Any, address: str, network: Network, framer: LineFramer) -> Opening:
        """Find out who a newcomer is, and ask for the password if there is one.

        Returns what it opens with. Raises TurnedAway, OtherProtocol and OSError.
        """
        hub, stranger = self.hub, gevent.getcurrent()
        self.strangers.add(stranger)
        try:
            opening = open_connection(connection, framer)
            if password := hub.settings.password:
                opening = Login(connection, network, password, hub.guesses).run(framer, opening)
        finally:
            self.strangers.discard(stranger)
        if objection := self.admission.bar(host_of(address)):  # it may have taken a minute
            raise TurnedAway(objection)
        return opening

    def turn_away_strangers(self) -> None:
        """Tell those who are not clients yet that the server ends."""
        for stranger in self.strangers:
            gevent.kill(stranger, TurnedAway(self.hub.goodbye))
        give_way()

    def let_all_in(self) -> None:
        """Wait until nobody waits any more, GRACE seconds at the most."""
        with suppress(gevent.Timeout), gevent.Timeout(GRACE):
            while self.waiting or self.starting:
                give_way()

    def do_read(self) -> Any:
        """Accept a connection, unless as many wait already as the server has places for.

        gevent's own way, when descriptors are out, is to wait in silence.
        """
        places = self.hub.settings.limits.max_clients - self.hub.places.total - len(self.starting)
        # Where there is none, they come one at a time, to be told so.
        if len(self.waiting) >= max(1, min(places, MOST_WAITING)):
            return None
        try:
            return accept(self.socket)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.admission.turn_away_without_descriptor(partial(accept, self.socket))
            elif error.errno != errno.ECONNABORTED:  # it has changed its mind
                raise
            return None


def main(start: StartSignals) -> int:
    """Run the server until a signal or an operator ends it; returns the exit status.

    `start` has caught the signals up to now.
    """
    if sys.argv[1:2] and sys.argv[1] in tools.COMMANDS:
        return tools.main(sys.argv[1:])
    options = parse()
    log_handler = start_logging(options.log_level, options.log_json)
    descriptors = raise_descriptor_limit()
    try:
        settings = settings_from(options, descriptors)
        listener = open_listener(options)
        settings.host = listener.getsockname()[0]
        hub = open_hub(settings, options)
    except CannotStart as why:
        print(f"gchat.py: {escape(str(why))}", file=sys.stderr)
        return 1

    if (options.max_clients or 0) > settings.places:
        log.warning(
            "max-clients is lowered from %d to %d: the limit on open files is %d (ulimit -n)",
            options.max_clients,
            settings.places,
            descriptors,
        )
    hub.faults.start()
    broadcaster, keeper = Broadcaster(hub), Keeper(hub)
    parts = [
        gevent.spawn(hub.faults.keep_running, what, function, *arguments)
        for what, function, *arguments in (
            ("the recorder", Recorder(hub).run),
            ("the keeper", keeper.run),
            ("the broadcaster", broadcaster.run),
            ("the look back", broadcaster.look_back.run),
            ("the indexer", keep_indexed, hub),
            ("the forgetting of what is old", keep_forgetting, hub),
            ("the look for the vanished", look_for_vanished, hub, options.keepalive),
            ("the look for the idle", look_for_idle, hub),
            ("the tidying of rooms", keep_tidy, hub.rooms, hub.clients),
            ("the look at the terminal", watch_terminal, hub, start),
        )
    ]
    hub.watchdog.start()
    signals = count(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop, hub, signals, number)
    gevent.signal_handler(signal.SIGHUP, hang_up, hub, start)
    if start.hung_up:
        hang_up(hub, start)
    server = ChatServer(listener, hub, Admission(hub))
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.freeze()
    server.start()
    log_start(listener, hub.settings.limits.max_clients)

    hub.asked_to_stop.wait()
    log.info("stop: %d connected", len(hub.clients))
    server.stop()
    hub.closing = True
    server.turn_away_strangers()
    send_off(hub)
    server.let_all_in()
    keeper.write()
    gevent.killall(parts)  # or they would go on with a file that is closed
    hub.history.close()
    hub.faults.tell_repeated()
    log.info("stopped")
    log_handler.flush()
    return 0


class CannotStart(Exception):
    """Why, as whoever starts the server reads it."""


def settings_from(options: Options, descriptors: int) -> Settings:
    """What the options say, with the files that they name; `descriptors` is the limit on them.

    Raises CannotStart.
    """
    settings = Settings(max_line=options.max_line, replay=options.replay)
    settings.places = max(1, descriptors - RESERVED_DESCRIPTORS)
    settings.limits = options.limits(settings.places)
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
    """Name the file at `path`, and `what` it is, if it cannot be used. Raises CannotStart."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise CannotStart(f"cannot read {what} {path}: {why}") from error
    except ValueError as error:
        raise CannotStart(f"cannot use {what} {path}: {error}") from error


def open_hub(settings: Settings, options: Options) -> Hub:
    """Open the history, and make the hub of what stands in it. Raises CannotStart."""
    path = options.history or ""
    try:
        hub = Hub(settings, History(path, options.history_sync))
    except CannotUse as why:
        raise CannotStart(str(why)) from why
    except sqlite3.Error as error:
        raise CannotStart(str(refusal(path, error))) from error
    if path:
        warn_of_other_users(path)
    return hub


def open_listener(options: Options) -> Any:
    """Listen. Raises CannotStart."""
    try:
        return listen(options.host, options.port, options.keepalive)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", error)
        raise CannotStart(f"cannot listen on {options.host} port {options.port}: {why}") from error


def hang_up(hub: Hub, start: StartSignals) -> None:
    """End the server if the terminal that it was started in is closed, else read files again."""
    if not end_with_terminal(hub, start):
        read_again(hub)


def end_with_terminal(hub: Hub, start: StartSignals) -> bool:
    """End the server if the terminal that it was started in is closed; returns whether it is."""
    is_closed = start.terminal_is_closed()
    if is_closed and not hub.asked_to_stop.is_set():
        log.info("the terminal is closed")
        hub.stop()
    return is_closed


def watch_terminal(hub: Hub, start: StartSignals) -> None:
    """End the server with its terminal, for ever: no SIGHUP comes to what a shell has put aside."""
    while True:
        gevent.sleep(TERMINAL_LOOKS)
        end_with_terminal(hub, start)


def read_again(hub: Hub) -> None:
    """Take what stands now in the files that options have named."""
    settings = hub.settings
    for file in (settings.motd, settings.password, settings.op_password):
        if file and file.path:
            try:
                changed = file.read_again()
                log.info("read again: %s", file.path)
            except (OSError, ValueError) as error:
                log.error("what was in %s before stays in force: %s", file.path, error)
                continue
            if changed and file is settings.op_password:
                end_operators(hub)


def end_operators(hub: Hub) -> None:
    """Nobody is one any more until they have said the password, which is a new one."""
    for client in hub.each_client():
        if client.operator:
            client.operator = False
            hub.tell(client, "you are no operator any more: there is a new password for them")


def stop(hub: Hub, signals: Iterator[int], number: int) -> None:
    """The first of `signals` asks the server to stop; the second does not ask."""
    if next(signals) > 1:
        os._exit(128 + number)
    hub.stop()


def send_off(hub: Hub) -> None:
    """Tell everybody that the server ends, and wait until they have it, for GRACE seconds."""
    hub.unrecorded.wait_for_all(GRACE)
    for client in list(hub.clients.values()):
        hub.tell(client, hub.goodbye)
        client.dismiss(hub.goodbye)
    if not hub.wait_until_empty(GRACE):
        for client in list(hub.clients.values()):
            client.cut_off()
        hub.wait_until_empty(1)


def log_start(listener: Any, max_clients: int) -> None:
    """The line that says where the server listens and how to join."""
    host, port = listener.getsockname()[:2]
    reachable = gethostname() if host in ("0.0.0.0", "::") else host
    log.info(
        "gchat %s listens on %s, for %s; to join: nc %s %d",
        __version__,
        show_address((host, port)),
        counted(max_clients, "client"),
        reachable,
        port,
    )
