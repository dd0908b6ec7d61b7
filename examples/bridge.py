"""A bridge that says the new lines of a log file in a room: python bridge.py HOST PORT FILE ROOM

Each line is said once, also if the connection is lost or the server restarts: a line has its place
in the file as its ref, and is sent again until there is an ok for it.
"""

import json
import socket
import sys
import time
from typing import TextIO

PAUSE = 0.2
"""Seconds between two looks at the file."""


class Bridge:
    """What has to be sent, and what it takes to come back as the one who has sent the rest."""

    def __init__(self, file: TextIO, room: str) -> None:
        self.file, self.room = file, room
        self.token = ""
        self.is_known = False
        """The server takes what comes for lines of the one whose token it is."""
        self.unanswered: dict[int, str] = {}
        """Lines that are not known to be said, by their places in the file."""

    def run(self, host: str, port: int) -> None:
        """Say what is new until the connection ends. Raises OSError."""
        with socket.create_connection((host, port)) as connection:
            connection.settimeout(PAUSE)
            begun = b""

            def send(**fields: str | int) -> None:
                connection.sendall(json.dumps(fields).encode() + b"\n")

            connection.sendall(b"/json\n")
            self.is_known = not self.token
            if self.token:
                send(command=f"/resume {self.token}", ref="back")
            else:
                send(command="/nick log")
                send(command=f"/join {self.room}")
                send(command="/token")
            left = [*self.unanswered.items()]
            while True:
                while line := self.file.readline().rstrip("\n"):
                    self.unanswered[self.file.tell()] = line
                    left.append((self.file.tell(), line))
                while self.is_known and left:
                    ref, line = left.pop(0)
                    send(text=line, ref=ref)
                try:
                    data = connection.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    raise ConnectionError("the server has ended it")
                *lines, begun = (begun + data).split(b"\n")
                self.read(lines)

    def read(self, lines: list[bytes]) -> None:
        """Learn what was said, and the token. Raises ConnectionError if that is refused."""
        for line in lines:
            if not line.startswith(b"{"):  # the welcome of a person: the first line came late
                continue
            message = json.loads(line)
            if message["kind"] == "ok":
                self.is_known = True
                self.unanswered.pop(message["ref"], None)
            elif message["kind"] == "error" and message.get("ref") == "back":
                if message["reason"] == "unknown token":
                    self.token = ""
                raise ConnectionError(message["text"])
            elif message.get("answer") == "token":
                self.token = message["token"]


if __name__ == "__main__":
    host, port, path, room = sys.argv[1:]
    with open(path, encoding="utf-8", errors="replace") as file:
        file.seek(0, 2)
        bridge = Bridge(file, room)
        while True:
            try:
                bridge.run(host, int(port))
            except OSError as error:
                print(f"connection lost: {error}", file=sys.stderr)
            time.sleep(1)
