"""Private messages, an operator's commands, and newcomers, one after the other: each is timed.

`python -m tests.attacks.asker HOST PORT PASSWORD` is a process of its own, as the victim is. Each
line on standard input is a number of seconds for which to ask; what it prints then is one line of
JSON, the seconds that each took, by what was asked for. At first it prints an empty line.
"""

import argparse
import gc
import json
import socket
import sys
import time
from collections import defaultdict

from tests.attacks.visitor import ask, be_welcomed, connect, expect

ADDRESS = "127.0.0.3"
"""Where they come from: neither from the attackers' address nor from the victim's."""

OPERATORS_ADDRESS = "127.0.0.1"
"""Where the operator comes from: from the address of the attackers, who wait for one another."""

PAUSE = 0.02
"""Seconds between two questions: about what a dozen people ask."""

PRIVATE_MESSAGES = 5
"""Private messages, and commands of the operator, for each newcomer, who takes longer."""

Address = tuple[str, int]


class Asker:
    """Ann, who writes to Bob, and an operator, who looks at the limits."""

    def __init__(self, address: Address, password: str) -> None:
        self._address = address
        self._ann, self._bob = (come_in(address, name) for name in ("asker", "asked"))
        self._operator = come_in(address, "op", OPERATORS_ADDRESS)
        ask(self._operator, f"/op {password}", "You are now an operator")
        self._sent = 0

    def ask_for(self, seconds: float) -> dict[str, list[float]]:
        """Seconds that each question took."""
        times = defaultdict[str, list[float]](list)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for _ in range(PRIVATE_MESSAGES):
                times["private message"].append(self._write())
                times["operator's command"].append(self._look_at_limits())
                time.sleep(PAUSE)
            times["welcome"].append(self._be_welcomed())
        return times

    def _write(self) -> float:
        self._sent += 1
        text = f"is it you, number {self._sent}?"
        began = time.monotonic()
        self._ann.sendall(f"/msg asked {text}\n".encode())
        expect(self._bob, text)
        return time.monotonic() - began

    def _look_at_limits(self) -> float:
        began = time.monotonic()
        ask(self._operator, "/limits", "idle-timeout")
        return time.monotonic() - began

    def _be_welcomed(self) -> float:
        began = time.monotonic()
        with connect(self._address, ADDRESS) as newcomer:
            be_welcomed(newcomer, "lobby")
        return time.monotonic() - began


def come_in(address: Address, name: str, source: str = ADDRESS) -> socket.socket:
    """A person called `name` in a room of its own."""
    connection = connect(address, source)
    be_welcomed(connection, "lobby")
    ask(connection, f"/nick {name}", f"You are now {name}")
    ask(connection, f"/join {name}s-room", f"You are in #{name}s-room")
    return connection


def main() -> None:
    """Come in, and ask when told, until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("password")
    options = parser.parse_args()
    gc.disable()
    asker = Asker((options.host, options.port), options.password)
    print(flush=True)
    for line in sys.stdin:
        print(json.dumps(asker.ask_for(float(line))), flush=True)


if __name__ == "__main__":
    main()
