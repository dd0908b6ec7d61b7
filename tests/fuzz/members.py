"""A program that is in one room, tells what it saw there, and comes back when it was cut off."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from tests.blackbox.connection import JsonProgram, is_end
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.checker.histories import Gap, Line, Witness


class Member:
    """One witness of what happens in `room`. It sends what has no `ok` again when it comes back."""

    def __init__(self, server: Server, name: str, room: str) -> None:
        self.name = name
        self.room = room
        self.witness = Witness()
        self.unanswered: dict[int, str] = {}
        """What it has said, by ref, in the order in which that was said."""
        self.gaps = 0
        """How often it was told that it may have missed something."""
        self.has_lost_place = False
        """It was told so and knows no message since: it will be told again when it comes back."""
        self._refs = 0
        self._last = ""
        """The place of the last message of the room that it knows of."""
        self._program = server.json_program(name)
        self._token = self._ask(command="/token")[0]["token"]
        self.enter()

    @property
    def connection(self) -> JsonProgram:
        """The connection that it has now."""
        return self._program

    def shares_room_with(self, other: "Member") -> bool:
        """Whether this is somebody else in the room of `other`."""
        return self is not other and self.room == other.room

    def say(self, count: int) -> None:
        """Say so many lines, without waiting for anything."""
        for _ in range(count):
            self._refs += 1
            text = f"{self.name} says {self._refs}"
            self.unanswered[self._refs] = text
            self.witness.sent.append(text)
            self._send(text=text, ref=self._refs)

    def whisper(self, to: str, text: str) -> bool:
        """Send a direct message; False if it is refused."""
        *_, answer = self._ask(text=text, to=to)
        return bool(answer["kind"] == "ok")

    def enter(self) -> None:
        """Go to its room; what was said before is not for it."""
        if self.room != "lobby":
            self._ask(command=f"/join {self.room}")
        self.witness.shown.append(Gap())

    def leave_and_come_back(self) -> None:
        """Be somewhere else for a moment: its room is closed if it was the last one there."""
        self.settle()
        self._ask(command=f"/join {self.name}-alone")
        self.enter()

    def people(self) -> list[str]:
        """The names of those in its room, at all servers."""
        answers = self._ask(command="/who")
        return [each["name"] for answer in answers for each in answer.get("people", ())]

    def settle(self) -> None:
        """Wait until all that it has said is answered."""
        wait_until(self._is_answered, f"all that {self.name} said is answered")

    def break_off(self) -> None:
        """Reset the connection: what was on its way in either direction may be lost."""
        self._program.reset()

    def read_to_the_end(self) -> None:
        """Read what came before the server ended the connection, however it did."""
        with suppress(OSError, AssertionError):
            while True:
                self._take(self._program.object())

    def come_back(self, server: Server) -> None:
        """Go on with its token behind the last message that it knows of."""
        self._program = server.json_program()
        *_, answer = self._ask(command=f"/resume {self._token} {self._last}")
        assert answer["kind"] == "ok", answer
        for ref, text in self.unanswered.items():
            self._send(text=text, ref=ref)

    def forget_unanswered(self) -> None:
        """Not send again what has no `ok`: it may have been shown, and lost with the server."""
        self.unanswered.clear()

    def look(self) -> None:
        """Take what has come."""
        while self._program.has_line():
            self._take(self._program.object())

    def _is_answered(self) -> bool:
        self.look()
        return not self.unanswered

    def _send(self, **fields: Any) -> None:
        with suppress(OSError):  # the server may just have been killed
            self._program.send_object(**fields)

    def _ask(self, **fields: Any) -> list[dict[str, Any]]:
        """Ask for something; returns what comes for it alone, up to the `ok` or `error`."""
        self._refs += 1
        self._send(**fields, ref=self._refs)
        found = list[dict[str, Any]]()
        while not (found and is_end(found[-1], self._refs)):
            fields = self._program.object()
            self._take(fields)
            if fields["kind"] in ("answer", "ok", "error"):
                found.append(fields)
        return found

    def _take(self, fields: dict[str, Any]) -> None:
        kind = fields["kind"]
        if kind == "gap":
            self.gaps += 1
            self.has_lost_place = True
            self.witness.shown.append(Gap(fields["missed"]))
        if kind == "say" and fields["room"] == self.room:
            self.witness.shown.append(self._line(fields["place"], fields["text"], fields["time"]))
        elif kind == "ok" and (text := self.unanswered.pop(fields["ref"], None)):
            self.witness.answered.append(self._line(fields["place"], text))
        elif kind == "error":
            assert fields["ref"] not in self.unanswered, fields
        if fields.get("room") == self.room and "place" in fields:
            self._know(fields["place"])

    def _know(self, place: str) -> None:
        self._last, self.has_lost_place = place, False

    def _line(self, place: str, text: str, time: str = "") -> Line:
        self._know(place)
        epoch, _, number = place.partition("-")
        seconds = datetime.fromisoformat(time).timestamp() if time else 0.0
        return Line(epoch, int(number), text, seconds)
