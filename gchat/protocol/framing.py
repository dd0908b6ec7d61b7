r"""Bytes in, lines out: line ends, the length limit, and what is telnet's own.

A line ends with `\n`, `\r\n`, `\r\0` or a lone `\r`, however the bytes are cut
into packets, so a `\r` ends its line at once and what belongs to it is skipped
when it comes. Telnet's commands (RFC 854, 855) are taken out and answered: every
option is declined, and so is the timing mark that a telnet client sends with
Ctrl-C and waits for before it shows anything again.
"""

IAC = 0xFF
ECHO = 0x01
NOP, INTERRUPT, ARE_YOU_THERE, GO_AHEAD = 0xF1, 0xF4, 0xF6, 0xF9
SUBNEGOTIATION, WILL, WONT, DO, DONT = 0xFA, 0xFB, 0xFC, 0xFD, 0xFE
END_OF_SUBNEGOTIATION = b"\xff\xf0"

LAST_OPTION = 49
"""The highest option that terminals offer (IANA's registry goes on at 138)."""

MAX_SUBNEGOTIATION = 512
"""Bytes that a client may send between SB and SE; the longest in use (environment
variables, RFC 1572) are shorter, and nobody was asked for them."""


class LineFramer:
    """Cuts what one client sends into lines.

    Holds at most `max_line` bytes between calls, and a telnet command of which
    the end is still to come. The fields tell what else was seen; whoever has
    dealt with `refused`, `asked`, `commands`, `interrupted` and `replies` resets them.
    """

    __slots__ = (
        "_after_return",
        "_command",
        "_pending",
        "_skipping",
        "asked",
        "commands",
        "echoes",
        "interrupted",
        "max_line",
        "refused",
        "replies",
        "spoken",
        "telnet",
    )

    def __init__(self, max_line: int) -> None:
        self.telnet = False
        """It has sent a telnet command, so it understands them."""
        self.echoes = False
        """We have told its telnet that we do the echoing (RFC 857), so it shows nothing typed."""
        self.spoken = False
        """It has sent a byte that was not telnet's."""
        self.interrupted = False
        """Telnet's Ctrl-C was pressed."""
        self.asked = False
        """Telnet's "are you there" was sent; anything that can be seen will do as an answer."""
        self.commands = 0
        """Telnet commands, of whatever kind."""
        self.refused = 0
        """Lines that were longer than `max_line` bytes and are gone."""
        self.replies = b""
        """What telnet expects as an answer."""
        self.max_line = max_line
        """Bytes in a line, without its end."""
        self._pending: bytes | bytearray = b""
        self._skipping = False
        self._after_return = False
        self._command = b""  # the beginning of a command that is not complete yet

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without their ends; empty ones are left out."""
        if IAC in data or self._command:
            data = self._take_out_telnet(data)
        if data and (b"\r" in data or self._after_return):
            data = self._unify_line_ends(data)
        if not data:
            return []
        self.spoken = True
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = b"".join((self._pending, lines[0]))
            self._pending = b""
            if self._skipping:
                self._skipping = False
                lines[0] = b""
            if len(lines[0]) > self.max_line or len(data) > self.max_line:
                lines = [line for line in lines if self._fits(line)]
        self._keep(rest)
        return [line for line in lines if line]

    def hide_typing(self, hidden: bool) -> bytes:
        """What makes its telnet show nothing that is typed, or show it again."""
        self.echoes = hidden
        return bytes((IAC, WILL if hidden else WONT, ECHO))

    @property
    def has_begun(self) -> bool:
        """A line has begun and not ended yet."""
        return bool(self._pending) or self._skipping

    def end(self) -> list[bytes]:
        """No more will come: the line that was begun and not ended, if there is one."""
        if not self.telnet:
            self._keep(self._command)  # it looked like the beginning of a command
        self._command = b""
        rest = bytes(self._pending)
        self._pending = b""
        return [rest] if rest else []

    def _fits(self, line: bytes) -> bool:
        if len(line) <= self.max_line:
            return True
        self.refused += 1
        return False

    def _keep(self, rest: bytes) -> None:
        if not rest or self._skipping:
            return
        if len(self._pending) + len(rest) > self.max_line:
            self.refused += 1
            self._skipping = True
            self._pending = b""
        elif not self._pending:
            self._pending = rest
        else:  # a bytearray grows in place, however small the pieces are
            if isinstance(self._pending, bytes):
                self._pending = bytearray(self._pending)
            self._pending += rest

    def _unify_line_ends(self, data: bytes) -> bytes:
        if self._after_return and data[0] in b"\n\0":
            data = data[1:]
        self._after_return = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r\0", b"\n").replace(b"\r", b"\n")

    def _take_out_telnet(self, data: bytes) -> bytes:
        data = self._command + data
        self._command = b""
        text = bytearray()
        done = 0
        while (at := data.find(IAC, done)) >= 0:
            text += data[done:at]
            length = self._command_length(data, at)
            if length is None:
                self._command = data[at:]
                return bytes(text)
            done = at + length
            if length == 1:
                text.append(IAC)
            else:
                self._obey(data[at:done], text)
        return bytes(text + data[done:])

    def _command_length(self, data: bytes, at: int) -> int | None:
        """Bytes of the command at `at`; 1 if that byte is text; None if its end is not here yet."""
        if at + 1 == len(data):
            return None
        command = data[at + 1]
        if NOP <= command <= GO_AHEAD:
            return 2
        if WILL <= command <= DONT:
            if at + 2 == len(data):
                return None
            return 3 if self.telnet or _is_first_offer(command, data[at + 2]) else 1
        # Telnet doubles a 255 that is meant as text, and begins with an offer before it
        # comes to details. From anybody else the same bytes are text.
        if command == IAC and self.telnet:
            return 2
        if command == SUBNEGOTIATION and self.telnet:
            limit = at + 2 + MAX_SUBNEGOTIATION
            end = data.find(END_OF_SUBNEGOTIATION, at + 2, limit)
            if end >= 0:
                return end + len(END_OF_SUBNEGOTIATION) - at
            return None if len(data) < limit else 1
        return 1

    def _obey(self, command: bytes, text: bytearray) -> None:
        self.telnet = True
        self.commands += 1
        which = command[1]
        if which == IAC:
            text.append(IAC)
        elif which == WILL:
            self.replies += bytes((IAC, DONT, command[2]))
        elif which == DO and not (self.echoes and command[2] == ECHO):  # that agrees with us
            self.replies += bytes((IAC, WONT, command[2]))
        elif which == INTERRUPT:
            self.interrupted = True
        elif which == ARE_YOU_THERE:
            self.asked = True


def _is_first_offer(command: int, option: int) -> bool:
    """Whether telnet may begin like this. Binary data may, too (`FF FE` begins UTF-16), so not
    everything that telnet allows is taken for it: a refusal is not what one begins with."""
    return command in (WILL, DO) and option <= LAST_OPTION
