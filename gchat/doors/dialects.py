"""What lines mean: as people and their programs type them, and as JSON requests."""

from collections.abc import Iterator, Sequence
from operator import length_hint

from gchat import commands
from gchat.commands import Refused
from gchat.doors.actions import Actions
from gchat.hub import membership
from gchat.hub.room import Pending
from gchat.hub.sent import Marked
from gchat.model.display import TELNET
from gchat.protocol.json_requests import NotARequest, Request, read_request
from gchat.protocol.voices import accepted
from gchat.text.naming import name_key
from gchat.text.safe import edited_lines, escape, plain_lines, visible


class Dialects:
    """Obeys one client's lines in the dialect that it has chosen (`/json on`)."""

    __slots__ = ("_client", "_json", "plain")

    def __init__(self, actions: Actions) -> None:
        self._client = actions.client
        self.plain = PlainLines(actions)
        self._json = JsonRequests(actions)

    def obey(self, lines: Sequence[bytes]) -> None:
        """Do what `lines` say, in their order. Raises Dismissed for /quit.

        A person's backspaces are obeyed, and a telnet's: some send each character as it is typed.
        Those of a program are text, as in a manual page.
        """
        display = self._client.display
        if not display.json:
            texts, by_hand = plain_lines(lines), self._client.person
            are_slips = by_hand and commands.may_be_slips(lines)
            if texts and not (are_slips or commands.have_slash_first(lines)):
                self.plain.say_all(texts)  # nearly always
                return
            if self._client.person or display.end == TELNET.end:
                lines = edited_lines(lines)
                are_slips = by_hand and commands.may_be_slips(lines)
            if lines and not (are_slips or commands.may_be_commands(lines)):
                self.plain.say_all(list(map(visible, lines)))
                return
        left = iter(lines)
        while length_hint(left):
            if self._client.display.json:
                self._json.serve(next(left))
            else:
                self.plain.obey(left)


class PlainLines:
    """Lines of text, and commands among them.

    What a person types is obeyed if it is a command. What a program sends may be the output of
    another one, in which `/quit` is no command: there commands are obeyed in the head alone, before
    the first line of text.
    """

    __slots__ = ("_actions", "in_head")

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self.in_head = True
        """A program has not said anything yet, or not for a while."""

    def say_all(self, texts: list[str]) -> None:
        """Say `texts`, which are lines made visible, and none of which can be a command."""
        self.in_head = False
        self._actions.attempt(self._actions.say, texts)

    def obey(self, lines: Iterator[bytes]) -> None:
        """Say `lines`, and carry out those that are commands, until one changes the dialect."""
        actions = self._actions
        by_hand = actions.client.person
        said: list[str] = []
        for line in lines:
            text = visible(line)
            if self._is_obeyed(line, text):
                actions.attempt(actions.say, said)
                said = []
                actions.attempt(actions.run, text)
                if actions.client.display.json:
                    return
                by_hand = actions.client.person  # by /resume
            elif secret := commands.secret_in(line, by_hand):
                actions.attempt(actions.say, said)
                said = []
                actions.refuse(self._why_neither(secret), "what may be a secret")
            elif by_hand and (slip := commands.slip_in(line, text)):
                actions.attempt(actions.say, said)
                said = []
                actions.refuse(slip, "a slip")
            else:
                said.append(commands.as_said(text, by_hand))
                self.in_head = False
                if by_hand and len(line) == commands.TERMINAL_LINE:
                    actions.attempt(actions.say, said)
                    said = []
                    actions.hub.tell(actions.client, commands.CUT)
        actions.attempt(actions.say, said)

    def _is_obeyed(self, line: bytes, text: str) -> bool:
        """Whether `line`, which is shown as `text`, is a command, or a person's mistake in one."""
        if self._actions.client.person:
            return commands.is_command(text) or commands.is_mistyped_command(line)
        return self.in_head and commands.is_command(text) and commands.is_known(text)

    def _why_neither(self, secret: str) -> str:
        """Why a line that means the command `secret` is neither obeyed nor said."""
        if self._actions.client.person or self.in_head:
            where = f"at the very beginning of a line, with a blank behind {secret}"
        else:
            where = "before a program's first line of text, or after a second of silence"
        return f"Not sent, as it may tell a secret: {secret} works only {where}"


class JsonRequests:
    """Lines that are JSON objects, each a request of a program's."""

    __slots__ = ("_actions",)

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def serve(self, line: bytes) -> None:
        """Do what the request in `line` asks for, and answer it if it has a `ref`.

        What the room is to see is answered when it has its place there. The client listens from its
        first request on: what it is told the place of comes behind all that has places before.
        """
        actions, client = self._actions, self._actions.client
        actions.waits.before_reading()
        try:
            request = read_request(line)
        except NotARequest as error:
            actions.refuse(str(error), "no request", error.ref)
            return
        try:
            client.marked = self._mark(request)
            self._check_tells_no_secret(request.said)
            if client.connection.seats is not None:
                actions.waits.turn_in(client.at, [line])
            self._do(request)
        except Refused as refused:
            actions.refuse(str(refused), refused.what, request.ref)
        finally:
            client.marked = None
        if client.until is not None:
            membership.listen(actions.hub, client)

    def _mark(self, request: Request) -> Marked | None:
        """What is kept of `request` while it is carried out; None if it has no ref, and the client
        is in one room alone. Raises Refused.
        """
        client, seat = self._actions.client, None
        if request.room:
            seat = client.seat_in(name_key(request.room))
            if seat is None:
                room = escape(request.room)[: commands.MAX_SHOWN]
                raise Refused(
                    f'You are not in #{room}; {{"join": "{room}"}} enters it', "not in that room"
                )
        if request.ref is None and client.connection.seats is None:
            return None
        return Marked(request.ref, seat or client)

    def _do(self, request: Request) -> None:
        """Do what is asked for, unless it is to say what was said with the same ref before; and
        answer with the ref and the place that it has in the room. Raises Refused.
        """
        hub, client, marked = self._actions.hub, self._actions.client, self._actions.client.marked
        if request.ref is None:
            self._carry_out(request)
            return
        sent = request.said and commands.find_sent(
            hub, client.number, request.ref, request.shown, name_key(request.room)
        )
        if sent:
            place, room = sent.place, sent.room
        else:
            self._carry_out(request)
            place, room = marked.place, marked.seat.log.room
        if isinstance(place, Pending):
            place.askers.append((client, request.ref))
        else:
            hub.enqueue(client, accepted(client.display, request.ref, place, room))

    def _carry_out(self, request: Request) -> None:
        if request.verb:
            self._actions.ask(request.verb, request.line)
        elif request.is_command:
            self._actions.run(request.line)
        else:
            self._actions.say([request.line])

    def _check_tells_no_secret(self, text: str) -> None:
        """Raises Refused if `text`, which a program wants the room to see, may be a secret."""
        typed = text.encode("utf-8", "surrogatepass")
        if secret := commands.secret_in(typed, self._actions.client.person):
            raise Refused(
                f"Not sent: a text that begins with {secret} may tell a secret; for the command, "
                f'send {{"command": "{secret} …"}}',
                "what may be a secret",
            )
