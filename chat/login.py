r"""The password: asked of a newcomer before it is a client, so before it sees or costs anything.

A program sends it as its first line, and is not asked:
`printf 'PASSWORD\nhello\n' | nc -N HOST 7878`.
"""

from typing import Any

import gevent
from gevent import Timeout
from gevent.socket import wait_read

from chat.addresses import Network
from chat.framing import LineFramer
from chat.guesses import PENALTY, Guesses, too_many_guesses
from chat.look import PLAIN, TELNET
from chat.password import Password
from chat.text import visible
from chat.wire import encode_notices

TIME = 60.0
"""Seconds in which somebody must have got in: to look the password up, and mistype it twice."""

TRIES = 3
"""Answers on one connection."""

QUIET_MOMENT = 0.2
"""Seconds of silence after which somebody sits there who has to be asked (see session.py)."""

RECEIVE = 4 * 1024
"""Bytes that are taken at a time. The answer has to be among the first so many."""


class TurnedAway(Exception):
    """The newcomer is not let in; says why, as it is to be told."""


class Login:
    """Asks one newcomer, at the other end of `connection`, which does not block."""

    def __init__(
        self, connection: Any, network: Network, password: Password, guesses: Guesses
    ) -> None:
        self._connection = connection
        self._network = network
        self._password = password
        self._guesses = guesses
        self._received = 0
        self._asked = False

    def run(self, framer: LineFramer) -> list[bytes]:
        """Returns the lines that have come behind the right answer; `framer` goes on from there.

        Raises TurnedAway, and OSError if the connection breaks.
        """
        try:
            with Timeout(TIME, TurnedAway(f"no password came in {TIME:.0f} seconds; goodbye")):
                lines = self._ask(framer)
        finally:
            if framer.echoes:
                self._send(framer.hide_typing(False) + b"\r\n")
        framer.spoken = bool(lines) or framer.has_begun
        return lines

    def _ask(self, framer: LineFramer) -> list[bytes]:
        for left in reversed(range(TRIES)):
            answer, *lines = self._receive_lines(framer)
            if wait := self._guesses.wait(self._network):
                raise TurnedAway(too_many_guesses(wait))
            if self._password.matches(visible(_edited(answer))):
                return lines
            self._guesses.wrong(self._network, "password for the server")
            gevent.sleep(PENALTY)
            if lines or not left:  # a program goes on as if it had been let in
                break
            self._tell(
                framer, f"that is not the password; {left} more {'try' if left == 1 else 'tries'}"
            )
        raise TurnedAway("that is not the password; goodbye")

    def _receive_lines(self, framer: LineFramer) -> list[bytes]:
        """Wait for a line or more; ask for it if there is silence."""
        while True:
            silent = not (self._asked or framer.spoken)
            try:
                wait_read(self._connection.fileno(), QUIET_MOMENT if silent else None)
                data = self._connection.recv(RECEIVE)
            except TimeoutError:
                self._asked = True
                self._tell(framer, "this server has a password: type it, then press Enter")
                continue
            except BlockingIOError:
                continue
            self._received += len(data)
            if lines := framer.feed(data):
                return lines
            if not data:
                raise TurnedAway("this server has a password, which comes first, in a line")
            if framer.refused or self._received > RECEIVE:
                raise TurnedAway("that is too long for a password; goodbye")
            if framer.replies:
                self._send(framer.replies)
                framer.replies = b""

    def _tell(self, framer: LineFramer, text: str) -> None:
        """Say something, behind which an answer is typed that its telnet, if it is one, hides."""
        if framer.echoes:  # nor has it shown the Enter
            self._send(b"\r\n")
        self._send(encode_notices([text], TELNET if framer.telnet else PLAIN))
        if framer.telnet and not framer.echoes:
            self._send(framer.hide_typing(True))

    def _send(self, data: bytes) -> None:
        """A new connection takes a line at once; one that does not is given up."""
        if self._connection.send(data) < len(data):
            raise BlockingIOError("it does not read")


def _edited(line: bytes) -> bytes:
    """What is left of `line` when the backspaces in it have been obeyed: some telnets leave
    editing to us while we hide typing."""
    kept = list[str]()
    for character in line.decode("utf-8", "surrogateescape"):
        if character not in "\b\x7f":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept).encode("utf-8", "surrogateescape")
