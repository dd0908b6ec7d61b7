r"""Bytes in, events out: lines, lines that are too long, what is telnet's own.

A line ends with `\n`, `\r\n`, `\r\0` or a lone `\r`, however the bytes are cut
into packets, so a `\r` ends its line at once and what belongs to it is skipped
when it comes.
"""

from collections.abc import Sequence
from typing import NamedTuple

from gchat.protocol.telnet import IAC, Telnet, TelnetCommands


class Lines(NamedTuple):
    """One line or more, without their ends; none is empty."""

    lines: list[bytes]


class TooLong(NamedTuple):
    """Lines over the limit came; nothing of them is kept."""

    number: int


Event = Lines | TooLong | TelnetCommands


class LineFramer:
    """Cuts what one client sends into lines.

    Holds at most `max_line` bytes between calls, and a telnet command of which the end is still
    to come.
    """

    __slots__ = ("_after_return", "_pending", "_skipping", "_telnet", "max_line", "spoken")

    def __init__(self, max_line: int) -> None:
        self.max_line = max_line
        """Bytes in a line, without its end."""
        self.spoken = False
        """The client has sent a byte that was not telnet's."""
        self._pending: bytes | bytearray = b""
        self._skipping = False
        self._after_return = False
        self._telnet: Telnet | None = None  # most clients never send a byte of it

    def feed(self, data: bytes) -> Sequence[Event]:
        """Take in `data`; returns what has come with it, in order.

        Telnet's commands come first, all together, wherever they stood.
        """
        events: list[Event] = []
        if IAC in data or (self._telnet and self._telnet.has_begun):
            data, commands = self._take_out_telnet(data)
            if commands:
                events.append(commands)
        if data and (b"\r" in data or self._after_return):
            data = self._unify_line_ends(data)
        if not data:
            return events
        self.spoken = True
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = b"".join((self._pending, lines[0]))
            self._pending = b""
            if self._skipping:
                self._skipping = False
                lines[0] = b""
            if len(lines[0]) > self.max_line or len(data) > self.max_line:
                self._sort(lines, events)
            elif lines := [line for line in lines if line]:
                events.append(Lines(lines))
        if self._keep(rest):
            events.append(TooLong(1))
        return events

    @property
    def telnet(self) -> bool:
        """The client has sent a telnet command, so it understands them."""
        return self._telnet is not None and self._telnet.active

    @property
    def echoes(self) -> bool:
        """The client's telnet was told to show nothing that is typed (`hide_typing`)."""
        return self._telnet is not None and self._telnet.echoes

    def hide_typing(self, hidden: bool) -> bytes:
        """What makes the client's telnet show nothing that is typed, or show it again."""
        if self._telnet is None:
            self._telnet = Telnet()
        return self._telnet.hide_typing(hidden)

    @property
    def has_begun(self) -> bool:
        """A line has begun and not ended yet."""
        return bool(self._pending) or self._skipping

    def end(self) -> Sequence[Event]:
        """No more will come: the line that was begun and not ended, if there is one."""
        events: list[Event] = []
        if self._telnet and self._keep(self._telnet.end()):
            events.append(TooLong(1))
        rest = bytes(self._pending)
        self._pending = b""
        if rest:
            events.append(Lines([rest]))
        return events

    def _sort(self, lines: list[bytes], events: list[Event]) -> None:
        """Add `lines` to `events`, those that are too long as such."""
        fitting: list[bytes] = []
        too_long = 0
        for line in lines:
            if len(line) > self.max_line:
                if fitting:
                    events.append(Lines(fitting))
                    fitting = []
                too_long += 1
            elif line:
                if too_long:
                    events.append(TooLong(too_long))
                    too_long = 0
                fitting.append(line)
        if too_long:
            events.append(TooLong(too_long))
        if fitting:
            events.append(Lines(fitting))

    def _keep(self, rest: bytes) -> bool:
        """Keep the beginning of a line; returns whether the line has just become too long."""
        if not rest or self._skipping:
            return False
        if len(self._pending) + len(rest) > self.max_line:
            self._skipping = True
            self._pending = b""
            return True
        if not self._pending:
            self._pending = rest
        else:  # a bytearray grows in place, however small the pieces are
            if isinstance(self._pending, bytes):
                self._pending = bytearray(self._pending)
            self._pending += rest
        return False

    def _unify_line_ends(self, data: bytes) -> bytes:
        if self._after_return and data[0] in b"\n\0":
            data = data[1:]
        self._after_return = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

    def _take_out_telnet(self, data: bytes) -> tuple[bytes, TelnetCommands | None]:
        if self._telnet is None:
            self._telnet = Telnet()
        before = b"\r" if self._after_return else b"." if self.has_begun else b"\n"
        return self._telnet.take_out(data, before if self.spoken else b"")


def lines_in(events: Sequence[Event]) -> list[bytes]:
    """All lines among `events`."""
    return [line for event in events if isinstance(event, Lines) for line in event.lines]
