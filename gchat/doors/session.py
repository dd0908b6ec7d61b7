"""What one client's greenlet does, from the first byte to the last."""

import logging
import time
from collections.abc import Callable, Sequence
from math import inf
from typing import Any

from gchat import commands
from gchat.commands import Refused
from gchat.doors.opening import RECEIVE, Opening, OtherProtocol, read_late
from gchat.doors.rate_limit import RateLimit
from gchat.hub.client import Client, Dismissed, Expelled
from gchat.hub.hub import Hub
from gchat.hub.resumption import leave
from gchat.hub.welcome import welcome
from gchat.protocol.framing import LineFramer
from gchat.protocol.json_lines import NotARequest, Ref, read_request, with_ref
from gchat.runtime.loop import wait_for
from gchat.text.safe import visible, visible_lines

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

    What a person types is obeyed if it is a command. What a program sends may be the output of
    another one, in which `/quit` is no command: there commands are obeyed in the head alone, before
    the first line of text.
    """

    __slots__ = (
        "_client",
        "_deadline",
        "_ended",
        "_framer",
        "_hub",
        "_in_head",
        "_opening",
        "_rate_limit",
        "_refusals",
    )

    def __init__(self, hub: Hub, client: Client, framer: LineFramer, opening: Opening) -> None:
        """`opening` was read before; `framer` goes on from there."""
        self._hub = hub
        self._client = client
        self._framer = framer
        self._opening: Opening | None = opening
        self._in_head = True
        self._rate_limit = RateLimit(hub, client)
        self._ended = False
        self._deadline = inf
        """When it must be gone."""
        self._refusals = 0

    def run(self) -> None:
        """Returns when everything is over and the client's descriptor is given back."""
        hub, client = self._hub, self._client
        hub.enter(client)
        try:
            reason = "cut off"
            try:
                reason = self._converse()
                self._wait_at_the_door()
            finally:
                hub.part(client, reason)
            self._settle()
        finally:
            self._remember()
            hub.remove(client)
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
                    self._in_head = True
                self._take_input()
            return self._client.lost or "end of input"
        except Dismissed as dismissed:
            self._is_dismissed(dismissed)
            return str(dismissed)
        except OSError as error:
            self._client.lose(error.strerror or str(error))
            return self._client.lost

    def _wait_at_the_door(self) -> None:
        if not self._hub.closing:
            try:
                self._hub.arrival_gate.pass_through()
            except Dismissed as dismissed:  # it is leaving already
                self._is_dismissed(dismissed)

    def _open(self) -> bool:
        """Do what was said at once, or welcome one who is silent; returns whether it is."""
        hub, client, opening = self._hub, self._client, self._opening
        self._opening = None
        assert opening
        hub.stats.bytes_in += opening.size
        self._look_at_framer()
        self._take_turns(opening.lines)
        if opening.silent:
            client.display = client.display._replace(presence=True, notices=True)
            hub.arrival_gate.pass_through()
            welcome(hub, client)
            hub.announce(client)
        hub.listen(client)
        return opening.silent

    def _take_first_input(self) -> None:
        """Take the first input of a person, unless it is a browser that connected ahead of time.

        Raises Dismissed if it is.
        """
        try:
            data = read_late(self._client.connection)
        except BlockingIOError:  # as _take_input: the socket only seemed to be readable
            return
        except OtherProtocol as other:
            self._hub.refuse(self._client, "this is a chat server: it does not speak HTTP")
            raise Dismissed(str(other)) from None
        self._take(data)

    def _take_input(self) -> None:
        """Take one portion of input, if there is some, and do what it says."""
        self._client.wait_until_answers_are_read()
        try:
            data = self._client.connection.recv(RECEIVE)
        except BlockingIOError:
            return
        self._take(data)

    def _take(self, data: bytes) -> None:
        """Do what `data` says; if it is empty, the input has ended."""
        client, framer = self._client, self._framer
        if data:
            client.heard = time.monotonic()
            self._hub.stats.bytes_in += len(data)
            lines = framer.feed(data)
        else:
            self._ended = True
            # The kernel tells of a reset once: if the broadcaster has met it, this looks like an
            # end. What was half typed is not said then.
            lines = [] if client.lost else framer.end()
        if framer.telnet or framer.refused:
            self._look_at_framer()
        self._take_turns(lines)

    def _take_turns(self, lines: Sequence[bytes]) -> None:
        """Obey `lines`, as fast as that is allowed; nothing is read from the client meanwhile."""
        while lines:
            count = self._rate_limit.wait(lines)
            self._speak(lines[:count])
            lines = lines[count:]

    def _speak(self, lines: Sequence[bytes]) -> None:
        """The same, when others in the room have had their turn."""
        client = self._client
        while lines:
            queue = self._hub.room_of(client).queue
            count = queue.wait(client.number, len(client.name), lines)
            self._obey(lines[:count])
            lines = lines[count:]

    def _look_at_framer(self) -> None:
        """See to what came besides lines: telnet's questions, and lines that were too long."""
        hub, client, framer = self._hub, self._client, self._framer
        if framer.telnet:
            client.display = client.display._replace(end="\r\n")
        if framer.replies:
            hub.enqueue(client, framer.replies)
            framer.replies = b""
        cost, framer.commands = divmod(framer.commands, COMMANDS_TO_A_LINE)
        if cost:
            self._wait_at_the_gate()
            self._rate_limit.pay(cost)
        if framer.asked:
            hub.tell(client, "yes, here")
            framer.asked = False
        if framer.interrupted:
            hub.tell(client, "Ctrl-C does not leave the chat, /quit does")
            framer.interrupted = False
        if framer.refused:
            self._in_head = False
            what = "a line" if framer.refused == 1 else f"{framer.refused} lines"
            self._refuse(
                f"{what} of yours had over {framer.max_line} bytes, the most that is taken, "
                "and nothing of it was sent",
                "too long a line",
            )
            self._rate_limit.pay(framer.refused)
            framer.refused = 0

    def _obey(self, lines: Sequence[bytes]) -> None:
        """Say `lines`, and carry out those that are commands, in their order."""
        if not (self._client.display.json or commands.may_be_commands(lines)):
            self._in_head = False
            self._try(self._say, visible_lines(lines))  # nearly always
            return
        said: list[str] = []
        for line in lines:
            if self._client.display.json:
                self._serve(line)
                continue
            text = visible(line)
            if self._is_obeyed(line, text):
                self._try(self._say, said)
                said = []
                self._try(self._run, text)
            elif secret := commands.secret_in(line, self._client.person):
                self._try(self._say, said)
                said = []
                self._refuse(self._why_neither(secret), "what may be a secret")
            else:
                said.append(commands.as_said(text, self._client.person))
                self._in_head = False
        self._try(self._say, said)

    def _is_obeyed(self, line: bytes, text: str) -> bool:
        """Whether `line`, which is shown as `text`, is a command, or a person's mistake in one."""
        if self._client.person:
            return commands.is_command(text) or commands.is_mistyped_command(line)
        return self._in_head and commands.is_command(text) and commands.is_known(text)

    def _why_neither(self, secret: str) -> str:
        """Why a line that means the command `secret` is neither obeyed nor said."""
        if self._client.person or self._in_head:
            where = f"at the very beginning of a line, with a blank behind {secret}"
        else:
            where = "before a program's first line of text, or after a second of silence"
        return f"not sent, as it may tell a secret: {secret} works only {where}"

    def _try(self, do: Callable[[Any], None], what: list[str] | str) -> None:
        try:
            do(what)
        except Refused as refused:
            self._refuse(str(refused), refused.what)

    def _serve(self, line: bytes) -> None:
        """Do what a program asks for, which speaks JSON."""
        self._client.wait_until_answers_are_read()
        try:
            request = read_request(line)
        except NotARequest as error:
            self._refuse(str(error), "no request", error.ref)
            return
        log, number, last_own = self._client.log, self._client.number, self._client.last_own
        try:
            self._check_tells_no_secret(request.said)
            if request.is_command:
                self._run(request.line)
            else:
                self._say([request.line])
        except Refused as refused:
            self._refuse(str(refused), refused.what, request.ref)
            return
        if request.ref is not None:
            self._hub.pending_writes.wait_for(self._client)
            here = self._client.log is log and self._client.number == number
            said = here and self._client.last_own > last_own
            fields = {"id": self._client.last_own} if said else {}
            self._hub.enqueue(self._client, with_ref("ok", request.ref, **fields))

    def _check_tells_no_secret(self, text: str) -> None:
        """Raises Refused if `text`, which a program wants the room to see, may be a secret."""
        typed = text.encode("utf-8", "surrogatepass")
        if secret := commands.secret_in(typed, self._client.person):
            raise Refused(
                f"not sent: a text that begins with {secret} may tell a secret; for the command, "
                f'send {{"command": "{secret} …"}}',
                "what may be a secret",
            )

    def _run(self, text: str) -> None:
        """Carry out a command. Raises Refused, or Dismissed for /quit."""
        self._client.wait_until_answers_are_read()
        self._hub.pending_writes.wait_for(self._client)
        self._wait_at_the_gate()
        try:
            command, typed = commands.read(text)
            if command.cost > 1:
                self._rate_limit.pay(command.cost - 1)
            command.carry_out(self._hub, self._client, typed)
        except (Refused, Dismissed):
            raise
        except Exception as error:  # a mistake of ours: it costs this command, not the client
            self._hub.faults.report("cannot carry out a command of %s", self._client)
            raise Refused("an error in the server; it is in its log", "an error") from error

    def _say(self, texts: list[str]) -> None:
        """Say `texts`, if there are any. Raises Refused if that must not be."""
        if texts:
            commands.check_may_speak(self._hub, self._client)
            self._hub.say(self._client, texts)

    def _refuse(self, why: str, what: str, ref: Ref = None) -> None:
        if ref is None:
            self._hub.refuse(self._client, why)
        else:
            self._hub.enqueue(self._client, with_ref("error", ref, text=why))
        self._refusals += 1
        # One who is refused again and again fills nobody's log.
        level = logging.INFO if self._refusals == 1 else logging.DEBUG
        log.log(level, "refuse %s: %s", self._client, what)
        self._wait_at_the_gate()  # to find out what was wrong has cost something

    def _wait_at_the_gate(self) -> None:
        if not self._client.operator:  # who is to end the crush there must not be stuck in it
            self._hub.command_gate.pass_through()

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
