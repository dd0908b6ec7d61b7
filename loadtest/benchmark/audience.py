"""All clients of a server in one thread, under one epoll, which count what they receive.

What arrives is not looked at, and not even copied: the kernel counts it, and throws it away. A
delivery is so many bytes, which is found out beforehand (see `Audience.measure_line`).
"""

import select
import socket
import time
from array import array
from collections.abc import Callable, Iterator

from benchmark.member import Broken, Entrance, Member, ended
from benchmark.protocols import Dialect

PATIENCE = 180.0
"""Seconds that anything awaited may take."""

PROBE = 0.25
"""Seconds in which a line reaches everybody, if all are there: then it is said again."""

ATTEMPTS = 3
"""At finding out how many bytes a delivery is."""

QUIET = 0.3
"""Seconds without any arrival after which all that was under way has arrived."""

PORTION = 1 << 20
"""Bytes that are taken of one client at a time, at the most."""

EVENTS = 4096
"""Clients that are looked at in one call."""


class Disturbed(Broken):
    """Something else may have come between, or the server is wrong."""


class Audience:
    """Clients of the server at `port` of 127.0.0.1, which speak `dialect`, of one `kind`.

    `received` counts the bytes of each, by its descriptor, and `total` those of all.
    """

    def __init__(self, port: int, dialect: Dialect, kind: type[Member] = Member) -> None:
        self._address = ("127.0.0.1", port)
        self._dialect = dialect
        self._kind = kind
        self._epoll = select.epoll()
        self._buffer = bytearray(PORTION)
        self._receive: dict[int, Callable[[], int]] = {}
        self._by_descriptor: dict[int, Member] = {}
        self.members: list[Member] = []
        self.received = array("q")
        self.total = 0
        self.line_bytes = 0
        """Of one delivery."""

    def close(self) -> None:
        """All leave."""
        for member in self.members:
            member.connection.close()
        self._epoll.close()

    # Coming

    def enter(self, count: int, rooms: int, at_once: int) -> None:
        """`count` clients come, in turn into so many rooms; `at_once` are on their way in.

        Raises Broken and TimeoutError.
        """
        entering: dict[int, Entrance] = {}
        epoll = select.epoll()
        first = len(self.members)
        deadline = time.monotonic() + PATIENCE
        while len(self.members) < first + count or entering:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(entering)} of {count} clients are not let in")
            while len(self.members) < first + count and len(entering) < at_once:
                member = self._connect(len(self.members) % rooms)
                entrance = Entrance(member, self._dialect.enter(member.index, member.room))
                if entrance.begin():
                    self._listen(member)
                else:
                    entering[member.descriptor] = entrance
                    epoll.register(member.descriptor, select.EPOLLIN)
            self.poll(0)
            for descriptor, _ in epoll.poll(0.01) if entering else ():
                if entering[descriptor].go_on():
                    epoll.unregister(descriptor)
                    self._listen(entering.pop(descriptor).member)
        epoll.close()

    @property
    def echoes(self) -> bool:
        """Whether clients are sent their own lines as well."""
        return self._dialect.echoes

    def stall(self, count: int) -> None:
        """`count` clients come that never read, so they must have nothing to wait for."""
        for _ in range(count):
            member = self._connect(0)
            (step,) = self._dialect.enter(member.index, 0)
            member.send(step.send)

    def _connect(self, room: int) -> Member:
        connection = socket.socket()
        connection.connect(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setblocking(False)
        member = self._kind(connection, len(self.members), room)
        self.members.append(member)
        return member

    def _listen(self, member: Member) -> None:
        descriptor = member.descriptor
        self.received.extend([0] * (descriptor + 1 - len(self.received)))
        self._receive[descriptor] = member.receiver(self._buffer)
        self._by_descriptor[descriptor] = member
        self._epoll.register(descriptor, select.EPOLLIN)

    # Listening

    @property
    def listeners(self) -> list[Member]:
        """Those who read."""
        return list(self._by_descriptor.values())

    def poll(self, timeout: float) -> None:
        """Count what has arrived; wait for it at most `timeout` seconds. Raises Broken."""
        for _, _ in self.arrivals(timeout):
            pass

    def arrivals(self, timeout: float) -> Iterator[tuple[int, int]]:
        """The same; yields whose they are, by descriptor, and how many bytes."""
        receive, received = self._receive, self.received
        for descriptor, events in self._epoll.poll(timeout, EVENTS):
            if events & select.EPOLLOUT and not self._by_descriptor[descriptor].send(b""):
                self._epoll.modify(descriptor, select.EPOLLIN)
            if events & ~select.EPOLLOUT:
                try:
                    size = receive[descriptor]()
                except BlockingIOError:
                    continue
                except ConnectionError as error:
                    raise Broken(ended(error)) from error
                if not size:
                    raise Broken(ended())
                received[descriptor] += size
                self.total += size
                yield descriptor, size

    def until(self, condition: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        """Listen until `condition` holds. Raises TimeoutError, which says `what` was awaited."""
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"in {patience:g} s it did not come to this: {what}")
            self.poll(0.02)

    def until_quiet(self, seconds: float = QUIET) -> None:
        """Listen until nothing has come for so long."""
        deadline = time.monotonic() + PATIENCE
        last, since = self.total, time.monotonic()
        while time.monotonic() - since < seconds:
            self.poll(0.02)
            if self.total != last:
                last, since = self.total, time.monotonic()
            if since > deadline:
                raise TimeoutError("the server never ceases to send")

    # Talking

    def say(self, member: Member, first: int, count: int) -> None:
        """`count` lines of `member`, numbered from `first`, as soon as its socket takes them."""
        lines = [self._dialect.say(member.index, member.room, first + n) for n in range(count)]
        if member.send(b"".join(lines)):
            self._epoll.modify(member.descriptor, select.EPOLLIN | select.EPOLLOUT)

    def probe(self, speaker: Member) -> bool:
        """Whether a line of `speaker` reaches everybody in its room, within PROBE seconds."""
        others = [
            member
            for member in self._by_descriptor.values()
            if member.room == speaker.room and member is not speaker
        ]
        before = {member.descriptor: self.received[member.descriptor] for member in others}
        missing = set(before)

        def reached_all() -> bool:
            missing.difference_update(
                [each for each in missing if self.received[each] > before[each]]
            )
            return not missing

        self.say(speaker, 0, 1)
        try:
            self.until(reached_all, "a line reaches everybody", PROBE)
        except TimeoutError:
            return False
        return True

    def measure_line(self, speakers: list[Member]) -> None:
        """Find out how many bytes a delivery is. Raises Broken if that is not always the same.

        Something else may come meanwhile, as NATS asks newcomers for a sign of life: it is
        measured again then.
        """
        for attempts_left in range(ATTEMPTS - 1, -1, -1):
            try:
                self._measure_line(speakers)
                return
            except Disturbed:
                if not attempts_left:
                    raise

    def _measure_line(self, speakers: list[Member]) -> None:
        sizes = set[int]()
        for speaker in speakers:
            self.until_quiet(0.1)
            before = self.received[:]
            self.say(speaker, 0, 1)
            self.until(lambda b=before: self.received != b, "a line arrives")  # type: ignore[misc]
            self.until_quiet(0.1)
            for member in self._by_descriptor.values():
                if member.room == speaker.room and (self.echoes or member is not speaker):
                    sizes.add(self.received[member.descriptor] - before[member.descriptor])
                elif self.received[member.descriptor] != before[member.descriptor]:
                    raise Disturbed("a line has reached who should not get it")
        if len(sizes) != 1:
            raise Disturbed(f"a line is not always as long at those who get it: {sorted(sizes)}")
        (self.line_bytes,) = sizes
