"""Telnet's own bytes (RFC 854, 855): taken out of what a client sends, and answered.

Every option is declined, and so is the timing mark that a telnet client sends with Ctrl-C and
waits for before it shows anything again. Bytes are only taken for telnet's where they can't be
somebody's binary data or Latin-1.
"""

from typing import NamedTuple

IAC = 0xFF
ECHO = 0x01
NOP, INTERRUPT, ARE_YOU_THERE, GO_AHEAD = 0xF1, 0xF4, 0xF6, 0xF9
ALONE = bytes((NOP, ARE_YOU_THERE))
"""Commands that a telnet sends by themselves: while it is idle, and to ask for a sign of life."""

SUBNEGOTIATION, WILL, WONT, DO, DONT = 0xFA, 0xFB, 0xFC, 0xFD, 0xFE
END = 0xF0

LAST_OPTION = 49
"""The highest option that terminals offer (IANA's registry goes on at 138)."""

GAME_OPTIONS = frozenset((69, 70, 85, 86, 87, 90, 91, 93, 102, 200, 201))
"""Options of clients of games, in no registry: MSDP, MSSP, MCCP 1 to 3, MSP, MXP, ZMP, Aardwolf,
ATCP and GMCP. They are taken for offers as the first bytes of a connection alone: `FF FD C9` are
letters in Latin-1."""

MAX_SUBNEGOTIATION = 512
"""Bytes that a client may send between SB and SE; the longest in use (environment
variables, RFC 1572) are shorter, and nobody was asked for them."""


class TelnetCommands(NamedTuple):
    """Telnet commands came, of whatever kind."""

    number: int
    reply: bytes
    """What the other side expects as an answer; may be empty."""
    interrupted: bool
    """Ctrl-C was pressed."""
    asked: bool
    """"Are you there" was sent; anything that can be seen will do as an answer."""


class Telnet:
    """Takes the commands of one client out of its bytes.

    Holds a command of which the end is still to come, MAX_SUBNEGOTIATION bytes at most.
    """

    __slots__ = ("_asked", "_count", "_interrupted", "_partial", "_reply", "active", "echoes")

    def __init__(self) -> None:
        self.active = False
        """The client has sent a telnet command, so it understands them."""
        self.echoes = False
        """We have told it that we do the echoing (RFC 857), so it shows nothing that is typed."""
        self._partial = b""
        self._begin()

    def _begin(self) -> None:
        self._count = 0
        self._reply = b""
        self._interrupted = self._asked = False

    @property
    def has_begun(self) -> bool:
        """A command has begun, and its end is still to come."""
        return bool(self._partial)

    def hide_typing(self, hidden: bool) -> bytes:
        """What makes the client show nothing that is typed, or show it again."""
        self.echoes = hidden
        return bytes((IAC, WILL if hidden else WONT, ECHO))

    def take_out(self, data: bytes, before: bytes) -> tuple[bytes, TelnetCommands | None]:
        """`data` without its telnet commands; and these, if there were any.

        `before` are some last bytes of the text before `data`, none if there is none yet.
        """
        data = self._partial + data
        self._partial = b""
        text = bytearray(before)
        done = 0
        while (at := data.find(IAC, done)) >= 0:
            text += data[done:at]
            length = self._length(data, at, text)
            if length is None:
                self._partial = data[at:]
                done = len(data)
                break
            done = at + length
            if length == 1:
                text.append(IAC)
            else:
                self._obey(data[at:done], text)
        text += data[done:]
        del text[: len(before)]
        if not self._count:
            return bytes(text), None
        commands = TelnetCommands(self._count, self._reply, self._interrupted, self._asked)
        self._begin()
        return bytes(text), commands

    def end(self) -> bytes:
        """The input has ended: what only looked like the beginning of a command."""
        rest, self._partial = self._partial, b""
        return b"" if self.active else rest

    def _length(self, data: bytes, at: int, text: bytes | bytearray) -> int | None:
        """Bytes of the command at `at`; 1 if that byte is text; None if its end is not here yet.

        `text` is what comes before it, at least the end of that.
        """
        if at + 1 == len(data):
            return None
        command = data[at + 1]
        if NOP <= command <= GO_AHEAD:
            return 2 if self.active else _length_of_first(data, at, text)
        if WILL <= command <= DONT:
            if at + 2 == len(data):
                return None
            is_telnets = self.active or _is_first_offer(command, data[at + 2], not text)
            return 3 if is_telnets else 1
        # Telnet doubles a 255 that is meant as text, and begins with an offer before it
        # comes to details. From anybody else the same bytes are text.
        if command == IAC and self.active:
            return 2
        if command == SUBNEGOTIATION and self.active:
            return _length_of_subnegotiation(data, at)
        return 1

    def _obey(self, command: bytes, text: bytearray) -> None:
        self.active = True
        self._count += 1
        which = command[1]
        if which == IAC:
            text.append(IAC)
        elif which == WILL:
            self._reply += bytes((IAC, DONT, command[2]))
        elif which == DO and not (self.echoes and command[2] == ECHO):  # that agrees with us
            self._reply += bytes((IAC, WONT, command[2]))
        elif which == INTERRUPT:
            self._interrupted = True
        elif which == ARE_YOU_THERE:
            self._asked = True


def _length_of_subnegotiation(data: bytes, at: int) -> int | None:
    """Bytes from the SB at `at` to its SE; 1 if it is too long; None if its end is not here yet.

    A 255 within is doubled, and is no end if a 240 follows (RFC 855).
    """
    limit = at + 2 + MAX_SUBNEGOTIATION
    end = data.find(IAC, at + 2, limit)
    while end >= 0 and end + 1 < min(len(data), limit):
        if data[end + 1] == END:
            return end + 2 - at
        end = data.find(IAC, end + 2, limit)
    return None if len(data) < limit else 1


def _length_of_first(data: bytes, at: int, text: bytes | bytearray) -> int | None:
    """Bytes of the first command of a client, which has two; else as `_length` has it.

    The same bytes are letters in Latin-1 (`ÿô`). A telnet that has not negotiated sends them where
    a line begins, or for Ctrl-C with another command behind them, by which it finds out when the
    server has seen it (RFC 854: the synch, and the timing mark of RFC 860).
    """
    if data[at + 1] in ALONE and (not text or text.endswith((b"\n", b"\r", b"\r\0"))):
        return 2
    if at + 3 >= len(data):
        return None if data[at + 2 :] in (b"", bytes((IAC,))) else 1
    is_followed = data[at + 2] == IAC and (
        NOP <= data[at + 3] <= GO_AHEAD or WILL <= data[at + 3] <= DONT
    )
    return 2 if is_followed else 1


def _is_first_offer(command: int, option: int, is_first: bool) -> bool:
    """Whether telnet may begin like this. Binary data may, too (`FF FE` begins UTF-16), so not
    everything that telnet allows is taken for it: a refusal is not what one begins with."""
    is_known = option <= LAST_OPTION or (is_first and option in GAME_OPTIONS)
    return command in (WILL, DO) and is_known
