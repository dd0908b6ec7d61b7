"""A program that comes back when its connection is lost, to whichever server answers then."""

import json
import time
from collections.abc import Iterable
from contextlib import suppress
from itertools import dropwhile
from typing import Any

import gevent
from client import ChatClient
from locust.env import Environment
from receipts import Message

from users.booking import process
from users.people import Chatter
from users.person import LOBBY, REPLY_SECONDS

RETURN_SECONDS = 45.0
"""Seconds that it tries to come back."""

RETRY_SECONDS = 0.5
"""Seconds until it tries again."""


class Returner(Chatter):
    """Talks at a human pace; after a lost connection it is owed what was said meanwhile, once.

    It names its token and the place of what it has read last, and sends again what was not answered
    with `ok`: each line has a `ref` of its own, by which the servers know what has been said.
    """

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._token = self._place = ""
        self._unanswered: dict[int, str] = {}
        """By their refs, the requests that say what was not answered yet."""
        self._returning = False

    def join(self) -> None:
        """Come in, under a name and with a token. Raises OSError if it can't."""
        self.stay = self._new_stay(self.home)
        try:
            self._connect()
            self.command("/json", "answer JSON is on")
            self._ask(f"/nick {self._name.rpartition('-')[2].replace('.', '-')}r", "ok name")
            if self.home != LOBBY:
                self._ask(f"/join {self.home}", "ok name")
            self._ask("/token", "token")
        except OSError:
            self.leave()
            raise
        self.stay.join(time.monotonic_ns())

    def say(self, *, due: bool = True) -> None:
        """Say one line, as Person.say; if that fails, it is said after coming back."""
        if not process.talking.is_set() or not self.stay or self._leaving:
            return
        began = time.monotonic_ns()
        sent = process.sent_by(self.stay.name)
        sent.append(began)
        ref = len(sent)
        text = Message(self.stay.name, ref, min(began, int(self._due * 1e9))).text()
        self._unanswered[ref] = json.dumps({"text": text, "ref": ref})
        if self._client and not self._returning:
            with suppress(OSError):
                self._client.say(self._unanswered[ref])

    def _ask(self, command: str, answer: str, ref: str = "name") -> None:
        self.command(json.dumps({"command": command, "ref": ref}), answer)

    def _receive(self, client: ChatClient) -> None:
        """Take what comes, on this connection and on those behind it."""
        while True:
            with suppress(OSError):
                while (lines := self.receive(client)) is not None:
                    self._take(lines, time.monotonic_ns())
            self._woken.set()
            if self._leaving or not (self.stay and self.stay.joined):
                return
            returned = self._come_back(client)
            if returned is None:
                if not self._leaving:
                    process.closed.append(f"{self.stay.name} could not come back: {self._notice}")
                self._go()
                return
            client = returned

    def _come_back(self, lost: ChatClient) -> ChatClient | None:
        """Resume on a new connection, booked as RETURN; None if there is no way."""
        lost.close()
        self._returning = True
        deadline = time.monotonic() + RETURN_SECONDS
        with self.booked("RETURN"):
            while not self._leaving:
                with suppress(OSError):
                    self._client = client = self.connect()
                    if self._resumes(client):
                        return client
                    client.close()
                if time.monotonic() > deadline:
                    raise ConnectionError(self._notice)
                gevent.sleep(RETRY_SECONDS)
        return None

    def _resumes(self, client: ChatClient) -> bool:
        """Whether the server on this new connection knows it; then it is told what is unanswered.

        Raises OSError.
        """
        self._expect("ok back")
        resume = json.dumps({"command": f"/resume {self._token} {self._place}", "ref": "back"})
        client.say(f"/json\n{resume}")  # together, or talk might be shown between the two
        deadline = time.monotonic() + REPLY_SECONDS
        is_back = False
        while not self._answered and time.monotonic() < deadline:
            if (lines := client.receive()) is None:
                return False
            if not is_back:
                # What was said before the first answer, to the newcomer that it was until then, is
                # shown once more.
                lines = [*dropwhile(lambda line: '"ref": "back"' not in line, lines)]
                is_back = bool(lines)
            self._take(lines, time.monotonic_ns())
            if self._notice.startswith("error back"):
                self._notice = ""
                return False
        if self._answered:
            self._say_again(client)
        return self._answered

    def _say_again(self, client: ChatClient) -> None:
        """Say all that is unanswered, and what is to be said meanwhile, in this order."""
        last = 0
        while left := [ref for ref in self._unanswered if ref > last]:
            last = left[0]
            client.say(self._unanswered[last])
        self._returning = False

    def _take(self, lines: Iterable[str], now: int) -> None:
        """Count what came at `now`, and note how far it has read."""
        assert self.stay
        for line in lines:
            if not line.startswith("{"):  # for a person: the first line came late
                continue
            fields: dict[str, Any] = json.loads(line)
            # What is said again is answered with the place that it had the first time.
            self._place = max(self._place, fields.get("place") or "", key=_order)
            match fields:
                case {"again": True}:
                    pass
                case {"kind": "say", "name": name, "text": text}:
                    self._count(self.stay, f"{name}: {text}", now)
                case {"kind": "gap", "missed": None}:
                    process.closed.append(f"{self.stay.name} was not told how much it has missed")
                case {"kind": "gap", "text": text}:
                    self._count(self.stay, f" * {text}", now)
                case {"kind": "ok", "ref": int(ref)}:
                    self._unanswered.pop(ref, None)
                case {"kind": "ok", "ref": ref}:
                    self._hear(f"ok {ref}")
                case {"kind": "error", "ref": ref, "text": text}:
                    self._hear(f"error {ref} {text}")
                case {"kind": "answer", "answer": "token", "token": str(token)}:
                    self._token = token
                    self._hear("token")
                case {"kind": kind, "text": text}:
                    self._hear(f"{kind} {text}")


def _order(place: str) -> tuple[int, int]:
    """What places, like 3f2a91c-12, can be compared by; an empty one is before all."""
    epoch, _, number = place.partition("-")
    return (int(epoch, 16), int(number)) if number else (0, 0)
