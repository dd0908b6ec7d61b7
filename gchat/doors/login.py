r"""The server's password: asked before a connection becomes a client, sees or costs anything.

A program sends it as its first line, without being asked:
`printf 'PASSWORD\nhello\n' | nc -N HOST 7878`.
"""

from collections.abc import Sequence

import gevent
from gevent import Timeout

from gchat.config.password import Password
from gchat.doors.opening import RECEIVE, Opening, open_again, read_late
from gchat.doors.reception import TurnedAway
from gchat.hub.connection import Connection
from gchat.hub.password_attempts import PENALTY, PasswordAttempts, too_many_attempts
from gchat.model.display import PLAIN, TELNET
from gchat.protocol.framing import Event, LineFramer, Lines, TooLong, lines_in
from gchat.protocol.telnet import TelnetCommands
from gchat.protocol.voices import voice_of
from gchat.runtime.loop import wait_for
from gchat.text.addresses import Network
from gchat.text.safe import edited, escape

LOGIN_TIMEOUT = 60.0
"""Seconds for the right password: time to look it up, and to mistype it twice."""

TOO_LATE = f"Disconnected: no password within {LOGIN_TIMEOUT:.0f} seconds"

QUESTION = "Password: (send it as your first line)"

TRIES = 3
"""Passwords that may be tried on one connection."""

MAX_INPUT = 4 * 1024
"""Bytes within which the right password has to come."""


class Login:
    """Ask the peer of `connection` for the password."""

    def __init__(
        self,
        connection: Connection,
        network: Network,
        password: Password,
        attempts: PasswordAttempts,
    ) -> None:
        self._connection = connection
        self._network = network
        self._password = password
        self._attempts = attempts
        self._received = 0
        self._has_asked = False
        self._after_return = False
        """The last byte was a return, of which the rest may still come."""

    def run(self, framer: LineFramer, opening: Opening) -> Opening:
        """Ask for the password, unless `opening` has it already.

        Returns the opening behind the password; `framer` goes on from there. Raises TurnedAway,
        OtherProtocol, and OSError if the connection breaks.
        """
        try:
            with Timeout(LOGIN_TIMEOUT, TurnedAway(TOO_LATE)):
                events = self._ask(framer, opening)
        finally:
            if framer.echoes:
                self._send(framer.hide_typing(False) + b"\r\n")
        return open_again(self._connection, framer, events)

    def _ask(self, framer: LineFramer, opening: Opening) -> list[Event]:
        """Ask until the password comes; return the events behind it. Raises TurnedAway."""
        self._received = opening.size
        events = self._answer_telnet(opening.events)
        self._has_asked = opening.silent
        if opening.silent:
            self._tell(framer, QUESTION)
        for left in reversed(range(TRIES)):
            answer = self._next_line(framer, events)
            if wait := self._attempts.wait(self._network):
                raise TurnedAway(too_many_attempts(wait))
            if self._password.matches(_typed(answer)):
                return events
            self._attempts.wrong(self._network, "password for the server")
            gevent.sleep(PENALTY)
            if lines_in(events) or not left:  # a program has gone on as if it had been admitted
                break
            self._tell(framer, f"Wrong password; {left} {'try' if left == 1 else 'tries'} left")
        raise TurnedAway("Wrong password; goodbye")

    def _next_line(self, framer: LineFramer, events: list[Event]) -> bytes:
        """Take the first line out of `events`, or wait for one. Raises TurnedAway."""
        while True:
            while events:
                event = events.pop(0)
                if isinstance(event, Lines):
                    answer, *others = event.lines
                    if others:
                        events.insert(0, Lines(others))
                    return answer
                if isinstance(event, TooLong):
                    raise TurnedAway("Password too long; goodbye")
            if self._received > MAX_INPUT:
                raise TurnedAway("Password too long; goodbye")
            data = self._receive(framer)
            if not data:
                raise TurnedAway("This server has a password: send it as your first line")
            self._received += len(data)
            events += self._answer_telnet(framer.feed(data))
            rest = data[1:] if self._after_return and data[0] in b"\n\0" else data
            self._after_return = data.endswith(b"\r")
            is_empty = rest and not (events or framer.has_begun or rest.strip(b"\r\n\0"))
            if is_empty and self._has_asked:  # somebody has pressed Enter to see what happens
                self._tell(framer, QUESTION)

    def _receive(self, framer: LineFramer) -> bytes:
        """Wait for some bytes; return none if the input has ended."""
        while True:
            wait_for(self._connection.readable)
            try:
                if framer.spoken:
                    return self._connection.recv(RECEIVE)
                return read_late(self._connection)
            except BlockingIOError:
                continue

    def _answer_telnet(self, events: Sequence[Event]) -> list[Event]:
        """Answer the telnet commands among `events`; return the other events."""
        for event in events:
            if isinstance(event, TelnetCommands) and event.reply:
                self._send(event.reply)
        return [event for event in events if not isinstance(event, TelnetCommands)]

    def _tell(self, framer: LineFramer, text: str) -> None:
        """Send a notice, and have a telnet hide the answer that is typed behind it."""
        if framer.echoes:  # the telnet has not shown the Enter, either
            self._send(b"\r\n")
        self._send(voice_of(TELNET if framer.telnet else PLAIN).notices([text]))
        if framer.telnet and not framer.echoes:
            self._send(framer.hide_typing(True))

    def _send(self, data: bytes) -> None:
        """Send a line, which a new connection takes at once; else raises BlockingIOError."""
        if self._connection.send(data) < len(data):
            raise BlockingIOError("client does not read")


def _typed(answer: bytes) -> str:
    return escape(edited(answer.decode("utf-8", "surrogateescape")))
