"""A crowd of people who listen, and throw away what they are shown; they may flood the room.

`python -m tests.attacks.crowd HOST PORT COUNT` is a process of its own. It prints an empty
line when all of them have been welcomed, and leaves when its standard input ends. Told
`flood SECONDS` there, all of them send as fast as they can for so long; then it prints how
many lines were taken from them.
"""

import argparse
import os
import select
import socket
import sys
import time
from io import FileIO

from tests.attacks.cores import stand_back
from tests.attacks.visitor import PORTION, ask, be_welcomed, connect, log_in

LINE = b"does anybody mind?\n"
FLOOD = LINE * 50
"""What each of them sends at a time, when they flood."""


def address_of(number: int) -> str:
    """Each comes from an address of its own, so that no limit for one address is theirs."""
    return f"127.1.{number // 250}.{1 + number % 250}"


def come_in(address: tuple[str, int], count: int, room: str, password: str) -> list[socket.socket]:
    """So many people, all welcomed, in `room`, with names: all are announced when they are in."""
    local = address[0].startswith("127.")
    people = [connect(address, address_of(n) if local else "") for n in range(count)]
    log_in(people, password)
    for number, person in enumerate(people):
        be_welcomed(person, room)
        name = f"c{os.getpid()}-{number}"
        ask(person, f"/nick {name}", f"You are now {name}")
    return people


class Crowd:
    """People who have come in."""

    def __init__(self, people: list[socket.socket]) -> None:
        self._people = {person.fileno(): person for person in people}
        self._poll = select.epoll()
        for person in people:
            person.setblocking(False)
            self._poll.register(person, select.EPOLLIN)
        self._commands = FileIO(sys.stdin.fileno(), closefd=False)
        self._poll.register(self._commands, select.EPOLLIN)
        self._waste = bytearray(PORTION)

    def listen(self) -> None:
        """Read what they are shown, and flood when that is asked for, until input ends."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor != self._commands.fileno():
                    self._read(descriptor)
                elif command := self._commands.readline():
                    print(self._flood(float(command.split()[1])), flush=True)
                else:
                    return

    def _flood(self, seconds: float) -> int:
        stand_back()
        self._poll.unregister(self._commands)
        self._watch(select.EPOLLIN | select.EPOLLOUT)
        deadline, sent = time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            for descriptor, events in self._poll.poll(deadline - time.monotonic()):
                if events & select.EPOLLIN:
                    self._read(descriptor)
                if events & select.EPOLLOUT:
                    sent += self._people[descriptor].send(FLOOD)
        self._watch(select.EPOLLIN)
        self._poll.register(self._commands, select.EPOLLIN)
        return sent // len(LINE)

    def _watch(self, events: int) -> None:
        for descriptor in self._people:
            self._poll.modify(descriptor, events)

    def _read(self, descriptor: int) -> None:
        try:
            if not self._people[descriptor].recv_into(self._waste):
                sys.exit("one of the crowd was thrown out")
        except BlockingIOError:  # it was read from meanwhile, in a flood
            pass


def main() -> None:
    """Come in, and listen until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    people = come_in((options.host, options.port), options.count, options.room, options.password)
    print(flush=True)
    Crowd(people).listen()


if __name__ == "__main__":
    main()
