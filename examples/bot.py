"""A bot that tells the time to whoever says !time: python bot.py HOST PORT

It takes another name if its own is taken, and comes back by itself after a lost connection or a
restart of the server, if the server keeps a history file. What was asked meanwhile it answers then,
and nothing twice: an answer has the place of its question as its ref.
"""

import json
import random
import socket
import sys
import time


class Clock:
    """What the bot has to know to come back: its token, and the place of what it has read last."""

    token = place = ""

    def talk(self, host: str, port: int) -> None:
        """Answer until the connection ends. Raises OSError if it is broken."""
        with socket.create_connection((host, port)) as connection:

            def send(**fields: str) -> None:
                connection.sendall(json.dumps(fields).encode() + b"\n")

            connection.sendall(b"/json\n")
            back = f"/resume {self.token} {self.place}"
            send(command=back if self.token else "/nick clock", ref="name")
            is_known = False
            # To read only: a text file for both ways forgets what it has read ahead when it writes.
            for line in connection.makefile("r"):
                if not line.startswith("{"):  # the welcome of a person: the first line came late
                    continue
                message = json.loads(line)
                is_known = is_known or message.get("ref") == "name"
                if not is_known:  # said to a newcomer, as the second line came late: it comes again
                    continue
                self.place = message.get("place", self.place)
                match message:
                    case {"kind": "ok", "ref": "name"}:
                        send(command="/token")
                    case {"kind": "error", "ref": "name"}:  # it is taken, or the token has expired
                        send(command=f"/nick clock{random.randrange(1000)}", ref="name")
                    case {"kind": "answer", "answer": "token", "token": str(token)}:
                        self.token = token
                    case {"kind": "say", "text": "!time", "name": name}:
                        send(text=f"{name}: it is {time.strftime('%H:%M')}", ref=self.place)


if __name__ == "__main__":
    clock = Clock()
    while True:
        try:
            clock.talk(sys.argv[1], int(sys.argv[2]))
        except OSError as error:
            print(f"connection lost: {error}", file=sys.stderr)
        time.sleep(1)
