"""The hub: all clients and rooms, and what happens between them."""

import logging
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from operator import sub

from gevent.event import Event
from gevent.lock import Semaphore

from gchat.config.settings import Settings
from gchat.hub.bells import Bells
from gchat.hub.client import Client
from gchat.hub.names import Names
from gchat.hub.notices import PresenceNotices
from gchat.hub.password_attempts import PasswordAttempts
from gchat.hub.pending_writes import PendingWrites
from gchat.hub.room import Room
from gchat.hub.rooms import LOBBY, Rooms, TooManyRooms
from gchat.hub.shutdown import Countdown
from gchat.model.buckets import Slots
from gchat.model.identities import Identities
from gchat.model.message import SERVER, Kind, Private
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction, Sanctions
from gchat.protocol.voices import voice_of
from gchat.runtime.faults import Faults
from gchat.runtime.loop import Gate, give_way
from gchat.runtime.watchdog import Watchdog
from gchat.store.history import History

AT_ONCE = 256
"""Clients that are looked at, when something is asked about all, before others get a turn."""

log = logging.getLogger(__name__)


class Hub:
    """The shared dict of clients, which a broadcast goes out to, and the rooms.

    Who changes `clients`, or a room's `clients` or `listeners`, or takes a
    snapshot of one, holds `lock`, and gives it back before anything is sent:
    nobody ever waits for a socket with the lock held.
    """

    def __init__(self, settings: Settings | None = None, history: History | None = None) -> None:
        self.settings = settings or Settings()
        self.history = history or History()
        self.started = time.time()
        self.lock = Semaphore()
        self.clients: dict[int, Client] = {}
        self.rooms = Rooms(self.history.open(LOBBY))
        self.lobby.topic = self.history.topic(LOBBY)
        self.identities = Identities(self.history.identities())
        self.names = Names(self.identities)
        self.bells = Bells(self.names, self.enqueue)
        self.presence_notices = PresenceNotices(self.names, self.notify)
        self.ready_rooms: dict[Room, None] = {}
        """Rooms in which there is something to send, in the order in which they will be served."""
        self.work = Event()
        """Set when there is a room in `stirred`."""
        self.pending_writes = PendingWrites()
        self.opening = Semaphore()
        """Held while what was said in a room is read, to open it."""
        self.command_gate = Gate()
        """Where those wait who ask for more than to say a line."""
        self.arrival_gate = Gate()
        """Where those wait who come or leave: thousands may do so at the same time."""
        self.stats = Stats()
        self.faults = Faults()
        self.watchdog = Watchdog()
        self.slots = Slots()
        """Those that all connections take, also before they are clients."""
        self.bans = Sanctions(self.history.sanctions("ban"))
        """What keeps whoever comes from a network out."""
        self.mutes = Sanctions(self.history.sanctions("mute"))
        """What keeps whoever comes from an address from speaking."""
        self.password_attempts = PasswordAttempts()
        self.operator_attempts = PasswordAttempts()
        """Of their own: who is in, and guesses this one, keeps nobody out."""
        self.shutdown = Countdown(self.notify_all, self.stop)
        self.token_attempts = PasswordAttempts()
        self.resumed: dict[int, Event] = {}
        """The numbers that somebody is about to go on with; set when who has one has parted."""
        self.asked_to_stop = Event()
        """Set when the server is to end."""
        self.goodbye = "the server is going down"
        self._empty = Event()
        self.closing = False
        """The server is about to end: no comings and goings are told any more."""

    @property
    def lobby(self) -> Room:
        """Where everybody arrives."""
        return self.rooms.by_name[LOBBY]

    def room_of(self, client: Client) -> Room:
        """The room that `client` is in, or was in last."""
        return self.rooms.by_name[client.log.room]

    # Coming and going

    def enter(self, client: Client) -> None:
        """`client` is connected. What is said from now on is for it, but kept until it listens."""
        with self.lock:
            self.clients[client.number] = client
            self.room_of(client).clients[client.number] = client
        self.names.arrive(client)
        self.stats.joined += 1
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
            self.presence_notices.tell_soon(room)
        else:
            room.presence.forget()

    def part(self, client: Client, reason: str) -> None:
        """`client` says nothing any more; it is still sent what was said before."""
        room = self.room_of(client)
        with self.lock:
            room.listeners.pop(client.number, None)
            room.clients.pop(client.number)
        client.until = room.log.end
        self.names.release(client)
        self.bells.wanted.discard(client.number)
        log.info("leave %s: %s", client, reason)
        self._has_left(client, room)
        self.visit(client)
        if client.number in self.resumed:
            self.resumed[client.number].set()

    def move(self, client: Client, name: str) -> Room:
        """`client` goes to the room called `name`, which is made if there is none.

        Runs in its own greenlet, and waits until it has got what was said up to now where
        it was. Raises TooManyRooms; it stays where it was then.
        """
        listens = client.until is None
        self.stop_listening(client)
        try:
            room = self.find_or_open(name)
        except TooManyRooms:
            if listens:
                self.listen(client)
            raise
        self.quit_room(client)
        self.enter_room(client, room)
        if listens:
            self.listen(client)
        return room

    def stop_listening(self, client: Client) -> None:
        """Wait, in its own greenlet, until `client` has got what was said up to now."""
        room = self.room_of(client)
        with self.lock:
            room.listeners.pop(client.number, None)
        client.until = client.until or room.log.end
        self.visit(client)
        while not (client.has_heard_all or client.lost):
            client.wait_for_progress()

    def find_or_open(self, name: str) -> Room:
        """Raises TooManyRooms. Waits, if what was said there before has to be read."""
        with self.opening:  # or it might be opened twice, and its ids be given out again
            if room := self.rooms.by_name.get(name):
                return room
            before, topic = self.history.open(name), self.history.topic(name)
            room = self.rooms.open(before, self.clients.values())
            room.topic = topic
            return room

    def quit_room(self, client: Client) -> None:
        """`client`, which does not listen there any more, is about to enter another room."""
        room = self.room_of(client)
        with self.lock:
            room.visits.pop(client.number, None)
            room.clients.pop(client.number)
        self._has_left(client, room)

    def enter_room(
        self, client: Client, room: Room, place: Cursor | None = None, own_ahead: int = 0
    ) -> None:
        """`client`, which is in none, is in `room`; there it does not listen yet.

        It goes on at `place`, as Client.enter has it.
        """
        with self.lock:
            room.clients[client.number] = client
        client.enter(room.log, place, own_ahead)
        if client.person:
            self.announce(client)

    def _has_left(self, client: Client, room: Room) -> None:
        if not room.clients:
            room.empty_since = time.monotonic()
        if client.person and not self.closing:
            room.presence.leave(client.number, client.name)
            self.presence_notices.tell_soon(room)

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

    def mute_of(self, client: Client) -> Sanction | None:
        """What keeps `client` from speaking, on itself or its address; None if nothing does."""
        if client.muted and client.muted.holds(time.time()):
            return client.muted
        return self.mutes.find(client.host, time.time()) if self.mutes else None

    def stop(self, why: str = "") -> None:
        """Ask for the end of the server; everybody will be told `why`, if it is not empty."""
        if why:
            self.goodbye += f": {why}"
        self.asked_to_stop.set()

    def each_client(self) -> Iterator[Client]:
        """All clients that there are, for the greenlet of whoever asks: between some of them
        others have their turn. Who has gone by then is left out.
        """
        with self.lock:
            clients = list(self.clients.values())
        for index, client in enumerate(clients, 1):
            if client.number in self.clients:
                yield client
            if index % AT_ONCE == 0:
                give_way()

    def wait_until_empty(self, timeout: float) -> bool:
        """Wait until the last client is gone; False if that takes over `timeout` seconds."""
        if not self.clients:
            return True
        self._empty.clear()
        return self._empty.wait(timeout)

    # Talking

    def say(self, client: Client, texts: list[str], kind: str = Kind.SAY) -> None:
        """`client` says `texts` to the others in its room."""
        room = self.room_of(client)
        if room.presence.is_unannounced(client.number):
            self.presence_notices.tell(room)  # nobody is heard before they have come
        if client.away:
            client.away = None
            self.confirm(client, "you are no longer away")
        self._append(room, kind, texts, client.number, client.name)
        client.has_said(room.log.said, len(texts))
        self.stats.messages += len(texts)
        room.queue.unsent += sum(map(len, texts)) + len(texts) * len(client.name)
        self.bells.ring_for_mentioned(client, room.log, texts)

    def notify(
        self,
        room: Room,
        text: str,
        about: int = SERVER,
        name: str = "",
        kind: str = Kind.NOTICE,
    ) -> None:
        """A notice to everybody in `room` but the client of the number `about`, called `name`."""
        if kind != Kind.PRESENCE and room.presence.is_unannounced(about):
            self.presence_notices.tell(room)
        self._append(room, kind, [text], about, name)
        if client := room.clients.get(about):
            client.has_said(room.log.said)
        room.queue.unsent += len(text)

    def _append(self, room: Room, kind: str, texts: list[str], sender: int, name: str) -> None:
        # Milliseconds are what programs are told, and what comes back the same from a file.
        room.log.append(round(time.time(), 3), kind, texts, sender, name)
        if self.history.is_kept:
            self.pending_writes.add(room)
        else:
            self.mark_ready(room)

    def notify_all(self, text: str) -> None:
        """A notice to everybody in every room."""
        for room in self.rooms.by_name.values():
            self.notify(room, text)

    def tell(self, client: Client, *texts: str) -> None:
        """A notice of some lines to `client` alone."""
        self.enqueue(client, voice_of(client.display).notices(texts))

    def confirm(self, client: Client, *texts: str) -> None:
        """The same, when it has done what it wanted: in a program's output that is too much."""
        if client.display.notices:
            self.tell(client, *texts)

    def refuse(self, client: Client, why: str) -> None:
        """Tell `client` what was not done, and why."""
        self.enqueue(client, voice_of(client.display).refusal(why))

    def enqueue(self, client: Client, data: bytes, private: Private | None = None) -> None:
        """Have `data` sent to `client` alone, behind all that it is to get up to now.

        `private` is what somebody else sends it.
        """
        if not client.lost:
            client.enqueue(data, private)
            self.visit(client)

    # Names

    def rename(self, client: Client, name: str) -> None:
        """Give `client` a name that text.as_name has made; raises NameTaken and NameReserved."""
        before = client.name
        self.names.take(client, name)
        client.named = time.time()
        room = self.room_of(client)
        if client.person and name != before and not room.presence.rename(client.number, name):
            if room.presence.has_left(name):
                self.presence_notices.tell(room)  # or it would seem to be this one
            self.notify(room, f"{before} is now {name}", client.number, name)

    # What the broadcaster is to do

    def mark_ready(self, room: Room) -> None:
        """There is something to send in `room`."""
        self.ready_rooms[room] = None
        self.work.set()

    def visit(self, client: Client) -> None:
        """There is something to send to `client`, or it can take something again."""
        room = self.room_of(client)
        room.visits[client.number] = client
        self.mark_ready(room)


@dataclass
class Stats:
    """Counted by those who do it: once for a portion, or for a call to send, not for a line."""

    joined: int = 0
    """Clients that came, whether they have left or not."""
    refused: int = 0
    """Newcomers that were turned away."""
    messages: int = 0
    """Lines that clients have said in rooms."""
    bytes_in: int = 0
    """All that clients have sent."""
    deliveries: int = 0
    """Lines said in rooms, each counted for each other client that it has reached, even if that
    one ignores who said it."""
    bytes_out: int = 0
    """All that clients were sent."""

    def __sub__(self, before: "Stats") -> "Stats":
        """What was done since `before`."""
        return Stats(*map(sub, astuple(self), astuple(before)))
