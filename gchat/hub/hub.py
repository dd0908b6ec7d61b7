"""The hub: all clients and rooms, and what happens between them."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import gevent
from gevent.event import Event
from gevent.lock import Semaphore

from gchat.config.settings import Settings
from gchat.hub.bells import Bells
from gchat.hub.client import Client
from gchat.hub.elsewhere import Elsewhere
from gchat.hub.mail import Mail
from gchat.hub.names import Names
from gchat.hub.notices import PresenceNotices
from gchat.hub.password_attempts import PasswordAttempts
from gchat.hub.pending_writes import PendingWrites
from gchat.hub.questions import Questions
from gchat.hub.room import Pending, Room
from gchat.hub.rooms import LOBBY, Rooms
from gchat.hub.seat import Seat
from gchat.hub.seats import Seats
from gchat.hub.sent import Marked, SentLines
from gchat.hub.shutdown import Shutdown
from gchat.hub.stats import Stats
from gchat.model.answers import Answer, AwayMessage
from gchat.model.buckets import Buckets, Slots
from gchat.model.epochs import Place
from gchat.model.events import ABOUT_PRESENCE, RoomEvent, encode
from gchat.model.identities import Identities
from gchat.model.message import SERVER, SPOKEN, Kind, Private, Utterance
from gchat.model.sanctions import Sanction, Sanctions
from gchat.protocol.sentences import sentence_of
from gchat.protocol.voices import Voice, voice_of
from gchat.runtime.clock import Clock
from gchat.runtime.faults import Faults
from gchat.runtime.gate import FairGate
from gchat.runtime.loop import Locks, give_way
from gchat.runtime.watchdog import Watchdog
from gchat.store.base import Batch
from gchat.store.history import History
from gchat.store.memory import MemoryStore

AT_ONCE = 256
"""Clients that are looked at, when something is asked about all, before others get a turn."""

log = logging.getLogger(__name__)


class Speaker(NamedTuple):
    """In whose name something is said."""

    number: int
    name: str
    network: str = ""
    """Where it comes from, where what a network may do is counted."""


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
        self.directory.reserve = self.settings.reserve
        self.archive = self.store.archive
        self.clock = Clock()
        self.lock = Semaphore()
        self.clients: dict[int, Client] = {}
        self.rooms = Rooms(self.history.open(LOBBY), self.store.owes, self.store.is_kept)
        self.lobby.topic = self.directory.topic(LOBBY)
        self.identities = Identities(self.directory.identities())
        self.elsewhere = Elsewhere()
        """Clients of other servers that share the store."""
        self.questions = Questions()
        """What these servers were asked, and have not answered."""
        self.names = Names(self.identities, self.elsewhere)
        self.mail = Mail(self.directory.first_private)
        self.bells = Bells(self.names, self.enqueue)
        self.presence_notices = PresenceNotices(self.names, self.notify)
        self.ready_rooms: dict[Room, None] = {}
        """Rooms in which there is something to send, in the order in which they will be served."""
        self.touched: set[int] = set()
        """Numbers of clients that were sent something one by one, since that was last noted."""
        self.work = Event()
        """Set when there is a room in `ready_rooms`."""
        self.pending_writes = PendingWrites()
        self.sent = SentLines()
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
        self.sender = "loop"
        """How those who listen are sent to, and why not in a faster way, for operators."""
        self.send_threads = 0
        """How many native threads send to them besides the event loop's."""
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

    def room_of(self, seat: Seat) -> Room:
        """The room that `seat` is in, or was in last; a client is its own seat."""
        return self.rooms.by_name[seat.log.room]

    def count_in(self, room: Room) -> int:
        """How many clients are in `room`, here and at other servers."""
        return len(room.clients) + len(self.elsewhere.people(room.name))

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

    @contextmanager
    def searching(self, client: Client) -> Iterator[None]:
        """Wait until it is the turn of `client` to search the history file, and search within.

        What it takes within counts as time of the client's in that gate, and in no other.
        """
        owner, gate = client.owner, self.search_gate
        with (
            self.command_gate.paused(owner),
            gate.hold(owner, first=client.operator),
            gate.measured(owner),
        ):
            yield

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

    def say(
        self,
        client: Client,
        texts: list[str],
        kind: str = Kind.SAY,
        speaker: Speaker | None = None,
    ) -> None:
        """`client` says `texts` to the others in the room in which it is at work.

        As `speaker`, whom its token stands for, if it has shown one for these alone.
        """
        by = speaker or client
        room = self.room_of(client.at)
        if room.presence.is_unannounced(client.number):
            self.presence_notices.tell_of(room, client.number)  # nobody is heard before they come
        if client.away:
            client.away = None
            self.confirm(client, "You are no longer away", facts=AwayMessage(None))
        self._append(room, kind, texts, by.number, by.name, client)
        self.stats.messages += len(texts)
        room.queue.unsent += sum(map(len, texts)) + len(texts) * len(by.name)

    def notify(self, room: Room, event: RoomEvent, about: int = SERVER, name: str = "") -> None:
        """Tell everybody in `room` but the client of the number `about`, called `name`."""
        if event.kind not in ABOUT_PRESENCE and room.presence.is_unannounced(about):
            self.presence_notices.tell_of(room, about)
        text = encode(event)
        self._append(room, event.kind, [text], about, name, room.clients.get(about))
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
        # Not if somebody else acts, who mutes it, say; nor in another of its rooms.
        acts = client is not None and client.greenlet is gevent.getcurrent()
        is_here = client is not None and client.at.log is room.log
        marked = client.marked if client is not None and acts and is_here else None
        ref = marked.ref if marked and kind in SPOKEN else None
        # Milliseconds are what programs are told, and what comes back the same from a file.
        utterance = Utterance(round(time.time(), 3), kind, texts, sender, name, ref)
        if not self.store.places_at_once:
            pending = self.pending_writes.add(room, utterance, client)
            if marked:
                self._note_marked(room, marked, utterance, pending)
            return
        log = room.log
        batch = Batch(room.name, log.epoch, log.end, log.latest, (utterance,))
        (placed,) = self.store.append((batch,))
        log.insert(placed.runs)
        if client is not None:
            if seat := client.seat_in(room.name):
                seat.has_said(log.end.id, len(texts) if kind in SPOKEN else 0)
            self.ring(room, utterance)
        if marked:
            self._note_marked(room, marked, utterance, Place(log.end.id, log.epoch))
        self.mark_ready(room)

    def _note_marked(
        self, room: Room, marked: Marked, utterance: Utterance, place: Place | Pending
    ) -> None:
        """A request with a ref has had this said, or told, at this place in `room`."""
        marked.place = place
        if utterance.ref is not None:
            sender, ref, texts = utterance.sender, utterance.ref, utterance.texts
            self.sent.note(sender, ref, texts[0], room.name, place)

    def ring(self, room: Room, utterance: Utterance) -> None:
        """Ring for the clients that are mentioned in `utterance`, behind it."""
        if utterance.kind in SPOKEN:
            self.bells.ring_for_mentioned(room.log, utterance)

    def report(self, text: str) -> None:
        """Have the log and all operators told of what they have to know at once. Does not wait."""
        log.error("%s", text)
        gevent.spawn(self._tell_operators, text)

    def _tell_operators(self, text: str) -> None:
        for client in self.each_client():
            if client.operator:
                self.tell(client, text)

    def notify_all(self, event: RoomEvent) -> None:
        """Tell everybody in every room of this server."""
        if self.store.is_shared:  # else clients of other servers would be told as well
            self.tell_all_here(event)
            return
        for room in self.rooms.by_name.values():
            self.notify(room, event)

    def tell_all_here(self, event: RoomEvent) -> None:
        """Tell all clients of this server, each by itself. Does not wait."""
        gevent.spawn(self._tell_each, sentence_of(event, ""), event)

    def _tell_each(self, text: str, event: RoomEvent) -> None:
        for client in self.each_client():
            self.tell(client, text, event=event)

    def tell(self, seat: Seat, *texts: str, event: RoomEvent | None = None) -> None:
        """A notice to the client of `seat` alone, unasked: that `event` has happened to it, say."""
        self.enqueue(seat, voice_of(seat.display).notices(texts, event))

    def voice_for(self, seat: Seat) -> Voice:
        """The voice in which a client is answered what it has just asked for, with its ref."""
        voice, marked = voice_of(seat.display), seat.client.marked
        return voice.answering(marked.ref) if marked else voice

    def answer(self, seat: Seat, *texts: str, facts: Answer | None = None) -> None:
        """Answer what a client has just asked for: `texts` for people, `facts` for programs."""
        if data := self.voice_for(seat).answer(texts, facts):
            self.enqueue(seat, data)

    def confirm(self, seat: Seat, *texts: str, facts: Answer | None = None) -> None:
        """Answer that something was done; not to a program that has not asked for notices."""
        if seat.display.notices:
            self.answer(seat, *texts, facts=facts)

    def refuse(self, seat: Seat, why: str, reason: str) -> None:
        """Tell the client of `seat` what was not done, and why."""
        self.enqueue(seat, voice_of(seat.display).refusal(why, reason))

    def enqueue(self, seat: Seat, data: bytes, private: Private | None = None) -> None:
        """Have `data` sent to the client of `seat` alone, behind all that it is to get up to now.

        If `seat` is the client itself, that means the room which its present request is for.
        `private` is what somebody else sends it.
        """
        self.owe(seat if private else seat.at, data, private)

    def owe(self, seat: Seat, data: bytes, private: Private | None = None) -> None:
        """Have `data` sent to the client of `seat` alone, behind what it is to get of that room."""
        if not seat.lost:
            seat.enqueue(data, private)
            self.visit(seat)

    # What the broadcaster is to do

    def mark_ready(self, room: Room) -> None:
        """There is something to send in `room`."""
        self.ready_rooms[room] = None
        self.work.set()

    def visit(self, seat: Seat) -> None:
        """There is something to send to `seat`, or it can take something again."""
        room = self.room_of(seat)
        room.visits[seat.number] = seat
        self.mark_ready(room)

    def go_on(self, client: Client) -> None:
        """The connection of `client` takes something again: it is the turn of one of its seats."""
        seats: Seats | None = client.connection.seats
        seat = client if seats is None else seats.next
        if seat is not None and not client.connection.blocked:
            self.visit(seat)
