"""What the greenlet of a client does that speaks plain lines, or JSON lines."""

import time
from collections.abc import Sequence

from gchat.doors.actions import Actions
from gchat.doors.dialects import Dialects
from gchat.doors.opening import QUIET_MOMENT, Opening, OtherProtocol, read_late
from gchat.doors.visit import Visit
from gchat.hub import membership
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
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


class Session(Visit):
    """The visit of a client that sends lines: a welcome, lines and commands, an end.

    What lines mean is up to Dialects, what they wait for is in Waits.
    """

    __slots__ = (
        "_actions",
        "_dialects",
        "_framer",
        "_opening",
        "_telnet_commands",
    )

    def __init__(self, hub: Hub, client: Client, framer: LineFramer, opening: Opening) -> None:
        """`opening` was read before; `framer` goes on from there."""
        super().__init__(hub, client)
        self._framer = framer
        self._opening: Opening | None = opening
        self._actions = Actions(hub, client)
        self._dialects = Dialects(self._actions)
        self._telnet_commands = 0
        """Not paid for yet."""

    def stay(self) -> None:
        """Listen to the client until it leaves."""
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
        elif client.display.json:
            self._take_next_request()
        membership.listen(hub, client)
        return opening.silent

    def _take_next_request(self) -> None:
        """Take what a program asks for behind `/json`, if that comes soon.

        It may be to go on where it was: what it is shown before that, it would be shown twice. With
        places in many rooms, it may come in several packets.
        """
        deadline = time.monotonic() + QUIET_MOMENT
        while not self._ended and time.monotonic() < deadline:
            try:
                self._client.connection.wait_until_readable(deadline)
            except TimeoutError:
                return
            self._take_input()
            if not self._framer.has_begun:
                return

    def _take_first_input(self) -> None:
        """Take the first input of a person, unless it is a browser that connected ahead of time.

        Raises Dismissed if it is.
        """
        try:
            data = read_late(self._client.connection)
        except BlockingIOError:  # the socket only seemed to be readable
            return
        except OtherProtocol as other:
            why = "An HTTP request has to come at once: by now you count as a person"
            self._hub.refuse(self._client, why, "another protocol")
            raise Dismissed(str(other)) from None
        self._take(data)

    def _take_input(self) -> None:
        """Take one portion of input, if there is some, and do what it says."""
        try:
            data = self._actions.waits.read()
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
