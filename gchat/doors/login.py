r"""The password: asked of a newcomer before it is a client, so before it sees or costs anything.

A program sends it as its first line, and is not asked:
`printf 'PASSWORD\nhello\n' | nc -N HOST 7878`.
"""

from collections.abc import Sequence

import gevent
from gevent import Timeout

from gchat.config.password import Password
from gchat.doors.opening import RECEIVE, Opening, open_again, read_late
from gchat.hub.connection import Connection
from gchat.hub.password_attempts import PENALTY, PasswordAttempts, too_many_attempts
from gchat.model.display import PLAIN, TELNET
from gchat.protocol.framing import Event, LineFramer, Lines, TooLong, lines_in
from gchat.protocol.telnet import TelnetCommands
from gchat.protocol.voices import voice_of
from gchat.runtime.loop import wait_for
from gchat.text.addresses import Network
from gchat.text.safe import edited, escape

TIME = 60.0
"""Seconds in which somebody must have got in: to look the password up, and mistype it twice."""

TRIES = 3
"""Answers on one connection."""

LONGEST = 4 * 1024
"""Bytes among which the answer has to be."""


class TurnedAway(Exception):
    """The newcomer is not let in; says why, as it is to be told."""


class Login:
    """Asks one newcomer, at the other end of `connection`."""

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

    def run(self, framer: LineFramer, opening: Opening) -> Opening:
        """Ask for the password, unless it is what the newcomer has begun with (`opening`).

        Returns what it opens with behind the right answer; `framer` goes on from there. Raises
        TurnedAway, OtherProtocol, and OSError if the connection breaks.
        """
        try:
            with Timeout(TIME, TurnedAway(f"no password came in {TIME:.0f} seconds; goodbye")):
                events = self._ask(framer, opening)
        finally:
            if framer.echoes:
                self._send(framer.hide_typing(False) + b"\r\n")
        return open_again(self._connection, framer, events)

    def _ask(self, framer: LineFramer, opening: Opening) -> list[Event]:
        """Ask until the right answer comes; returns what has come behind it. Raises TurnedAway."""
        self._received = opening.size
        events = self._answer_telnet(opening.events)
        if opening.silent:
            self._tell(framer, "this server has a password: type it, then press Enter")
        for left in reversed(range(TRIES)):
            answer = self._next_line(framer, events)
            if wait := self._attempts.wait(self._network):
                raise TurnedAway(too_many_attempts(wait))
            if self._password.matches(_typed(answer)):
                return events
            self._attempts.wrong(self._network, "password for the server")
            gevent.sleep(PENALTY)
            if lines_in(events) or not left:  # a program goes on as if it had been let in
                break
            self._tell(
                framer, f"that is not the password; {left} more {'try' if left == 1 else 'tries'}"
            )
        raise TurnedAway("that is not the password; goodbye")

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
                    raise TurnedAway("that is too long for a password; goodbye")
            if self._received > LONGEST:
                raise TurnedAway("that is too long for a password; goodbye")
            data = self._receive(framer)
            if not data:
                raise TurnedAway("this server has a password, which comes first, in a line")
            self._received += len(data)
            events += self._answer_telnet(framer.feed(data))

    def _receive(self, framer: LineFramer) -> bytes:
        """Wait for some bytes; empty if the input has ended."""
        while True:
            wait_for(self._connection.readable)
            try:
                if framer.spoken:
                    return self._connection.recv(RECEIVE)
                return read_late(self._connection)
            except BlockingIOError:
                continue

    def _answer_telnet(self, events: Sequence[Event]) -> list[Event]:
        """Answer telnet's commands among `events`; returns the others."""
        for event in events:
            if isinstance(event, TelnetCommands) and event.reply:
                self._send(event.reply)
        return [event for event in events if not isinstance(event, TelnetCommands)]

    def _tell(self, framer: LineFramer, text: str) -> None:
        """Say something, behind which an answer is typed that its telnet, if it is one, hides."""
        if framer.echoes:  # nor has it shown the Enter
            self._send(b"\r\n")
        self._send(voice_of(TELNET if framer.telnet else PLAIN).notices([text]))
        if framer.telnet and not framer.echoes:
            self._send(framer.hide_typing(True))

    def _send(self, data: bytes) -> None:
        """A new connection takes a line at once; one that does not is given up."""
        if self._connection.send(data) < len(data):
            raise BlockingIOError("it does not read")


def _typed(answer: bytes) -> str:
    return escape(edited(answer.decode("utf-8", "surrogateescape")))
