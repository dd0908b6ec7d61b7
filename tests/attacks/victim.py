"""The victim of an attack: Ann talks, Bob listens, and how long each line takes is measured.

`python -m tests.attacks.victim HOST PORT` is a process of its own, with nothing but the
standard library in it, so that what the attackers do costs it no time. From its start to
the end of its input Ann says a numbered line every PAUSE seconds; or several, who are all
called Ann here, take turns. It is told what to do on standard input, a word a line:

    begin   the lines that Ann says from now on are a phase
    end     they were; when Bob has got them, or in DEADLINE, their figures are printed

What it prints is one line of JSON each: `{}` when they talk, then the figures.
"""

import argparse
import gc
import json
import re
import socket
import sys
from collections import Counter
from io import FileIO
from select import select
from time import monotonic_ns
from typing import Any

from tests.attacks.visitor import ask, be_welcomed, connect, log_in, receive

PAUSE = 0.0105
"""Seconds between two of Ann's lines: under a hundred a second, which nobody may take for a
flood."""

DEADLINE = 15.0
"""Seconds after the end of a phase after which a line of it counts as lost."""

ADDRESS = "127.0.0.2"
"""Where they come from: not from the attackers' address, so that no limit for that is theirs."""

ANNS = re.compile(rb"\nann\d*: (\d+) ")
NOTICE = re.compile(rb"\n \* (?:You missed (\d+) |.* (?:joined|left|came and went)$)", re.M)
"""What Bob looks for in what he is shown. Both begin with what is searched for as fast as memory
is read: he must not be the slow one when others say a million lines a second."""


class Listener:
    """Bob's side: finds Ann's lines in what he is shown, and counts what is wrong with them."""

    def __init__(self, talkers: int) -> None:
        """So many, called Ann, take turns: each one's own lines must come in their order."""
        self.arrivals: list[int] = []
        """When each line came, by its number, in nanoseconds; 0 if it did not."""
        self.disordered = 0
        """Lines that came again, or after one that the same one had said later."""
        self.missed = 0
        """Lines, of Ann's or others', that the server says are gone."""
        self.presence = 0
        """Notices of who comes and goes."""
        self.others = 0
        """All other lines."""
        self._last = [-1] * talkers
        self._shown = b"\n"

    def feed(self, data: bytes, now: int) -> None:
        """Bob was shown `data` at `now`."""
        whole, end, rest = data.rpartition(b"\n")
        if not end:
            self._shown += data
            return
        shown, self._shown = self._shown + whole + end, end + rest
        notices = NOTICE.findall(shown)
        numbers = [int(number) for number in ANNS.findall(shown)]
        self.missed += sum(map(int, filter(None, notices)))
        self.presence += notices.count(b"")
        self.others += shown.count(b"\n") - 1 - len(notices) - len(numbers)
        for number in numbers:
            self._take(number, now)

    def _take(self, number: int, now: int) -> None:
        talker = number % len(self._last)
        if number <= self._last[talker]:
            self.disordered += 1
            return
        self._last[talker] = number
        self.arrivals += [0] * (number + 1 - len(self.arrivals))
        self.arrivals[number] = now

    def has_got(self, begin: int, end: int) -> bool:
        """Whether the lines from the number `begin` on, and before `end`, have all come."""
        return len(self.arrivals) >= end and all(self.arrivals[begin:end])


class Victim:
    """Those who have come in already: some are called Ann, the other one is Bob."""

    def __init__(self, anns: list[socket.socket], bob: socket.socket) -> None:
        self._anns, self._bob = anns, bob
        self._bobs = Listener(len(anns))
        self._start = monotonic_ns()
        self._said = 0
        self._late: list[int] = []
        self._begun = 0
        self._before = self._counts()

    def talk(self) -> None:
        """Talk, and do as standard input says, until that ends."""
        commands = FileIO(sys.stdin.fileno(), closefd=False)
        waited_for: list[Any] = [*self._anns, self._bob, commands]
        ended = deadline = 0
        while True:
            wait = (self._due(self._said) - monotonic_ns()) / 1e9
            readable = select(waited_for, [], [], max(0.0, wait))[0]
            now = monotonic_ns()
            if self._bob in readable:
                self._bobs.feed(receive(self._bob), now)
            for ann in self._anns:
                if ann in readable:
                    receive(ann)
            if (late := monotonic_ns() - self._due(self._said)) >= 0:
                ann = self._anns[self._said % len(self._anns)]
                ann.sendall(b"%d is anybody there?\n" % self._said)
                self._late.append(late)
                self._said += 1
            if commands in readable:
                command = commands.readline()
                if not command:
                    return
                if command == b"begin\n":
                    self._begun, self._before = self._said, self._counts()
                else:
                    ended, deadline = self._said, now + int(DEADLINE * 1e9)
            if ended and (self._bobs.has_got(self._begun, ended) or now > deadline):
                print(json.dumps(self._figures(ended)), flush=True)
                ended = 0

    def _due(self, number: int) -> int:
        return self._start + number * int(PAUSE * 1e9)

    def _counts(self) -> Counter[str]:
        bobs = self._bobs
        return Counter(
            disordered=bobs.disordered,
            missed=bobs.missed,
            presence=bobs.presence,
            others=bobs.others,
        )

    def _figures(self, end: int) -> dict[str, object]:
        latencies = [
            (arrival - self._due(number)) / 1e9
            for number, arrival in enumerate(self._bobs.arrivals[self._begun : end], self._begun)
            if arrival
        ]
        late = [late / 1e9 for late in self._late[self._begun : end]]
        counts = self._counts()
        counts.subtract(self._before)
        return {"said": end - self._begun, "latencies": latencies, "late": late, **counts}


def come_in(address: tuple[str, int], name: str, room: str, password: str) -> socket.socket:
    """A person called `name` in `room`."""
    connection = connect(address, ADDRESS)
    log_in([connection], password)
    be_welcomed(connection, room)
    ask(connection, f"/nick {name}", f"You are now {name}")
    return connection


def main() -> None:
    """Come in, and talk until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--talkers", type=int, default=1)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    gc.disable()
    bob, *anns = (
        come_in((options.host, options.port), name, options.room, options.password)
        for name in ("bob", *(f"ann{number or ''}" for number in range(options.talkers)))
    )
    print("{}", flush=True)
    Victim(anns, bob).talk()


if __name__ == "__main__":
    main()
