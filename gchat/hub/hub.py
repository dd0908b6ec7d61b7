"""The hub: all clients and rooms, and what happens between them."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from operator import sub

import gevent
from gevent.event import Event
from gevent.lock import Semaphore

from gchat.config.settings import Settings
from gchat.hub.bells import Bells
from gchat.hub.client import Client
from gchat.hub.names import Names
from gchat.hub.notices import PresenceNotices
from gchat.hub.password_attempts import PasswordAttempts
from gchat.hub.pending_writes import PendingWrites
from gchat.hub.room import Pending, Room
from gchat.hub.rooms import LOBBY, Rooms
from gchat.hub.shutdown import Shutdown
from gchat.model.buckets import Buckets, Slots
from gchat.model.identities import Identities
from gchat.model.message import SERVER, SPOKEN, Kind, Private, Utterance
from gchat.model.sanctions import Sanction, Sanctions
from gchat.protocol.json_lines import with_ref
from gchat.protocol.voices import voice_of
from gchat.runtime.clock import Clock
from gchat.runtime.faults import Faults
from gchat.runtime.gate import FairGate
from gchat.runtime.loop import Locks, give_way
from gchat.runtime.watchdog import Watchdog
from gchat.store.base import Batch, Placed
from gchat.store.history import History
from gchat.store.memory import MemoryStore

AT_ONCE = 256
"""Clients that are looked at, when something is asked about all, before others get a turn."""

log = logging.getLogger(__name__)


class Hub:
    """The shared dict of clients, which a broadcast goes out to, and the rooms.

    Who changes `clients`, or a room's `clients`, or takes a snapshot of one, holds
    `lock`, and gives it back before anything is sent: nobody ever waits for a socket
    with the lock held. Which of them a room's cohorts have, and which its `listeners`,
    changes within one step, in which nothing else runs.
    """

    def __init__(self, settings: Settings | None = None, history: History | None = None) -> None:
        self.settings = settings or Settings()
        self.history = history or History(MemoryStore())
        self.store = self.history.store
        """What outlasts the process, in three parts: the rooms' logs, and the next two."""
        self.store.report = self.report
        self.directory = self.store.directory
        self.archive = self.store.archive
        self.clock = Clock()
        self.lock = Semaphore()
        self.clients: dict[int, Client] = {}
        self.rooms = Rooms(self.history.open(LOBBY), self.store.owes)
        self.lobby.topic = self.directory.topic(LOBBY)
        self.identities = Identities(self.directory.identities())
        self.names = Names(self.identities)
        self.bells = Bells(self.names, self.enqueue)
        self.presence_notices = PresenceNotices(self.names, self.notify)
        self.ready_rooms: dict[Room, None] = {}
        """Rooms in which there is something to send, in the order in which they will be served."""
        self.touched: set[int] = set()
        """Numbers of clients that were sent something one by one, since that was last noted."""
        self.work = Event()
        """Set when there is a room in `stirred`."""
        self.pending_writes = PendingWrites()
        self.opening = Locks()
        """By the names of rooms: held while what was said in one is read, to open it."""
        self.command_gate = FairGate()
        """Where clients wait for commands. It measures what each client takes."""
        self.search_gate = FairGate()
        """Held while the history file is searched: one search at a time, so that nobody waits for
        more than one before the own."""
        self.arrival_gate = FairGate()
        """Where clients wait that come or leave: thousands may do so at the same time."""
        self.stats = Stats()
        self.faults = Faults()
        self.watchdog = Watchdog()
        self.slots = Slots()
        """Those that all connections take, also before they are clients."""
        self.bans = Sanctions(self.directory.sanctions("ban"))
        """What keeps whoever comes from a network out."""
        self.mutes = Sanctions(self.directory.sanctions("mute"))
        """What keeps whoever comes from an address from speaking."""
        self.password_attempts = PasswordAttempts()
        self.operator_attempts = PasswordAttempts()
        """Of their own: who is in, and guesses this one, keeps nobody out."""
        self.shutdown = Shutdown(self.notify_all)
        self.token_attempts = PasswordAttempts()
        self.displacements = Buckets()
        """How often connections were ended by others with their token, by number."""
        self.resumed: dict[int, Event] = {}
        """The numbers that somebody is about to go on with; set when who has one has parted."""
        self.emptied = Event()
        """Set when the last client is gone."""

    @property
    def lobby(self) -> Room:
        """Where everybody arrives."""
        return self.rooms.by_name[LOBBY]

    def room_of(self, client: Client) -> Room:
        """The room that `client` is in, or was in last."""
        return self.rooms.by_name[client.log.room]

    def mute_of(self, client: Client) -> Sanction | None:
        """What keeps `client` from speaking, on itself or its address; None if nothing does."""
        if client.muted and client.muted.holds(self.clock.steady()):
            return client.muted
        return self.mutes.find(client.host, self.clock.steady()) if self.mutes else None

    def next_turn(self, client: Client) -> None:
        """Give way in the middle of a command of `client`, until it is its turn to go on.

        Waits also until it has read its answers, which costs it nothing.
        """
        with self.command_gate.paused(client.owner):
            client.wait_until_answers_are_read()
            self.command_gate.pass_through(client.owner, first=client.operator)

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

    # Talking

    def say(self, client: Client, texts: list[str], kind: str = Kind.SAY) -> None:
        """`client` says `texts` to the others in its room."""
        room = self.room_of(client)
        if room.presence.is_unannounced(client.number):
            self.presence_notices.tell(room)  # nobody is heard before they have come
        if client.away:
            client.away = None
            self.confirm(client, "You are no longer away")
        self._append(room, kind, texts, client.number, client.name, client)
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
        self._append(room, kind, [text], about, name, room.clients.get(about))
        room.queue.unsent += len(text)

    def _append(
        self,
        room: Room,
        kind: str,
        texts: list[str],
        sender: int,
        name: str,
        client: Client | None,
    ) -> None:
        # Milliseconds are what programs are told, and what comes back the same from a file.
        utterance = Utterance(round(time.time(), 3), kind, texts, sender, name)
        if not self.store.places_at_once:
            self.pending_writes.add(room, utterance, client)
            return
        log = room.log
        (placed,) = self.store.append((Batch(room.name, log.end, log.latest, (utterance,)),))
        log.insert(placed.entries)
        if client is not None:
            client.has_said(log.end.id, len(texts) if kind in SPOKEN else 0)
        self.mark_ready(room)

    def insert(self, room: Room, pending: Sequence[Pending], placed: Placed) -> None:
        """Have `room` see what was pending there first, now that the store has placed it."""
        room.log.insert(placed.others)
        last = room.log.end.id
        room.log.insert(placed.entries)
        for each in pending:
            room.pending.popleft()
            last += len(each.utterance.texts)
            try:
                self._count_as_own(room, each, last)
            except Exception:  # a mistake of ours: the others' lines have their places all the same
                self.faults.report("cannot settle what was said in #%s", room.name)
        self.mark_ready(room)

    def _count_as_own(self, room: Room, pending: Pending, last: int) -> None:
        """Have whoever has said what was pending not be sent it, wherever they are by now.

        `last` is the id that the last of it has been given.
        """
        count = len(pending.utterance.texts) if pending.utterance.kind in SPOKEN else 0
        sender, by = pending.utterance.sender, pending.client
        client = self.clients.get(sender)
        if by is not None:
            if by.pending is pending:
                by.pending = None
            if self.clients.get(by.number) is by:
                for ref in pending.refs:
                    self.enqueue(by, with_ref("ok", ref, id=last))
                if client is None and by.former == sender:  # by now it goes on as another one
                    client = by
        if client is not None:
            if client.log is room.log:
                client.has_said(last, count)
        elif (identity := self.identities.of(sender)) and identity.room == room.name:
            identity.own_ahead += count
            self.identities.moved[sender] = identity

    def report(self, text: str) -> None:
        """Have the log and all operators told of what they have to know at once. Does not wait."""
        log.error("%s", text)
        gevent.spawn(self._tell_operators, text)

    def _tell_operators(self, text: str) -> None:
        for client in self.each_client():
            if client.operator:
                self.tell(client, text)

    def notify_all(self, text: str) -> None:
        """A notice to everybody in every room."""
        for room in self.rooms.by_name.values():
            self.notify(room, text)

    def tell(self, client: Client, *texts: str) -> None:
        """A notice of some lines to `client` alone."""
        self.enqueue(client, voice_of(client.display).notices(texts))

    def confirm(self, client: Client, *texts: str) -> None:
        """Tell `client` that something was done; not a program that has not asked for notices."""
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
        client.named = time.monotonic()
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
