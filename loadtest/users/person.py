"""Somebody who is in the chat during the whole run: joins, receives, says, leaves."""

import random
import time
from collections.abc import Iterable
from itertools import count as numbers_from
from typing import Any, ClassVar

import gevent
from client import ChatClient
from gevent.event import Event
from latency import DELIVERY, kind_of
from locust.env import Environment
from receipts import Message, Receipts

from users.booking import Booking, process

WELCOME = " * Welcome"
"""What the server's first line to somebody who says nothing at first begins with."""

LOBBY = "lobby"
"""The room that everybody is in at first."""

JOIN_SECONDS = 60.0
"""How long a user waits for its welcome: ten thousand others may be joining as well."""

REPLY_SECONDS = 30.0
"""How long it waits for the answer to a command."""

LEAVE_SECONDS = 2.0
"""How long a user that leaves waits for the server to end the connection."""


class Person(Booking):
    """Somebody in the chat. What they do there is for the subclass to say, in tasks.

    When a task runs, everybody has joined. What the others say is received, counted and
    booked in a greenlet of its own.
    """

    abstract = True
    buffer = 0
    """Bytes that the kernel keeps for it; 0: as usual."""
    slow = False
    """Whether it reads so slowly that it may be told that it has missed messages."""
    passing = False
    """Whether it comes and goes: then the run may end while it is about to join."""
    patience = JOIN_SECONDS
    """Seconds that it waits for its welcome."""
    numbers: ClassVar = numbers_from()

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        rooms = self.options.rooms
        self.home = f"load-{next(self.numbers) % rooms}" if rooms else LOBBY
        self.stay: Receipts | None = None
        self._name = process.new_name(type(self).__name__)
        self._stays = 0
        self._due = 0.0
        self._awaited = WELCOME
        self._answered = False
        self._woken = Event()
        self._leaving = False
        self._notice = "it said nothing"
        self._client: ChatClient | None = None
        self._receiver: Any = None

    def on_start(self) -> None:
        """Join, and wait for the others. Raises OSError, or ValueError for a host that is none."""
        began = time.monotonic_ns()
        try:
            self.join()
        except OSError as error:
            self.book("WELCOME", began, time.monotonic_ns(), 0, error)
            raise
        else:
            self.book("WELCOME", began, time.monotonic_ns(), 0, None)
        finally:
            process.user_is_ready()
        process.talking.wait()
        self._due = time.monotonic()

    def join(self) -> None:
        """Come in, and go to the room where it belongs. Raises OSError if it can't."""
        self.stay = self._new_stay(self.home)
        self.stay.awaited = not self.passing
        self._expect(WELCOME)
        try:
            self._connect()
            self._wait(self.patience)
            if self.home != LOBBY:
                self.command(f"/join {self.home}", f" * You are in #{self.home}")
        except OSError:
            self.stay.awaited = True
            self.leave()
            raise
        self.stay.join(time.monotonic_ns())

    def _connect(self) -> None:
        """Connect, and receive what comes from then on. Raises OSError."""
        self._leaving = False
        self._client = self.connect(self.buffer)
        self._receiver = gevent.spawn(self._receive, self._client)

    def on_stop(self) -> None:
        """Leave politely: what was said last reaches the others."""
        self.leave()

    def leave(self, patience: float = LEAVE_SECONDS) -> bool:
        """End the input, and wait until the server has ended the connection.

        False if it has not in `patience` seconds.
        """
        self._go()
        if not self._client:
            return True
        self._client.end_input()
        self._receiver.join(patience)
        ended: bool = self._receiver.dead
        self._receiver.kill()
        self._client.close()
        self._client = None
        return ended

    def break_off(self, *, reset: bool) -> None:
        """Close the connection, whatever is under way; `reset`: so that the server sees it."""
        self._go()
        if self._client:
            self._receiver.kill()
            self._client.reset() if reset else self._client.close()
            self._client = None

    def command(self, line: str, answer: str) -> None:
        """Give a command, and wait for a line that starts with `answer`; raises OSError."""
        if not self._client:
            raise ConnectionError("not connected")
        self._expect(answer)
        self._client.say(line)
        self._wait(REPLY_SECONDS)

    def settle(self) -> None:
        """Wait until the server has taken all that was said; raises OSError."""
        # Any answer will do, and this one is like no other line.
        self.command("/settled", " * Unknown command /settled")

    def move(self, room: str) -> None:
        """Go to `room`, and begin to count anew there; raises OSError."""
        if self.stay:
            self.stay.leave()
        self.command(f"/join {room}", f" * You are in #{room}")
        self.stay = self._new_stay(room)
        self.stay.join(time.monotonic_ns())

    def _new_stay(self, room: str) -> Receipts:
        self._stays += 1
        name = f"{self._name}/{self._stays}@{room}"
        return process.new_stay(name, slow=self.slow, passing=self.passing)

    def _go(self) -> None:
        self._leaving = True
        if self.stay:
            self.stay.leave()

    def pause(self, seconds: float) -> float:
        """How long to wait until the next line is due, `seconds` on average: for `wait_time`.

        What has taken too long is not waited for again: lines are due when they are, be the
        server, or locust, behind or not.
        """
        self._due += random.uniform(seconds / 2, seconds * 1.5)
        return max(0.0, self._due - time.monotonic())

    def say(self, *, due: bool = True) -> None:
        """Say one line, and book it as SEND: the time until the kernel has taken it.

        Its delivery is counted from when it was due (see `pause`), or from now if it never was.
        Nothing is said any more when the run is coming to its end.
        """
        if not process.talking.is_set() or not self._client or not self.stay:
            return
        began = time.monotonic_ns()
        sent = process.sent_by(self.stay.name)
        sent.append(began)
        message = Message(
            self.stay.name, len(sent), min(began, int(self._due * 1e9)) if due else began
        )
        size, error = 0, None
        try:
            size = self._client.say(self._line(message))
        except BaseException as caught:  # also when locust stops this user meanwhile
            sent.pop()  # nobody can say whether it has been sent
            if not isinstance(caught, OSError):
                raise
            error = caught
        self.book("SEND", began, time.monotonic_ns(), size, error)

    def _line(self, message: Message) -> str:
        """What is sent to say `message`."""
        return message.text()

    def receive(self, client: ChatClient) -> list[str] | None:
        """The next lines, if any; None at the end of the connection. Raises OSError."""
        return client.receive()

    def _receive(self, client: ChatClient) -> None:
        """Take what comes, to the end of the connection."""
        end = "the server ended the connection"
        try:
            while (lines := self.receive(client)) is not None:
                self._take(lines, time.monotonic_ns())
        except OSError as caught:
            end = str(caught)
        self._woken.set()
        if self.stay and self.stay.joined and not self._leaving:
            process.closed.append(f"{self.stay.name} was closed: {end} ({self._notice.strip()})")
            self._go()

    def _take(self, lines: Iterable[str], now: int) -> None:
        """Count `lines`, which came at `now`, and book the messages among them."""
        assert self.stay
        for line in lines:
            if not self._count(self.stay, line, now):
                self._hear(line)

    def _count(self, stay: Receipts, line: str, now: int) -> bool:
        """Count `line`, and book it if it is a message; False if it is none."""
        message = stay.take(line)
        if message and not self.slow and process.is_to_be_booked(now):
            self.book(DELIVERY, message.due, now, len(line), None, kind_of(message.sender))
        return message is not None

    def _hear(self, line: str) -> None:
        """Look whether `line`, which is no message, is what is waited for."""
        if line.startswith(self._awaited):
            self._answered = True
            self._woken.set()
        else:
            self._notice = line

    def _expect(self, answer: str) -> None:
        self._awaited, self._answered = answer, False
        self._woken.clear()

    def _wait(self, seconds: float) -> None:
        self._woken.wait(seconds)
        if not self._answered:
            raise ConnectionError(f"no answer like {self._awaited!r}: {self._notice}")
