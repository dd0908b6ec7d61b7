"""A program that is in several rooms on one connection, and speaks JSON."""

import json
import random
import time
from collections.abc import Iterable

from locust.env import Environment
from receipts import Message, Receipts

from users.people import HOPS, Chatter
from users.person import LOBBY

ROOMS = 3
"""Rooms that it is in at a time."""


class Bot(Chatter):
    """Talks at a human pace, now in one of its ROOMS rooms and now in another."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        count = self.options.rooms or HOPS
        others = {f"load-{number}" for number in range(count)} - {self.home}
        self._rooms = [self.home, *random.sample(sorted(others), min(ROOMS - 1, len(others)))]
        self._by_room: dict[str, Receipts] = {}
        """What it receives in each of them."""

    def join(self) -> None:
        """Come in, and enter all its rooms. Raises OSError if it can't."""
        self._by_room = {room: self._new_stay(room) for room in self._rooms}
        self.stay = self._by_room[self.home]
        try:
            self._connect()
            self.command("/json", "answer JSON is on")
            for room in self._rooms:
                if room != LOBBY:  # where everybody is at first
                    is_first = room == self.home
                    request = {"command": f"/join {room}"} if is_first else {"join": room}
                    self.command(json.dumps({**request, "ref": room}), f"ok {room}")
                self._by_room[room].join(time.monotonic_ns())
        except OSError:
            self.leave()
            raise

    def say(self, *, due: bool = True) -> None:
        """Say one line in one of its rooms, as Person.say."""
        self.stay = self._by_room[random.choice(self._rooms)]
        super().say(due=due)

    def _line(self, message: Message) -> str:
        assert self.stay
        return json.dumps({"text": message.text(), "room": self.stay.room})

    def _go(self) -> None:
        super()._go()
        for stay in self._by_room.values():
            stay.leave()

    def _take(self, lines: Iterable[str], now: int) -> None:
        """Count what came in each of its rooms at `now`."""
        for line in lines:
            match json.loads(line):
                case {"kind": "say", "room": room, "name": name, "text": text}:
                    self._count(self._by_room[room], f"{name}: {text}", now)
                case {"kind": "gap", "room": room, "text": text}:
                    self._count(self._by_room[room], f" * {text}", now)
                case {"kind": "ok", "ref": ref}:
                    self._hear(f"ok {ref}")
                case {"kind": kind, "text": text}:
                    self._hear(f"{kind} {text}")
