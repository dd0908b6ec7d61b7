"""What the greenlet of a client does that speaks WebSocket: the page, or a program.

Each message is a JSON request, as a line is of a program behind /json. Whoever comes by this door
counts as a person: others are told that they come and leave.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from gchat.doors.actions import Actions
from gchat.doors.dialects import JsonRequests
from gchat.doors.opening import QUIET_MOMENT
from gchat.doors.visit import Visit
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed, Expelled
from gchat.hub.hub import Hub
from gchat.model.display import Display
from gchat.protocol.websocket_ear import WebSocketEar
from gchat.protocol.websocket_frames import CloseCode, close_frame
from gchat.runtime.loop import wait_for

DISPLAY = Display(json=True, framing="websocket")
"""How a client that speaks WebSocket is sent everything; it has no choice."""

FRAMES_TO_A_LINE = 64
"""Frames that end no message, such as pings, that count as one line in the rate limit."""


class _End(NamedTuple):
    """Why the connection ends, as the client is told."""

    code: CloseCode
    why: str


class WebSocketSession(Visit):
    """The visit of a client that speaks WebSocket."""

    __slots__ = ("_actions", "_ear", "_end", "_first", "_others_paid", "_requests")

    def __init__(
        self, hub: Hub, client: Client, ear: WebSocketEar, first: Sequence[bytes] = ()
    ) -> None:
        """`ear` goes on behind the messages `first`, which have come already."""
        super().__init__(hub, client)
        self._ear = ear
        self._first = first
        self._actions = Actions(hub, client)
        self._requests = JsonRequests(self._actions)
        self._others_paid = 0
        self._end = _End(CloseCode.NORMAL, "")

    def stay(self) -> None:
        """Listen to the client until it leaves."""
        self._open()
        while not self._is_over:
            wait_for(self._client.connection.readable)
            self._take_input()

    def _open(self) -> None:
        """Announce the client, and have it listen; what it asks for at once comes before that.

        If that is to go on where it was, what it is shown before it would be shown twice.
        """
        hub, client, first = self._hub, self._client, self._first
        self._first = ()
        hub.arrival_gate.pass_through(client.owner)
        membership.announce(hub, client)
        self._obey(first)
        deadline = time.monotonic() + QUIET_MOMENT
        with suppress(TimeoutError):
            while not (first or self._is_over):
                client.connection.wait_until_readable(deadline)
                first = self._take_input()
        if hub.settings.motd and client.former == client.number:  # it has not resumed
            hub.tell(client, *hub.settings.motd.lines())
        membership.listen(hub, client)

    @property
    def _is_over(self) -> bool:
        """Nothing more is read from the client."""
        return self._ended or self._ear.has_ended

    def _take_input(self) -> Sequence[bytes]:
        """Take one portion of input, and do what it says; returns the messages in it."""
        client, ear = self._client, self._ear
        try:
            data = self._actions.waits.read()
        except BlockingIOError:
            return ()
        self._hub.stats.bytes_in += len(data)
        messages = ear.feed(data)
        self._ended = not data
        if ear.replies and not ear.has_ended:  # else it ends the stream (`_last_words`)
            self._hub.owe(client, ear.replies)
            ear.replies = b""
        self._obey(messages)
        self._pay_for_others()
        return messages

    def _obey(self, messages: Sequence[bytes]) -> None:
        if messages:
            self._client.heard = time.monotonic()
        for portion in self._actions.waits.in_turn(messages):
            for message in portion:
                self._requests.serve(message)

    def _pay_for_others(self) -> None:
        """Have frames that are no messages count in the rate limit."""
        cost = (self._ear.others - self._others_paid) // FRAMES_TO_A_LINE
        self._others_paid += cost * FRAMES_TO_A_LINE
        self._actions.waits.pay(cost)

    def _is_dismissed(self, dismissed: Dismissed) -> None:
        super()._is_dismissed(dismissed)
        if self._hub.shutdown.closing:
            is_for_good = self._hub.shutdown.is_for_good
            code = CloseCode.GOING_AWAY if is_for_good else CloseCode.SERVICE_RESTART
            self._end = _End(code, self._hub.shutdown.goodbye)
        elif isinstance(dismissed, Expelled):
            self._end = _End(CloseCode.POLICY_VIOLATION, str(dismissed))

    def _last_words(self) -> bytes:
        """The close frame: that of the ear, if the client has ended the connection."""
        return self._ear.replies if self._ear.has_ended else close_frame(*self._end)
