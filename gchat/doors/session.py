"""What one client's greenlet does, from the first byte to the last."""

import logging
import time
from collections.abc import Sequence
from math import inf

from gchat.doors.actions import Actions
from gchat.doors.dialects import Dialects
from gchat.doors.opening import RECEIVE, Opening, OtherProtocol, read_late
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed, Expelled
from gchat.hub.hub import Hub
from gchat.hub.resumption import leave
from gchat.hub.welcome import welcome
from gchat.protocol.framing import Event, LineFramer, Lines, TooLong
from gchat.protocol.telnet import TelnetCommands
from gchat.runtime.loop import wait_for

HEAD_PAUSE = 1.0
"""Seconds of silence after which commands of a program are obeyed again, though it has said
something. What it prints comes faster than that, as a rule; a person who has piped a first line in
is not stuck."""

COMMANDS_TO_A_LINE = 64
"""Telnet commands that count as one line: they take about as long to answer."""

PATIENCE = 60.0
"""Seconds that one who has left may take none of what it is owed, before that is given up."""

SEND_OFF = 3.0
"""Seconds that one who is expelled gets at the most, however much it takes meanwhile."""

LINGER = 1.0
"""Seconds that the other side gets to end the connection after us: closing it while there
is input unread would reset it, and take away what is still on its way there."""

log = logging.getLogger(__name__)


class Session:
    """The life of `client`: a welcome, lines and commands, an end.

    What lines mean is up to Dialects, what they wait for is in Waits.
    """

    __slots__ = (
        "_actions",
        "_client",
        "_deadline",
        "_dialects",
        "_ended",
        "_framer",
        "_hub",
        "_opening",
        "_telnet_commands",
    )

    def __init__(self, hub: Hub, client: Client, framer: LineFramer, opening: Opening) -> None:
        """`opening` was read before; `framer` goes on from there."""
        self._hub = hub
        self._client = client
        self._framer = framer
        self._opening: Opening | None = opening
        self._actions = Actions(hub, client)
        self._dialects = Dialects(self._actions)
        self._telnet_commands = 0
        """Not paid for yet."""
        self._ended = False
        self._deadline = inf
        """When it must be gone."""

    def run(self) -> None:
        """Returns when everything is over and the client's descriptor is given back."""
        hub, client = self._hub, self._client
        membership.enter(hub, client)
        try:
            reason = "cut off"
            try:
                reason = self._converse()
                self._wait_to_leave()
            finally:
                membership.part(hub, client, reason)
            self._settle()
        finally:
            self._remember()
            membership.remove(hub, client)
            client.connection.close()

    def _remember(self) -> None:
        try:
            leave(self._hub, self._client)
        except Exception:  # a mistake of ours: the rest must be done all the same
            self._hub.faults.report("cannot remember %s", self._client)

    def _converse(self) -> str:
        """Listen to the client until it leaves; returns how it did."""
        try:
            is_silent = self._open()
            if is_silent:
                wait_for(self._client.connection.readable)
                self._take_first_input()
            while not self._ended:
                began = time.monotonic()
                wait_for(self._client.connection.readable)
                if time.monotonic() - began >= HEAD_PAUSE and not self._framer.has_begun:
                    self._dialects.plain.in_head = True
                self._take_input()
            return self._client.lost or "end of input"
        except Dismissed as dismissed:
            self._is_dismissed(dismissed)
            return str(dismissed)
        except OSError as error:
            self._client.lose(error.strerror or str(error))
            return self._client.lost

    def _wait_to_leave(self) -> None:
        if not self._hub.shutdown.closing:
            try:
                self._hub.arrival_gate.pass_through(self._client.owner)
            except Dismissed as dismissed:  # it is leaving already
                self._is_dismissed(dismissed)

    def _open(self) -> bool:
        """Do what was said at once, or welcome one who is silent; returns whether it is."""
        hub, client, opening = self._hub, self._client, self._opening
        self._opening = None
        assert opening
        hub.stats.bytes_in += opening.size
        if self._framer.telnet:
            client.display = client.display._replace(end="\r\n")
        self._handle(opening.events)
        if opening.silent:
            client.display = client.display._replace(presence=True, notices=True)
            hub.arrival_gate.pass_through(client.owner)
            welcome(hub, client)
            membership.announce(hub, client)
        membership.listen(hub, client)
        return opening.silent

    def _take_first_input(self) -> None:
        """Take the first input of a person, unless it is a browser that connected ahead of time.

        Raises Dismissed if it is.
        """
        try:
            data = read_late(self._client.connection)
        except BlockingIOError:  # the socket only seemed to be readable
            return
        except OtherProtocol as other:
            self._hub.refuse(self._client, "this is a chat server: it does not speak HTTP")
            raise Dismissed(str(other)) from None
        self._take(data)

    def _take_input(self) -> None:
        """Take one portion of input, if there is some, and do what it says."""
        self._actions.waits.before_reading()
        try:
            data = self._client.connection.recv(RECEIVE)
        except BlockingIOError:
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        """Do what `data` says; if it is empty, the input has ended."""
        if data:
            self._client.heard = time.monotonic()
            self._hub.stats.bytes_in += len(data)
            self._handle(self._framer.feed(data))
            return
        self._ended = True
        # The kernel tells of a reset once: if the broadcaster has met it, this looks like an
        # end. What was half typed is not said then.
        if not self._client.lost:
            self._handle(self._framer.end())

    def _handle(self, events: Sequence[Event]) -> None:
        """Do what has come, in its order; nothing is read from the client meanwhile."""
        for event in events:
            if isinstance(event, Lines):
                for portion in self._actions.waits.in_turn(event.lines):
                    self._dialects.obey(portion)
            elif isinstance(event, TooLong):
                self._refuse_too_long(event.number)
            else:
                self._answer_telnet(event)

    def _refuse_too_long(self, count: int) -> None:
        self._dialects.plain.in_head = False
        limit = self._framer.max_line
        what = "Line" if count == 1 else f"{count} lines"
        self._actions.refuse(f"{what} too long (limit {limit} bytes); not sent", "too long a line")
        self._actions.waits.pay(count)

    def _answer_telnet(self, commands: TelnetCommands) -> None:
        hub, client = self._hub, self._client
        client.display = client.display._replace(end="\r\n")
        if commands.reply:
            hub.enqueue(client, commands.reply)
        cost, self._telnet_commands = divmod(
            self._telnet_commands + commands.number, COMMANDS_TO_A_LINE
        )
        if cost:
            self._actions.waits.at_gate()
            self._actions.waits.pay(cost)
        if commands.asked:
            hub.tell(client, "Yes, here")
        if commands.interrupted:
            hub.tell(client, "Ctrl-C does not leave the chat; /quit does")

    def _is_dismissed(self, dismissed: Dismissed) -> None:
        if isinstance(dismissed, Expelled):
            self._deadline = min(self._deadline, time.monotonic() + SEND_OFF)

    def _settle(self) -> None:
        """Wait until the client has what it is owed, then end the connection politely."""
        client = self._client
        try:
            while not (client.settled or client.lost):
                left = self._deadline - time.monotonic()
                if left <= 0:
                    return
                before = client.connection.unacknowledged
                try:
                    if client.wait_for_progress(min(PATIENCE, left)):
                        continue
                except Dismissed as dismissed:  # it is leaving already
                    self._is_dismissed(dismissed)
                    continue
                # It may be reading, and its socket still be too full to be written to.
                if client.connection.unacknowledged >= before:
                    log.info("give up %s: it does not take what it is owed", client)
                    return
            if not client.lost:
                client.connection.finish()
                if not self._ended:
                    client.connection.discard_input(LINGER)
        except (Dismissed, OSError):
            return
