"""The server's password, asked on a WebSocket: the first message has to be `{"password": "…"}`.

A page cannot send it with the handshake, as curl does.
"""

from collections.abc import Sequence

import gevent
from gevent import Timeout

from gchat.config.password import Password
from gchat.doors.login import LOGIN_TIMEOUT, MAX_INPUT, TOO_LATE, TRIES
from gchat.doors.opening import RECEIVE
from gchat.doors.reception import TurnedAway
from gchat.hub.connection import Connection
from gchat.hub.password_attempts import PENALTY, PasswordAttempts, too_many_attempts
from gchat.protocol.json_requests import password_in
from gchat.protocol.voices import Voice
from gchat.protocol.websocket_ear import WebSocketEar
from gchat.runtime.loop import wait_for
from gchat.text.addresses import Network
from gchat.text.safe import escape

QUESTION = 'This server has a password: send {"password": "…"} first'


class WebSocketLogin:
    """Ask the peer of `connection` for the password, and answer it in `voice`."""

    def __init__(self, connection: Connection, voice: Voice, ear: WebSocketEar) -> None:
        self._connection = connection
        self._voice = voice
        self._ear = ear
        self._messages = list[bytes]()
        self._received = 0

    def run(
        self, network: Network, password: Password, attempts: PasswordAttempts
    ) -> Sequence[bytes]:
        """Ask until the password comes; returns the messages behind it.

        Raises TurnedAway, and OSError if the connection breaks.
        """
        self._send(self._voice.refusal(QUESTION, "no password"))
        with Timeout(LOGIN_TIMEOUT, TurnedAway(TOO_LATE)):
            for left in reversed(range(TRIES)):
                typed = password_in(self._next_message())
                if wait := attempts.wait(network):
                    raise TurnedAway(too_many_attempts(wait))
                if typed is None:
                    raise TurnedAway(QUESTION)
                if password.matches(escape(typed)):
                    self._send(self._voice.answer(["The password is right"]))
                    return self._messages
                attempts.wrong(network, "password for the server")
                gevent.sleep(PENALTY)
                if left:
                    self._send(self._voice.refusal("Wrong password", "wrong password"))
        raise TurnedAway("Wrong password")

    def _next_message(self) -> bytes:
        """Wait for a message. Raises TurnedAway."""
        ear = self._ear
        while not self._messages:
            if self._received > MAX_INPUT:
                raise TurnedAway("Password too long")
            wait_for(self._connection.readable)
            try:
                data = self._connection.recv(RECEIVE)
            except BlockingIOError:
                continue
            self._received += len(data)
            self._messages = ear.feed(data)
            if not data or ear.has_ended:
                raise TurnedAway("The connection ended before the password", ear.replies)
            self._send(ear.replies)
            ear.replies = b""
        return self._messages.pop(0)

    def _send(self, data: bytes) -> None:
        """Send what a new connection takes at once; else raises BlockingIOError."""
        if data and self._connection.send(data) < len(data):
            raise BlockingIOError("client does not read")
