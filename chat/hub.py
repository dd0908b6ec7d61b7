"""The hub: all clients and rooms, and what happens between them."""

import logging
import time
from random import randrange

import gevent
from gevent.event import Event
from gevent.lock import Semaphore

from chat.client import Client
from chat.message import SERVER, Kind
from chat.room import Room
from chat.text import MAX_NAME, name_key, nearest_name
from chat.wire import encode_notices

LOBBY = "lobby"

DIGITS = 6
"""Places kept free in a name that is offered for one that is taken: `ann2`, `ann3`, …"""

log = logging.getLogger(__name__)


class NameTaken(Exception):
    """Somebody else has this name; `free` is one like it that nobody has."""

    def __init__(self, free: str) -> None:
        super().__init__(free)
        self.free = free


class Hub:
    """The shared dict of clients, which a broadcast goes out to, and the rooms.

    Who changes `clients`, or a room's `clients` or `listeners`, or takes a
    snapshot of one, holds `lock`, and gives it back before anything is sent:
    nobody ever waits for a socket with the lock held.
    """

    def __init__(self) -> None:
        self.lock = Semaphore()
        self.clients: dict[int, Client] = {}
        self.rooms = {LOBBY: Room(LOBBY)}
        self.names: dict[str, Client] = {}
        """Who has which name, by what counts as the same name (text.name_key)."""
        self.stirred: dict[Room, None] = {}
        """Rooms in which there is something to send, in the order in which they will be served."""
        self.work = Event()
        """Set when there is a room in `stirred`."""
        self._empty = Event()
        self.closing = False
        """The server is about to end: no comings and goings are told any more."""

    @property
    def lobby(self) -> Room:
        """Where everybody arrives."""
        return self.rooms[LOBBY]

    def room_of(self, client: Client) -> Room:
        """The room that `client` is in, or was in last."""
        return self.rooms[client.log.room]

    # Coming and going

    def enter(self, client: Client) -> None:
        """`client` is connected. What is said from now on is for it, but kept until it listens."""
        with self.lock:
            self.clients[client.number] = client
            self.room_of(client).clients[client.number] = client
        log.info("join %s", client.address)

    def listen(self, client: Client) -> None:
        """`client` gets what was said since it came, and all that follows."""
        client.until = None
        self.visit(client)

    def announce(self, client: Client) -> None:
        """`client` is a person: the others, if there are any, learn that it joined."""
        room = self.room_of(client)
        client.person = True
        if len(room.clients) > 1:
            room.presence.join(client.number, client.name)
            self._presence_changed(room)

    def part(self, client: Client, reason: str) -> None:
        """`client` says nothing any more; it is still sent what was said before."""
        room = self.room_of(client)
        with self.lock:
            room.listeners.pop(client.number, None)
            room.clients.pop(client.number)
        client.until = room.log.end
        self.names.pop(name_key(client.name), None)
        log.info("leave %s: %s", client, reason)
        if client.person and not self.closing:
            room.presence.leave(client.number, client.name)
            self._presence_changed(room)
        self.visit(client)

    def lose(self, client: Client, why: str) -> None:
        """`client` cannot be sent anything any more."""
        client.lose(why)
        with self.lock:
            self.room_of(client).listeners.pop(client.number, None)

    def remove(self, client: Client) -> None:
        """`client` has nothing to get any more, or cannot get it."""
        with self.lock:
            self.clients.pop(client.number)
            self.room_of(client).visits.pop(client.number, None)
        if not self.clients:
            self._empty.set()

    def wait_until_empty(self, timeout: float) -> bool:
        """Wait until the last client is gone; False if that takes over `timeout` seconds."""
        if not self.clients:
            return True
        self._empty.clear()
        return self._empty.wait(timeout)

    # Talking

    def say(self, client: Client, texts: list[str], size: int) -> None:
        """`client` says `texts`, which came as `size` bytes, to the others in its room."""
        room = self.room_of(client)
        if room.presence.is_unannounced(client.number):
            self._tell_presence(room)  # nobody is heard before they have come
        room.log.append(time.time(), Kind.SAY, texts, client.number, client.name)
        client.last_own = room.log.end.id
        client.own_ahead += len(texts)
        room.unsent += size
        self.stir(room)

    def notify(self, room: Room, text: str, about: int = SERVER) -> None:
        """A notice to everybody in `room` but the client of the number `about`."""
        room.log.append(time.time(), Kind.NOTICE, [text], about)
        if client := room.clients.get(about):
            client.last_own = room.log.end.id
        room.unsent += len(text)
        self.stir(room)

    def tell(self, client: Client, *texts: str) -> None:
        """A notice of some lines to `client` alone."""
        self.owe(client, encode_notices(texts, client.look))

    def owe(self, client: Client, data: bytes) -> None:
        """Have `data` sent to `client` alone, behind all that it is to get up to now."""
        if not client.lost:
            client.owe(data)
            self.visit(client)

    # Names

    def rename(self, client: Client, name: str) -> None:
        """Give `client` a name that text.as_name has made; raises NameTaken."""
        key = name_key(name)
        if self.names.get(key, client) is not client:
            raise NameTaken(self.free_name(name))
        self.names.pop(name_key(client.name), None)
        self.names[key] = client
        before, client.name = client.name, name
        room = self.room_of(client)
        if client.person and name != before and not room.presence.rename(client.number, name):
            self.notify(room, f"{before} is now {name}", client.number)

    def free_name(self, name: str) -> str:
        """`name`, or one like it, that nobody has."""
        free, tries = name, 1
        stem = nearest_name(name[: MAX_NAME - DIGITS])
        while name_key(free) in self.names:
            tries += 1
            # Somebody may have taken thousands in their order, to make this take long.
            free = f"{stem}{tries if tries < 10 else randrange(10, 10**DIGITS)}"
        return free

    # What the broadcaster is to do

    def stir(self, room: Room) -> None:
        """There is something to send in `room`."""
        self.stirred[room] = None
        self.work.set()

    def visit(self, client: Client) -> None:
        """There is something to send to `client`, or it can take something again."""
        room = self.room_of(client)
        room.visits[client.number] = client
        self.stir(room)

    # Telling who came and went

    def _presence_changed(self, room: Room) -> None:
        """Tell it now, or together with what else happens within a second."""
        delay = room.presence.delay(time.monotonic())
        if delay == 0:
            self._tell_presence(room)
        elif delay is not None and not room.telling_later:
            room.telling_later = True
            gevent.spawn_later(delay, self._tell_presence_later, room)

    def _tell_presence_later(self, room: Room) -> None:
        room.telling_later = False
        self._tell_presence(room)

    def _tell_presence(self, room: Room) -> None:
        for text, about in room.presence.tell(time.monotonic()):
            self.notify(room, text, about)
