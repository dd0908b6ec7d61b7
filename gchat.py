#!/usr/bin/env python3
"""gchat: a chat server that anyone joins with nothing but `nc`.

The shape of it: everything here waits in greenlets. A `StreamServer` accepts
clients, each of which gets a greenlet of its own (`ChatServer.handle`) that reads
what it says. The hub holds the shared dict of clients, guarded by a semaphore. One
more greenlet, the broadcaster, sends all of them what was said.
"""

# ruff: noqa: E402 - nothing may be imported before the standard library is patched
from gevent import config, monkey

config.track_greenlet_tree = False  # who spawned a greenlet is not worth a kilobyte for each
monkey.patch_all()

import errno
import gc
import logging
import os
import signal
import sys
from itertools import count
from socket import gethostname
from typing import Any

import gevent
from gevent.event import Event
from gevent.server import StreamServer

from chat import __version__
from chat.admission import OUT_OF_DESCRIPTORS, Admission
from chat.broadcaster import Broadcaster
from chat.client import Client
from chat.hub import Hub
from chat.listener import listen, raise_descriptor_limit, show_address
from chat.logs import start_logging
from chat.motd import Motd
from chat.options import parse
from chat.rooms import keep_tidy
from chat.session import Session
from chat.settings import Settings
from chat.vanished import look_for_vanished

GRACE = 3.0
"""Seconds that clients get, when the server ends, to take what they are owed."""

GARBAGE_THRESHOLD = 10_000
"""New objects after which the garbage collector looks at them: what a round makes and forgets, a
thousand messages for each batch, is gone by then. With Python's 700 it looked at most of them."""

RESERVED_DESCRIPTORS = 32
"""Descriptors that are not for clients: standard streams, the loop's, the listener, a spare."""

log = logging.getLogger("gchat")


class ChatServer(StreamServer):
    """Accepts clients; each of them lives in a greenlet of its own, in `handle`."""

    max_accept = 10
    """Newcomers in a turn of the loop; a hundred, gevent's choice, are felt by those who talk."""

    def __init__(self, listener: Any, hub: Hub, admission: Admission) -> None:
        super().__init__(listener)
        self.hub = hub
        self.admission = admission
        self.numbers = count(1)

    def do_handle(self, connection: Any, address: Any) -> None:
        """Give a new connection its greenlet: a bare one, of two thirds the usual size."""
        gevent.spawn_raw(self.handle, connection, address)

    def handle(self, connection: Any, address: Any) -> None:
        """One client, from its first byte to its last."""
        if objection := self.admission.objection():
            self.admission.turn_away(connection, address, objection)
            return
        client = Client(next(self.numbers), connection, show_address(address), self.hub.lobby.log)
        Session(self.hub, client).run()

    def do_read(self) -> Any:
        """Accept a connection; gevent's own way is to wait in silence when descriptors are out."""
        try:
            return super().do_read()
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                self.admission.turn_away_without_descriptor(super().do_read)
            elif error.errno != errno.ECONNABORTED:  # it has changed its mind
                raise
            return None


def main() -> int:
    """Run the server until a signal ends it; returns the exit status."""
    options = parse()
    log_handler = start_logging(options.log_level)
    descriptors = raise_descriptor_limit()
    try:
        motd = Motd(options.motd) if options.motd else None
    except (OSError, ValueError) as error:
        print(f"gchat.py: cannot use the message of the day: {error}", file=sys.stderr)
        return 1
    try:
        listener = listen(options.host, options.port, options.keepalive)
    except (OSError, UnicodeError) as error:
        where = f"{options.host} port {options.port}"
        print(
            f"gchat.py: cannot listen on {where}: {getattr(error, 'strerror', error)}",
            file=sys.stderr,
        )
        return 1

    settings = Settings(options.max_line, options.replay, motd, listener.getsockname()[0])
    hub = Hub(settings)
    gevent.spawn(Broadcaster(hub).run)
    gevent.spawn(look_for_vanished, hub, options.keepalive)
    gevent.spawn(keep_tidy, hub.rooms, hub.clients)
    max_clients = options.max_clients or max(1, descriptors - RESERVED_DESCRIPTORS)
    server = ChatServer(listener, hub, Admission(hub, max_clients))
    asked_to_stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        gevent.signal_handler(number, stop, asked_to_stop, number)
    gc.set_threshold(GARBAGE_THRESHOLD)
    gc.freeze()
    server.start()
    log_start(listener, max_clients)

    asked_to_stop.wait()
    log.info("stop: %d connected", len(hub.clients))
    server.stop()
    send_off(hub)
    log.info("stopped")
    log_handler.flush()
    return 0


def stop(asked: Event, number: int) -> None:
    """The first signal asks the server to stop; the second does not ask."""
    if asked.is_set():
        os._exit(128 + number)
    asked.set()


def send_off(hub: Hub) -> None:
    """Tell everybody that the server ends, and wait until they have it, for GRACE seconds."""
    hub.closing = True
    for client in list(hub.clients.values()):
        hub.tell(client, "the server is going down")
        client.dismiss("the server is going down")
    if not hub.wait_until_empty(GRACE):
        for client in list(hub.clients.values()):
            client.cut_off()
        hub.wait_until_empty(1)


def log_start(listener: Any, max_clients: int) -> None:
    """The line that says where the server listens and how to join."""
    host, port = listener.getsockname()[:2]
    reachable = gethostname() if host in ("0.0.0.0", "::") else host
    log.info(
        "gchat %s listens on %s, for %d clients; to join: nc %s %d",
        __version__,
        show_address((host, port)),
        max_clients,
        reachable,
        port,
    )


if __name__ == "__main__":
    sys.exit(main())
