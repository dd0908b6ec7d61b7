"""A program whose connection breaks again and again: it gets and says everything once."""

import json
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any

from tests.blackbox.connection import Connection, JsonProgram
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

ROUNDS = 30

LINES = (3, 4, 5, 6, 8, 20, 200)
"""How many lines it reads before its connection breaks: one of these. The first three are the
answers to `/json` and `/resume`, and the `ok`."""


class Returning:
    """It resumes behind the highest place that it was told, and says again what is not answered.

    All in one packet.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        program = server.json_program("ann")
        shown = program.ask("/token")
        self._token, self._place = shown["token"], shown["place"]
        self._break_off(program)
        self.unanswered: dict[int, str] = {}
        self.sent: list[str] = []
        self.shown: list[str] = []

    def say(self, count: int) -> None:
        """Have so many lines more to say."""
        for _ in range(count):
            self.sent.append(f"ann {len(self.sent)}")
            self.unanswered[len(self.sent)] = self.sent[-1]

    def come_back(self, count: int, last: str = "") -> None:
        """Read so many lines, or those up to the message `last`; then the connection breaks."""
        resume = {"command": f"/resume {self._token} {self._place}", "ref": "back"}
        again = [{"text": text, "ref": ref} for ref, text in self.unanswered.items()]
        program = self._server.program("/json", *map(json.dumps, [resume, *again]))
        while count > 0 or (last and self.shown[-1:] != [last]):
            count -= 1
            self._take(json.loads(program.line()))
        self._break_off(program)

    def _take(self, fields: dict[str, Any]) -> None:
        assert fields["kind"] not in ("error", "gap"), fields
        self._place = max(self._place, fields.get("place", ""), key=_id)
        if fields["kind"] == "say":
            self.shown.append(fields["text"])
        elif fields["kind"] == "ok":
            self.unanswered.pop(fields["ref"], None)

    def _break_off(self, program: Connection) -> None:
        """Break off, and wait until the server has noticed.

        Else it might refuse the next time, and what is in the same packet be said by a newcomer.
        """
        program.reset()
        wait_until(lambda: "ann" not in self._server.who(), "the server has noticed")


def _id(place: str) -> int:
    return int(place.rpartition("-")[2] or 0)


class Talker:
    """It talks in a thread of its own until it is told to end."""

    def __init__(self, program: JsonProgram) -> None:
        self._program, self._is_over = program, Event()
        self.said: list[str] = []
        self._thread = Thread(target=self._talk)
        self._thread.start()

    def end(self, last: str) -> None:
        """Say `last`, and nothing more."""
        self._is_over.set()
        self._thread.join()
        self._say(last)

    def _talk(self) -> None:
        while not self._is_over.wait(0.002):
            self._say(f"bob {len(self.said)}")

    def _say(self, text: str) -> None:
        self.said.append(text)
        self._program.send_object(text=text)


def test_wherever_its_connection_breaks_a_program_gets_and_says_each_line_once(
    start_server: StartServer, tmp_path: Path
) -> None:
    random = Random(1)
    server = start_server("--history", str(tmp_path / "chat.db"), "--rate", "0")
    listener, bob = server.json_program("listener"), server.json_program("bob")
    ann, talker = Returning(server), Talker(bob)
    try:
        for _ in range(ROUNDS):
            ann.say(random.randint(0, 3))
            ann.come_back(random.choice(LINES))
    finally:
        talker.end("end")
    ann.come_back(0, "end")
    assert ann.shown == talker.said
    heard = list[str]()
    while len(heard) < len(ann.sent):
        said = listener.next_of("say")
        heard += [said["text"]] if said["name"] == "ann" else []
    assert heard == ann.sent
