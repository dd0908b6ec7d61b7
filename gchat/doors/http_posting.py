"""What is posted by HTTP: each line of the body is said in the room, or nothing of it.

A client says it that is in the room for as long as that takes, and hears nothing. Its name is free
again when the answer is sent. With a token, it says it as whom that stands for, who may be there on
another connection, or not: it takes over nothing from there.
"""

from typing import NamedTuple

from gchat import commands
from gchat.commands import Refused
from gchat.commands.rooms import opening
from gchat.doors.actions import Actions
from gchat.doors.http_allowance import Allowance
from gchat.doors.http_keys import MAX_KEY, Key, Keys
from gchat.doors.http_refusals import problem_of
from gchat.doors.http_tokens import identity_of
from gchat.doors.newcomer import Newcomer
from gchat.doors.rate_limit import KIB
from gchat.doors.reception import Reception
from gchat.doors.visit import Visit
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.hub import Hub, Speaker
from gchat.hub.room import Pending
from gchat.hub.sent import Marked
from gchat.model.epochs import Place
from gchat.model.identities import Identity
from gchat.protocol.http_answers import Problem, json_answer
from gchat.protocol.http_requests import Request
from gchat.protocol.http_routes import Route
from gchat.protocol.http_trust import Credentials
from gchat.text.safe import visible

PLACING_TIME = 10.0
"""Seconds that an answer waits until what was said has its place, before it says that it will."""


class Wanted(NamedTuple):
    """What a request wants to have said."""

    room: str
    name: str
    """The name to say it under; empty for the address."""
    identity: Identity | None
    """Whom its token stands for."""
    lines: list[bytes]
    key: str
    """What makes a repetition harmless; may be empty."""


class Posts:
    """Says what is posted."""

    def __init__(self, reception: Reception, allowance: Allowance) -> None:
        self._reception = reception
        self._hub = reception.hub
        self._allowance = allowance
        self._keys = Keys()

    def say(self, newcomer: Newcomer, request: Request, asked: Route, shown: Credentials) -> bytes:
        """Say what the request has in its body; the answer to it. Raises Problem."""
        name = asked.query.get("name", "") or shown.name
        identity = None
        if token := request.headers.get("gchat-token", "") or shown.secret:
            identity = identity_of(self._hub, newcomer, token, name)
        given = request.headers.get("idempotency-key", "")
        if len(given) > MAX_KEY:
            raise Problem(400, f"The Idempotency-Key is too long (limit {MAX_KEY})", "bad header")
        lines = self._lines(request.body)
        wanted = Wanted(asked.room, name, identity, lines, given)
        if not given:
            return self._carry_out(newcomer, wanted)
        network, keys = newcomer.network, self._keys
        key = Key(f"#{identity.number}" if identity else name, asked.room, given)
        if answer := keys.find(network, key, request.body):
            return answer
        keys.note(network, key, request.body)
        try:
            answer = self._carry_out(newcomer, wanted)
        except BaseException:
            keys.forget(network, key)
            raise
        keys.note(network, key, request.body, answer)
        return answer

    def _carry_out(self, newcomer: Newcomer, wanted: Wanted) -> bytes:
        """Say what is wanted; the answer to it. Raises Problem."""
        hub, network = self._hub, newcomer.network
        self._allowance.pay_for_room(network, wanted.room)
        self._allowance.pay(network, sum(1 + len(line) // KIB for line in wanted.lines))
        try:
            with opening(hub, wanted.room), membership.kept_open(hub, wanted.room, network) as room:
                unheard = newcomer.connection.unheard()
                client = self._reception.new_client(unheard, newcomer.address, room.log)
                posting = Posting(hub, client, wanted)
                posting.run()
        except Refused as refused:
            raise problem_of(refused) from None
        return posting.answer()

    def _lines(self, body: bytes) -> list[bytes]:
        """The lines of `body`. Raises Problem if one of them cannot be said."""
        unified = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = [line for line in unified.split(b"\n") if line]
        if not lines:
            raise Problem(400, "The body has no line to say", "nothing to say")
        limit = self._hub.settings.max_line
        if max(map(len, lines)) > limit:
            raise Problem(413, f"Line too long (limit {limit} bytes); not sent", "too long a line")
        for line in lines:
            if secret := commands.secret_in(line, False):
                why = f"Not sent: a line that begins with {secret} may tell a secret"
                raise Problem(400, why, "what may be a secret")
        return lines


class Posting(Visit):
    """The visit of a client that says what was posted."""

    __slots__ = ("_problem", "_said", "_wanted")

    def __init__(self, hub: Hub, client: Client, wanted: Wanted) -> None:
        super().__init__(hub, client)
        self._ended = True  # all of its input has come
        self._wanted = wanted
        self._said: list[tuple[Place | Pending | None, int]] = []
        """Where the last of some lines is, or will be, and how many these are."""
        self._problem: Problem | None = None
        if wanted.identity:
            client.muted = wanted.identity.muted
            if other := hub.clients.get(wanted.identity.number):
                client.muted = other.muted

    def stay(self) -> None:
        """Say the lines, under the name, and wait until they have their places."""
        actions, wanted = Actions(self._hub, self._client), self._wanted
        try:
            if identity := wanted.identity:
                speaker = Speaker(identity.number, identity.name)
                if wanted.key:
                    self._say_once(actions, speaker, wanted.key)
                else:
                    self._say(actions, wanted.lines, speaker)
            else:
                if wanted.name:
                    actions.run(f"/nick {visible(wanted.name.encode())}")
                self._say(actions, wanted.lines)
        except Refused as refused:
            self._problem = problem_of(refused)
        self._hub.pending_writes.wait_for(self._client, PLACING_TIME)

    def answer(self) -> bytes:
        """The answer to the request. Raises Problem if nothing was said."""
        if not self._said:
            raise self._problem or Problem(503, self._hub.shutdown.goodbye, "closing")
        ids, last, wanted = list[int](), "", self._wanted
        for where, count in self._said:
            place = where.place if isinstance(where, Pending) else where
            if place is None:
                break
            ids += range(place.id - count + 1, place.id + 1)
            last = str(place)
        name = wanted.identity.name if wanted.identity else self._client.name
        fields = {"room": wanted.room, "name": name, "ids": ids, "place": last}
        return json_answer(200 if len(ids) == len(wanted.lines) else 202, fields)

    def _say(self, actions: Actions, lines: list[bytes], speaker: Speaker | None = None) -> None:
        """Say `lines`, in fair turns with the others in the room."""
        while lines:
            count = actions.waits.turn_in(self._client, lines)
            self._say_marked(actions, lines[:count], Marked(None, self._client), speaker)
            lines = lines[count:]

    def _say_once(self, actions: Actions, speaker: Speaker, key: str) -> None:
        """Say those lines that were not said with this `key` before, each with a ref of its own.

        As these are kept in the history file, that holds over a restart as well.
        """
        hub = self._hub
        if not hub.sent.knows(speaker.number):
            hub.sent.unread.add(speaker.number)
        for number, line in enumerate(self._wanted.lines):
            ref = f"{key}/{number}"
            text = visible(line)
            if sent := commands.find_sent(hub, speaker.number, ref, text, self._wanted.room):
                self._said.append((sent.place, 1))
                continue
            actions.waits.turn_in(self._client, [line])
            self._say_marked(actions, [line], Marked(ref, self._client), speaker)

    def _say_marked(
        self, actions: Actions, lines: list[bytes], marked: Marked, speaker: Speaker | None
    ) -> None:
        self._client.marked = marked
        try:
            actions.say(list(map(visible, lines)), speaker)
        finally:
            self._client.marked = None
        self._said.append((marked.place, len(lines)))

    def _settle(self) -> None:
        """Nothing: it is not sent what it is owed."""
