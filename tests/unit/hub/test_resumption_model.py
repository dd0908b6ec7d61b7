"""Clients that resume against a model: whatever happens, nothing is lost, and nothing comes twice.

They talk, whisper, move, change how lines look, acknowledge as much as an example says, break off,
are displaced, come back with and without the id of what they have; the server is restarted and
killed. tests/checker judges what each of them was shown.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from typing import Any
from unittest.mock import patch

import gevent
from gevent.event import Event
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gchat.commands import Refused
from gchat.commands.talk import msg
from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.sender import send_to_all
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed
from gchat.hub.connection import Connection
from gchat.hub.last_seen import LastSeen
from gchat.hub.resumption import give_token, leave, resume
from gchat.jobs.checkpointer import Checkpointer
from gchat.model.display import PLAIN, Display
from tests.checker.histories import Witness, lines_of
from tests.unit.peers import Company, connect, within_deadline
from tests.unit.resuming.bounds import SMALL
from tests.unit.resuming.disk import Disk, DiskStore
from tests.unit.resuming.judging import room_faults
from tests.unit.resuming.user import User, Wire

NAMES = ["ann", "bob", "cy"]
ROOMS = ["lobby", "one"]
DISPLAYS = [PLAIN, Display(json=True), Display(time=True), PLAIN._replace(presence=False)]
CHOICE = st.integers(0, len(NAMES) - 1)
SIZES = st.sampled_from([1, 20, 150, 600, 10_000])
PLENTY = 10**9


class Resuming(RuleBasedStateMachine):
    """Users talk, read, break off and come back, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        ticking = {"send_to_all": self.send_to_all, "perf_counter": count().__next__}
        for where, what in (*SMALL, ("gchat.delivery.rounds", ticking)):
            self.patches.enter_context(patch.multiple(where, **what))
        self.disk = Disk()
        self.numbers = count(1)
        self.knowing_ids = set[int]()
        """Users that have said once what they have: their clients know ids."""
        self.strangers = {room: Witness() for room in ROOMS}
        """Those who have said something before they resumed."""
        self.pace = 20
        """Slices that are served after each step."""
        self.interruption: Callable[[], None] | None = None
        """What happens while the next call is on its way that sends to a cohort."""
        self.start()
        self.users = [User(name, self.disk) for name in NAMES]
        for user in self.users:
            client = self.connect(user)
            user.connect(client, is_back=True)
            self.hub.rename(client, user.name)
            give_token(self.hub, client)
            user.token, user.number = client.token, client.number
            membership.listen(self.hub, client)
        self.checkpoint()

    # The server

    def start(self) -> None:
        self.company = Company(store=DiskStore(self.disk), broadcasting=False)
        self.hub = self.company.hub
        self.broadcaster = Broadcaster(self.hub)
        self.company.start(self.broadcaster.backfill.run)
        self.checkpointer = Checkpointer(self.hub)

    def connect(self, user: User) -> Client:
        """Connect once more; the client does not listen yet."""
        connection, peer = connect()
        self.company.peers.append(peer)
        user.wire = Wire(connection._socket)
        user.wire.room = PLENTY
        connection._socket = user.wire
        ready, made = Event(), list[Client]()
        self.company.start(self.live, connection, made, ready)
        ready.wait()
        peer.client = made[0]
        return made[0]

    def live(self, connection: Connection, made: list[Client], ready: Event) -> None:
        """Do what a session does, but for reading."""
        number = self.disk.number()
        made.append(Client(number, connection, f"127.0.0.1:{40000 + number}", self.hub.lobby.log))
        made[0].display = PLAIN
        membership.enter(self.hub, made[0])
        ready.set()
        try:
            Event().wait()
        except Dismissed:
            membership.part(self.hub, made[0], "dismissed")

    def remove(self, client: Client) -> None:
        """Do what a session does at its end."""
        if client.number in self.hub.room_of(client).clients:
            membership.part(self.hub, client, "it has left")
        leave(self.hub, client)
        if client.number in self.hub.clients:
            membership.remove(self.hub, client)
        client.connection.lost = client.lost or "closed"

    def run_until(self, greenlet: Any) -> None:
        """Have everything done that `greenlet` waits for."""
        with within_deadline("it is done"):
            while not greenlet.ready():
                self.serve(1)
                gevent.sleep(0)
        greenlet.get()

    def serve(self, slices: int) -> None:
        for _ in range(slices):
            if self.hub.ready_rooms:
                self.broadcaster._serve(next(iter(self.hub.ready_rooms)))

    def settle(self) -> None:
        """Serve until nothing is left to do."""
        with within_deadline("all is sent"):
            quiet = 0
            while quiet < 10:
                quiet = 0 if self.hub.ready_rooms else quiet + 1
                self.serve(4)
                gevent.sleep(0)

    def send_to_all(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """Send as the broadcaster does, and have something happen meanwhile."""
        interruption, self.interruption = self.interruption, None
        if interruption:
            interruption()
        return send_to_all(data, connections)

    # What happens

    @rule(choice=CHOICE, texts=st.integers(1, 12), width=st.sampled_from([0, 10, 60]))
    def say(self, choice: int, texts: int, width: int) -> None:
        user = self.users[choice]
        if user.client and not user.client.lost:
            names = [f"m{next(self.numbers)}" for _ in range(texts)]
            user.visit.witness.sent += names
            self.hub.say(user.client, [f"{name} {'x' * width}" for name in names])

    @rule(choice=CHOICE, to=CHOICE)
    def whisper(self, choice: int, to: int) -> None:
        sender, other = self.users[choice].client, self.users[to]
        if sender and not sender.lost and choice != to:
            text = f"p{next(self.numbers)}"
            with suppress(Refused):
                msg(self.hub, sender, other.name, text)
                other.expected.append(text.encode())

    @rule(choice=CHOICE, other=CHOICE, display=st.sampled_from(DISPLAYS))
    def interrupt(self, choice: int, other: int, display: Display) -> None:
        """Have a member want to leave its cohort while the cohort is sent to."""

        def interruption() -> None:
            self.change_display(choice, display)
            self.whisper(choice, other)

        self.interruption = interruption

    @rule(choice=CHOICE, display=st.sampled_from(DISPLAYS))
    def change_display(self, choice: int, display: Display) -> None:
        if client := self.users[choice].client:
            client.display = display

    @rule(choice=CHOICE, size=SIZES)
    def narrow(self, choice: int, size: int) -> None:
        self.users[choice].wire.room = size

    @rule(choice=CHOICE, size=SIZES)
    def take(self, choice: int, size: int) -> None:
        """Have the socket take so many bytes more."""
        user = self.users[choice]
        user.wire.room += size
        if user.client and user.client.connection.blocked:
            user.client.connection.blocked = False
            self.hub.visit(user.client)

    @rule(choice=CHOICE, size=SIZES)
    def acknowledge(self, choice: int, size: int) -> None:
        self.users[choice].wire.acknowledge(size)

    @rule(pace=st.sampled_from([0, 1, 4, 20]))
    def change_pace(self, pace: int) -> None:
        self.pace = pace

    @rule(choice=CHOICE, room=st.sampled_from(ROOMS))
    def move(self, choice: int, room: str) -> None:
        user = self.users[choice]
        if user.client and not user.client.lost and user.client.log.room != room:
            self.take(choice, PLENTY)
            moving = gevent.spawn(self.has_moved, user.client, room)
            self.run_until(moving)
            if moving.get():
                user.wire.acknowledge(PLENTY)
                user.look()
                user.enter(room)

    def has_moved(self, client: Client, room: str) -> bool:
        with suppress(Dismissed):  # its connection is broken
            membership.move(self.hub, client, room)
            return True
        return False

    @rule(choice=CHOICE)
    def reset(self, choice: int) -> None:
        user = self.users[choice]
        if user.client:
            user.look()
            user.wire.broken = True

    @rule(choice=CHOICE)
    def go(self, choice: int) -> None:
        """End the connection; what has not arrived by now does not."""
        user = self.users[choice]
        if user.client:
            user.look()
            self.remove(user.client)
            user.client, user.wire.broken = None, True

    @rule(
        choice=CHOICE,
        knows_id=st.booleans(),
        back=st.integers(0, 12),
        listens=st.booleans(),
        says=st.booleans(),
        meanwhile=st.integers(0, 3),
    )
    def come_back(
        self, choice: int, knows_id: bool, back: int, listens: bool, says: bool, meanwhile: int
    ) -> None:
        """Resume, also while the other connection is still there."""
        user = self.users[choice]
        identity = self.hub.identities.of(user.number)
        assert identity
        user.look()
        displaced = user.client
        client = self.connect(user)
        if listens:
            membership.listen(self.hub, client)
            self.serve(2)
        if says:
            self.say_as_stranger(user, client)
        seen = self.claim(user, back) if knows_id else None
        greenlet = gevent.spawn(resume, self.hub, client, identity, user.token, seen)
        for _ in range(meanwhile):
            gevent.sleep(0)
            self.say((choice + 1) % len(NAMES), 1, 0)
            self.serve(1)
        self.run_until(greenlet)
        user.connect(client, is_back=False)
        if not listens:
            membership.listen(self.hub, client)
        if displaced:
            self.remove(displaced)
        assert client.number == user.number
        assert client.log.room == user.visit.room

    def say_as_stranger(self, user: User, client: Client) -> None:
        name = f"m{next(self.numbers)}"
        self.strangers["lobby"].sent.append(name)
        if user.visit.room == "lobby":
            user.visit.witness.sent.append(name)
        self.hub.say(client, [name])

    def claim(self, user: User, back: int) -> LastSeen | None:
        """Say that the last line it has is one of the last that its kernel has acknowledged."""
        lines = lines_of(user.visit.witness.shown)
        if not lines:
            return None
        self.knowing_ids.add(NAMES.index(user.name))
        last = lines[max(0, len(lines) - 1 - back)].id
        user.visit.forget_behind(last)
        return LastSeen(last)

    @rule()
    def checkpoint(self) -> None:
        self.checkpointer.update()
        self.checkpointer.write()

    @rule()
    def restart(self) -> None:
        for user in self.users:
            self.go(NAMES.index(user.name))
        self.checkpointer.write()
        self.company.__exit__(None, None, None)
        self.start()

    @rule()
    def kill(self) -> None:
        """Kill the server: what came since the last checkpoint may come again.

        The place that a client has said may not have been saved: it says so again.
        """
        for user in self.users:
            user.look()
            user.client, user.wire.broken = None, True
            saved = self.disk.identities[user.number]
            if saved.room == user.visit.room:
                user.visit.forget_behind(saved.place.id)
            else:  # the move was not saved
                user.enter(saved.room)
            kept = [private.text.encode() for private in self.disk.privates[user.number]]
            user.expected = [*user.privates, *(each for each in kept if each in user.expected)]
        self.company.__exit__(None, None, None)
        self.start()
        for choice in self.knowing_ids:
            self.come_back(choice, knows_id=True, back=0, listens=False, says=False, meanwhile=0)

    @invariant()
    def all_look(self) -> None:
        self.serve(self.pace)
        gevent.sleep(0)
        for user in self.users:
            if user.client:
                user.look()

    def teardown(self) -> None:
        try:
            for choice, user in enumerate(self.users):
                if not user.client or user.client.lost or user.wire.broken:
                    self.come_back(choice, False, 0, True, False, 0)
            for choice in range(len(self.users)):
                self.take(choice, PLENTY)
            self.settle()
            for user in self.users:
                user.wire.acknowledge(PLENTY)
                user.look()
                user.visit.witness.reads_to_the_end = True
                assert user.privates == user.expected, f"direct messages of {user.name}"
            for room in ROOMS:
                found = room_faults(room, self.users, self.strangers[room], self.disk)
                assert not found, f"#{room}: {found}"
        finally:
            self.company.__exit__(None, None, None)
            self.patches.close()


TestResuming = Resuming.TestCase
TestResuming.settings = settings(deadline=None, max_examples=200, stateful_step_count=40)
