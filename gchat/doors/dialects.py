"""What lines mean: as people and their programs type them, and as JSON requests."""

from collections.abc import Iterator, Sequence
from operator import length_hint

from gchat import commands
from gchat.commands import Refused
from gchat.doors.actions import Actions
from gchat.hub.room import Pending
from gchat.model.display import TELNET
from gchat.model.message import Ref
from gchat.model.room_log import RoomLog
from gchat.protocol.json_lines import NotARequest, read_request, with_ref
from gchat.text.safe import edited_lines, visible, visible_lines


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
        if (self._client.person or display.end == TELNET.end) and not display.json:
            lines = edited_lines(lines)
            if not lines:
                return
        if not (self._client.display.json or commands.may_be_commands(lines)):
            self.plain.say_all(lines)  # nearly always
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

    def say_all(self, lines: Sequence[bytes]) -> None:
        """Say `lines`, none of which can be a command: nearly always."""
        self.in_head = False
        self._actions.attempt(self._actions.say, visible_lines(lines))

    def obey(self, lines: Iterator[bytes]) -> None:
        """Say `lines`, and carry out those that are commands, until one changes the dialect."""
        actions = self._actions
        is_person = actions.client.person
        said: list[str] = []
        for line in lines:
            text = visible(line)
            if self._is_obeyed(line, text):
                actions.attempt(actions.say, said)
                said = []
                actions.attempt(actions.run, text)
                if actions.client.display.json:
                    return
                is_person = actions.client.person  # by /resume
            elif secret := commands.secret_in(line, is_person):
                actions.attempt(actions.say, said)
                said = []
                actions.refuse(self._why_neither(secret), "what may be a secret")
            else:
                said.append(commands.as_said(text, is_person))
                self.in_head = False
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
        """Do what the request in `line` asks for, and answer it if it has a `ref`."""
        actions, client = self._actions, self._actions.client
        actions.waits.before_reading()
        try:
            request = read_request(line)
        except NotARequest as error:
            actions.refuse(str(error), "no request", error.ref)
            return
        before = client.pending, client.log, client.number, client.last_own
        try:
            self._check_tells_no_secret(request.said)
            if request.is_command:
                actions.run(request.line)
            else:
                actions.say([request.line])
        except Refused as refused:
            actions.refuse(str(refused), refused.what, request.ref)
            return
        if request.ref is not None:
            self._confirm(request.ref, *before)

    def _confirm(
        self, ref: Ref, pending: Pending | None, log: RoomLog, number: int, last_own: int
    ) -> None:
        """Answer `ok`: at once, or when what was said for it has its place.

        The rest is as it was before the request: what was pending, and where the client stood.
        """
        client = self._actions.client
        if client.pending and client.pending is not pending:
            client.pending.refs.append(ref)
            return
        said = client.log is log and client.number == number and client.last_own > last_own
        fields = {"id": client.last_own} if said else {}
        self._actions.hub.enqueue(client, with_ref("ok", ref, **fields))

    def _check_tells_no_secret(self, text: str) -> None:
        """Raises Refused if `text`, which a program wants the room to see, may be a secret."""
        typed = text.encode("utf-8", "surrogatepass")
        if secret := commands.secret_in(typed, self._actions.client.person):
            raise Refused(
                f"Not sent: a text that begins with {secret} may tell a secret; for the command, "
                f'send {{"command": "{secret} …"}}',
                "what may be a secret",
            )
