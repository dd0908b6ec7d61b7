"""Clients that resume against a model: whatever happens, nothing is lost, and nothing comes twice.

They talk, whisper, move, change how lines look, acknowledge as much as an example says, break off,
are displaced, come back with and without the id of what they have, and with and without TLS; the
server is restarted and killed. tests/checker judges what each of them was shown.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from shutil import which
from unittest.mock import patch

import gevent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gchat.commands import Refused
from gchat.commands.talk import msg
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub import membership
from gchat.hub.checkpoint import give_token
from gchat.hub.client import Client, Dismissed
from gchat.hub.connection import Connection
from gchat.hub.hub import Hub
from gchat.hub.naming import rename
from gchat.hub.resumption import resume
from gchat.model.display import PLAIN, Display
from gchat.model.epochs import Place
from tests.checker.histories import Witness, lines_of
from tests.unit.resuming.bounds import SMALL
from tests.unit.resuming.disk import Disk
from tests.unit.resuming.judging import room_faults
from tests.unit.resuming.stage import Stage
from tests.unit.resuming.tls_wire import TlsWire
from tests.unit.resuming.user import PLENTY, User, Wire
from tests.unit.senders import ThreadsOnFakes

NAMES = ["ann", "bob", "cy"]
ROOMS = ["lobby", "one"]
DISPLAYS = [PLAIN, Display(json=True), Display(time=True), PLAIN._replace(presence=False)]
CHOICE = st.integers(0, len(NAMES) - 1)
SIZES = st.sampled_from([1, 20, 150, 600, 10_000])


class Resuming(RuleBasedStateMachine):
    """Users talk, read, break off and come back, in any order."""

    kind: Callable[[], Sender] = LoopSender

    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        ticking = ("gchat.delivery.rounds", {"perf_counter": count().__next__})
        interrupted = ("gchat.delivery.broadcaster", {"LoopSender": lambda: self})
        for where, what in (*SMALL, ticking, interrupted):
            self.patches.enter_context(patch.multiple(where, **what))
        self.sender = self.kind()
        self.patches.callback(self.sender.close)
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
        self.stage = Stage(self.disk)
        self.users = [User(name, self.disk) for name in NAMES]
        for user in self.users:
            client, wire = self.stage.connect(PLAIN)
            user.connect(client, wire, is_back=True)
            rename(self.hub, client, user.name)
            give_token(self.hub, client)
            user.token, user.number = client.token, client.number
            membership.listen(self.hub, client)
        self.checkpoint()

    @property
    def hub(self) -> Hub:
        return self.stage.hub

    def send(self, data: bytes, connections: Sequence[Connection]) -> list[int]:
        """Send to a cohort, and have something happen meanwhile."""
        interruption, self.interruption = self.interruption, None
        if interruption:
            interruption()
        return self.sender.send(data, connections)

    @property
    def at_a_time(self) -> int:
        return self.sender.at_a_time

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
        if user.client:
            self.stage.take(user.client, user.wire, size)

    @rule(choice=CHOICE, size=SIZES)
    def acknowledge(self, choice: int, size: int) -> None:
        self.users[choice].wire.acknowledge(size)

    @rule(pace=st.sampled_from([0, 1, 4, 20]))
    def change_pace(self, pace: int) -> None:
        self.pace = pace

    @rule(choice=CHOICE, room=st.sampled_from(ROOMS), arrives=SIZES)
    def move(self, choice: int, room: str, arrives: int) -> None:
        """Go to another room, which waits until all was sent of the one before."""
        user = self.users[choice]
        if user.client and not user.client.lost and user.client.log.room != room:
            self.take(choice, PLENTY)
            before = user.client.log
            if self.stage.wait_for(self.has_moved, user.client, room):
                user.leave(before.end.id)
                user.enter(room, user.client.entered.id)
                user.wire.acknowledge(arrives)
                user.look()

    @rule(
        choice=CHOICE, room=st.sampled_from(ROOMS), at_once=SIZES, later=SIZES, kill=st.booleans()
    )
    def move_and_break_off(
        self, choice: int, room: str, at_once: int, later: int, kill: bool
    ) -> None:
        """Leave a room of which not all has arrived, and come back on another connection."""
        for other, user in enumerate(self.users):
            if other != choice and user.visit.room == self.users[choice].visit.room:
                self.say(other, 3, 10)
        self.stage.serve(8)
        self.move(choice, room, at_once)
        self.checkpoint()
        self.acknowledge(choice, later)
        if kill:
            self.checkpoint()
            self.kill()
        else:
            self.go(choice)
        self.come_back(choice, knows_id=False, back=0, listens=True, says=False, meanwhile=0)

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
            self.stage.remove(user.client)
            user.client, user.wire.broken = None, True

    @rule(
        choice=CHOICE,
        knows_id=st.booleans(),
        back=st.integers(0, 12),
        listens=st.booleans(),
        says=st.booleans(),
        meanwhile=st.integers(0, 3),
        inside=st.booleans() if which("openssl") else st.just(False),
    )
    def come_back(
        self,
        choice: int,
        knows_id: bool,
        back: int,
        listens: bool,
        says: bool,
        meanwhile: int,
        inside: bool = False,
    ) -> None:
        """Resume, also while the other connection is still there."""
        user = self.users[choice]
        identity = self.hub.identities.of(user.number)
        assert identity
        user.look()
        displaced = user.client
        client, wire = self.stage.connect(PLAIN, TlsWire if inside else Wire)
        if listens:
            membership.listen(self.hub, client)
            self.stage.serve(2)
        if says:
            self.say_as_stranger(user, client)
        claimed = self.claim(user, back) if knows_id else None
        seen = {"": claimed} if claimed else {}
        greenlet = gevent.spawn(resume, self.hub, client, identity, user.token, seen)
        for _ in range(meanwhile):
            gevent.sleep(0)
            self.say((choice + 1) % len(NAMES), 1, 0)
            self.stage.serve(1)
        self.stage.wait_for_greenlet(greenlet)
        user.connect(client, wire, is_back=False)
        if not listens:
            membership.listen(self.hub, client)
        if displaced:
            self.stage.remove(displaced)
        assert client.number == user.number
        assert client.log.room == user.visit.room

    @rule(choice=CHOICE, texts=st.integers(2, 12), size=SIZES, inside=st.booleans())
    def hang(self, choice: int, texts: int, size: int, inside: bool) -> None:
        """Break off when of some lines a part has arrived, and come back."""
        self.say((choice + 1) % len(NAMES), texts, 10)
        self.stage.serve(20)
        self.acknowledge(choice, size)
        self.go(choice)
        self.come_back(choice, False, 0, True, False, 0, inside and bool(which("openssl")))

    def say_as_stranger(self, user: User, client: Client) -> None:
        name = f"m{next(self.numbers)}"
        self.strangers["lobby"].sent.append(name)
        if user.visit.room == "lobby":
            user.visit.witness.sent.append(name)
        self.hub.say(client, [name])

    def claim(self, user: User, back: int) -> Place | None:
        """Say that the last line it has is one of the last that its kernel has acknowledged."""
        lines = lines_of(user.visit.witness.shown)
        if not lines:
            return None
        self.knowing_ids.add(NAMES.index(user.name))
        last = lines[max(0, len(lines) - 1 - back)].id
        user.visit.forget_behind(last)
        return Place(last)

    @rule()
    def checkpoint(self) -> None:
        for user in self.users:
            if user.client:
                user.look()
        self.stage.checkpointer.update()
        self.write()

    def write(self) -> None:
        self.stage.checkpointer.write()
        for user in self.users:
            user.note()

    @rule()
    def restart(self) -> None:
        for user in self.users:
            self.go(NAMES.index(user.name))
        self.write()
        self.stage.end()
        self.stage.start()

    @rule()
    def kill(self) -> None:
        """Kill the server: what came since the last checkpoint comes again.

        Direct messages that were sent since then, and not written as their recipient was away, do
        not come any more. The place that a client has said may not have been saved: it says so
        again.
        """
        for user in self.users:
            user.look()
            user.client, user.wire.broken = None, True
            user.go_back(self.disk.identities[user.number])
            user.forget_since_noted({private.text for _, private in self.disk.privates.values()})
        self.stage.end()
        self.stage.start()
        for choice in self.knowing_ids:
            self.come_back(choice, knows_id=True, back=0, listens=False, says=False, meanwhile=0)

    @invariant()
    def all_look(self) -> None:
        self.stage.serve(self.pace)
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
            self.stage.settle()
            for user in self.users:
                user.wire.acknowledge(PLENTY)
                user.look()
                user.visit.witness.reads_to_the_end = True
                assert user.privates == user.expected, f"direct messages of {user.name}"
                for visit in user.visits:
                    assert not user.not_shown(visit), f"#{visit.room}, which {user.name} had left"
            for room in ROOMS:
                found = room_faults(room, self.users, self.strangers[room], self.disk)
                assert not found, f"#{room}: {found}"
        finally:
            self.stage.end()
            self.patches.close()


TestResuming = Resuming.TestCase
TestResuming.settings = settings(deadline=None, max_examples=200, stateful_step_count=40)


class ResumingWithThreads(Resuming):
    """Users do the same, and threads send."""

    kind = ThreadsOnFakes


TestWithThreads = ResumingWithThreads.TestCase
TestWithThreads.settings = settings(deadline=None, max_examples=100, stateful_step_count=40)
