"""delivery.broadcaster against a model: whatever happens, everybody gets all lines, or a gap.

The model of a room is a list of all that was ever said in it; no greenlet switches here,
and sockets take exactly as many bytes as an example says.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.model.display import TELNET
from gchat.model.events import Announced
from gchat.model.message import SERVER, Message
from gchat.model.room_log import RoomLog
from tests.unit.encoding import encode
from tests.unit.peers import Company
from tests.unit.senders import ThreadsOnFakes

CLIENTS = 3
CHOICE = st.integers(0, CLIENTS - 1)

GAP = re.compile(r" \* You missed (?:(\d+) messages?|(some comings and goings)): ")


class ShortSocket:
    """Takes `room` bytes before it is full."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.room = 0
        self.received = b""

    def send(self, data: bytes) -> int:
        if not self.room:
            raise BlockingIOError
        taken = data[: self.room]
        self.room -= len(taken)
        self.received += taken
        return len(taken)

    def fileno(self) -> int:
        return self._descriptor


class Listener:
    """A client, its socket, and what it has to be sent by rights."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.real_socket: Any = client.connection._socket
        self.socket = ShortSocket(client.connection._socket.fileno())
        client.connection._socket = self.socket
        self.owed: list[tuple[int, bytes]] = []
        """What it is owed alone, and the id of the message that it comes behind."""
        self.until: int | None = None

    def make_room(self, size: int) -> None:
        self.socket.room += size


class Check:
    """Goes through what one client received, and compares it with what was said."""

    def __init__(self, messages: list[Message], listener: Listener) -> None:
        self._number = listener.client.number
        self._display = listener.client.display
        until = len(messages) if listener.until is None else listener.until
        self._messages = messages[:until]
        self._owed = list(listener.owed)
        self._cursor = 0
        self._missed: int | None = None
        """What gap notices say since the last line that came; None if there was no such notice."""
        rest = listener.socket.received
        while rest:
            rest = rest[self._next(rest) :]
        self._reach(until + 1)
        assert not self._owed, "it was not sent what it is owed"

    def _next(self, rest: bytes) -> int:
        """Take the next line, or what is owed, off the front of `rest`; returns its length."""
        if self._owed and rest.startswith(self._owed[0][1]):
            after, data = self._owed.pop(0)
            if self._missed is None:
                self._reach(after + 1)
                self._cursor = max(self._cursor, after)
            return len(data)
        end = rest.index(b"\n") + 1
        if found := GAP.match(rest[:end].decode()):
            self._missed = (self._missed or 0) + int(found[1] or 0)
            return end
        for message in self._messages[self._cursor :]:
            if message.sender != self._number and rest[:end] == encode(message, self._display):
                self._reach(message.id)
                assert not self._owed or self._owed[0][0] >= message.id, "an answer is late"
                self._cursor = message.id
                return end
        raise AssertionError(f"{rest[:end]!r} is repeated, out of order, its own, or after its end")

    def _reach(self, id_: int) -> None:
        """All before message `id_` must have come, or be what gap notices count."""
        passed = self._messages[self._cursor : id_ - 1]
        missing = [message for message in passed if message.sender != self._number]
        if self._missed is None:
            assert not missing, f"{missing[0]} has been left out"
        else:
            spoken = sum(message.is_spoken for message in missing)
            assert self._missed == spoken, "it missed another number of messages"
            notices = [message for message in passed if not message.is_spoken]
            assert missing or notices, "it was told of a gap and missed nothing"
            self._missed = None


class RoomAndListeners(RuleBasedStateMachine):
    """People talk, listen, read slowly, ask and leave, in any order."""

    kind: Callable[[], Sender] = LoopSender

    def __init__(self) -> None:
        super().__init__()
        self.limits = ExitStack()
        self.limits.enter_context(patch("gchat.delivery.batches.MAX_MESSAGES", 4))
        self.limits.enter_context(patch("gchat.delivery.batch.MAX_BYTES", 60))
        self.company = Company(RoomLog("lobby", max_messages=16), broadcasting=False)
        self.hub, self.room = self.company.hub, self.company.room
        self.sender = self.kind()
        self.broadcaster = Broadcaster(self.hub, self.sender)
        self.messages: list[Message] = []
        self.answers = 0
        self.listeners = [Listener(self.company.join().client) for _ in range(CLIENTS)]
        self.listeners[0].client.display = TELNET

    def present(self, choice: int) -> Listener | None:
        """The listener of that number, if it has not left."""
        listener = self.listeners[choice]
        return listener if listener.until is None else None

    def note(self) -> None:
        """Take down what was appended to the log since the last time."""
        count = self.room.log.end.id - len(self.messages)
        self.messages += self.room.log.after(len(self.messages), count)

    @rule(choice=CHOICE, count=st.integers(1, 12), width=st.sampled_from([0, 5, 40]))
    def say(self, choice: int, count: int, width: int) -> None:
        if listener := self.present(choice):
            first = len(self.messages) + 1
            texts = [f"{number:0{width}}" for number in range(first, first + count)]
            self.hub.say(listener.client, texts)
            self.note()

    @rule(about=st.one_of(st.none(), CHOICE))
    def notify(self, about: int | None) -> None:
        number = SERVER if about is None else self.listeners[about].client.number
        self.hub.notify(self.room, Announced("op", f"notice {len(self.messages)}"), number)
        self.note()

    @rule(choice=CHOICE, lines=st.integers(1, 3))
    def tell(self, choice: int, lines: int) -> None:
        listener = self.listeners[choice]
        self.answers += 1
        text = "".join(f" * answer {self.answers}.{line}\n" for line in range(lines))
        data = text.replace("\n", listener.client.display.end).encode()
        self.hub.enqueue(listener.client, data)
        after = self.room.log.end.id if listener.until is None else listener.until
        listener.owed.append((after, data))

    @rule(choice=CHOICE, size=st.integers(1, 150))
    def read(self, choice: int, size: int) -> None:
        listener = self.listeners[choice]
        listener.make_room(size)
        if listener.client.connection.blocked:
            listener.client.connection._unblock(self.hub.visit, listener.client)

    @rule(rounds=st.integers(1, 3))
    def broadcast(self, rounds: int) -> None:
        for _ in range(rounds):
            if self.hub.ready_rooms:
                self.broadcaster._serve(self.room)

    @precondition(lambda self: any(listener.until is None for listener in self.listeners[1:]))
    @rule(choice=st.integers(1, CLIENTS - 1))
    def leave(self, choice: int) -> None:
        if listener := self.present(choice):
            membership.part(self.hub, listener.client, "test")
            listener.until = self.room.log.end.id

    def teardown(self) -> None:
        try:
            for listener in self.listeners:
                self.read(self.listeners.index(listener), 2**30)
            while self.hub.ready_rooms:
                self.broadcaster._serve(self.room)
            for listener in self.listeners:
                assert not listener.client.lost
                Check(self.messages, listener)
                if listener.until is None:
                    assert listener.client.own_ahead == 0
                else:
                    assert listener.client.settled
        finally:
            self.limits.close()
            self.sender.close()
            for listener in self.listeners:
                listener.client.connection._socket = listener.real_socket
            self.company.__exit__(None, None, None)


TestRoomAndListeners = RoomAndListeners.TestCase
TestRoomAndListeners.settings = settings(deadline=None, max_examples=150, stateful_step_count=40)


class RoomAndListenersWithThreads(RoomAndListeners):
    """They do the same, and threads send."""

    kind = ThreadsOnFakes


TestWithThreads = RoomAndListenersWithThreads.TestCase
TestWithThreads.settings = settings(deadline=None, max_examples=75, stateful_step_count=40)
