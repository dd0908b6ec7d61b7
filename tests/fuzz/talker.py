"""The clients of an example: they type on real connections, and compare what they are sent."""

import re
from collections import deque
from collections.abc import Iterable
from itertools import count
from socket import IPPROTO_TCP, TCP_NODELAY

from tests.blackbox.connection import TIME, Connection
from tests.blackbox.readme import section
from tests.fuzz.model import Client, Line, key
from tests.fuzz.presence import ARRIVED, COMING_OR_GOING, Belief

COMMANDS = re.findall(r"^\| `(/\w+)", section("Commands", "docs/using.md"), re.MULTILINE)

MARKS = count(1)
"""Nobody is called `mark-N`: who asks and is told so has been sent all that happened before."""

Ids = dict[tuple[str, int], str]
"""What was said in each room under each id, as far as a program has been told."""


def shortest(command: str) -> str:
    """`command` cut as short as may be: it is still the only one that begins so."""
    if command not in COMMANDS:
        return command
    for length in range(2, len(command)):
        if sum(other.startswith(command[:length]) for other in COMMANDS) == 1:
            return command[:length]
    return command


WITH = re.compile(r"(.* in #\S+), with (.*?)\.?")
"""A description of a room, and the list of who is there."""


class Talker:
    """A client of the model, on a connection that speaks lines."""

    def __init__(self, client: Client, connection: Connection, end: str, is_terse: bool) -> None:
        """It ends its lines with `end`, and cuts commands short if it `is_terse`."""
        self.client = client
        self.connection = connection
        # What is sent is sent, or each step would take the 40 ms of a delayed acknowledgement.
        connection.socket.setsockopt(IPPROTO_TCP, TCP_NODELAY, True)
        self.belief = Belief()
        self._own = set[str]()
        """The keys of the names that it has had."""
        self.received: list[Line] = []
        """What it was sent, and was not compared yet."""
        self._room = client.room
        """Where it is, as far as it has been told."""
        self._wanted_presence = client.presence
        """Until it was compared last."""
        self._end = end
        self._is_terse = is_terse
        self._line_ends = {""}
        """What a line may end with before the line feed."""
        self._mark = ""

    def begin(self) -> None:
        """Wait to be welcomed; a program speaks at once."""
        if self.client.is_person:
            while "/help lists the commands" not in (shown := self.connection.line()):
                self.received += self._read(shown)
            self.received += self._read(shown)
        self.wait()

    # Typing

    def type(self, command: str, *arguments: str) -> None:
        """Type a command, or say something, and wait until that is done."""
        self.connection.send(self.typed(command, *arguments))
        self.wait()

    def type_line(self, line: str) -> None:
        """Type a line as it is, and wait until that is done."""
        self.connection.send(self._encode(line))
        self.wait()

    def ask_as_telnet(self) -> None:
        """Ask whether somebody is there as only telnet does, which has line ends of its own."""
        self._line_ends.add("\r")
        self.connection.send(b"\xff\xf6")
        self.wait()

    def typed(self, command: str, *arguments: str) -> bytes:
        """What is sent for a command."""
        if command == "say":
            return self._encode(arguments[0])
        return self.typed_command(self.line(command, *arguments))

    def line(self, command: str, *arguments: str) -> str:
        """The line that is typed for a command, without its end."""
        name = shortest(f"/{command}") if self._is_terse else f"/{command}"
        return " ".join([name, *arguments])

    def typed_command(self, line: str) -> bytes:
        """What is sent for `line`, which is a command or looks like one."""
        return self._encode(line)

    def _encode(self, line: str) -> bytes:
        return f"{line}{self._end}".encode("utf-8", "surrogateescape")

    # Being sent something

    def wait(self) -> None:
        """Wait until it has been sent all that happened up to now."""
        self.ask_for_mark()
        self.read_to_mark()

    def ask_for_mark(self) -> None:
        """Ask for what comes behind all that happened up to now."""
        if self.client.only_talks:  # what may be a secret is not said, but refused
            self._mark = " * Not sent, as it may tell a secret: /resume works only before"
            self.connection.send(self.typed_command("/resume"))
            return
        name = f"mark-{next(MARKS)}"
        self._mark = f" * Nobody here is called {name}; "
        self.connection.send(self.typed("whois", name))

    def read_to_mark(self) -> None:
        """Wait for it."""
        while not (lines := self._read(self.connection.line()))[0].text.startswith(self._mark):
            self.received += lines

    def read_rest(self) -> None:
        """Wait until the server has ended the connection."""
        for shown in self.connection.rest():
            self.received += self._read(shown)

    def _read(self, shown: str) -> list[Line]:
        """What a line says: to a program it may be several lines.

        Their kind is empty if a person cannot be sure of it.
        """
        text = shown.removesuffix("\r")
        if text == " * Yes, here":
            self._line_ends.discard("")
        end = shown.removeprefix(text)
        assert end in self._line_ends, f"not the right end of a line: {shown!r}"
        if again := re.match(TIME, text):
            # An action begins with a blank, which is the only one behind the time.
            return [Line("again", re.sub(r"^\*\* ", " ** ", text[again.end() :]))]
        return [Line("presence" if COMING_OR_GOING.fullmatch(text) else "", text)]

    # Comparing

    def compare(self, ids: Ids) -> None:
        """It has been sent what it must be, and nothing else but who came and went."""
        self._own.add(key(self.client.name))
        expected, self.client.lines = deque(self.client.lines), []
        received, self.received = self.received, []
        wants_presence = self.client.presence or self._wanted_presence
        self._wanted_presence = self.client.presence
        for line in received:
            self._believe(line)
            if line.kind == "presence":
                assert wants_presence, f"{line} is for those who want it"
                self._pass_presence(line)
                continue
            assert expected, f"{self.client.name} is sent {line} besides"
            assert _is(line, expected[0]), f"{self.client.name} is sent {line}, not {expected[0]}"
            self._compare_id(line, expected.popleft(), ids)
        assert not expected, f"{self.client.name} is not sent {list(expected)}"

    def compare_but_presence(self, ids: Ids) -> None:
        """Compare what it was sent, and leave out who has come and gone up to now."""
        self.received = [line for line in self.received if line.kind != "presence"]
        self.compare(ids)

    def _pass_presence(self, line: Line) -> None:
        """It is told who has come or gone."""

    def _compare_id(self, line: Line, expected: Line, ids: Ids) -> None:
        """Only programs that speak JSON are told ids."""

    def arrive(self, told: str = "") -> None:
        """It knows who is in the room that it has come to, as it is `told`.

        Who has no name yet may be left out there; they will be announced.
        """
        self._room = self.client.room
        if self.client.presence:
            here = self._room.people_but(self.client)
            nameless = {key for key in here if ":" in key and key not in told}
            self.belief.start(here - nameless)
            if nameless and not told:
                self.belief.give_up()

    def know_all(self) -> None:
        """All who are here have been announced to it, or it has heard them speak."""
        if self.client.presence:
            self.belief.start(self._room.people_but(self.client))

    def check_belief(self) -> None:
        """It knows who is here, now that all has been told."""
        if self.belief.keys is None:
            return
        here = self.client.room.people_but(self.client)
        believed = self.belief.keys - (self._own - here)  # those may have been among many
        assert believed == here, f"{believed}, not {here}, after {self.belief.notices}"

    def _believe(self, line: Line) -> None:
        if ARRIVED.fullmatch(line.text):
            self.arrive(line.text)
        elif line.kind in ("", "notice", "presence"):
            self.belief.hear(line.text, self._room.names_seen)
        if self.client.ignored or not self.client.presence:
            self.belief.give_up()


def _is(line: Line, expected: Line) -> bool:
    if expected.kind == "ok":  # has no text, but the id of what was said
        return line.kind == "ok"
    if line.kind != expected.kind and (line.kind or expected.kind == "again"):
        return False
    if line.room not in ("", expected.room):
        return False
    if expected.is_part:
        return expected.text in line.text
    return line.text == expected.text or _tells_same_people(line.text, expected.text)


def _tells_same_people(told: str, expected: str) -> bool:
    """Whether both describe a room, and `told` only counts some who have no name yet."""
    shown, all_there = WITH.fullmatch(told), WITH.fullmatch(expected)
    if not shown or not all_there or shown[1] != all_there[1]:
        return False
    (names, others), (all_names, _) = _people(shown[2]), _people(all_there[2])
    missing = [name for name in all_names if name not in names]
    return others == len(missing) and all(":" in name for name in missing)


def _people(listed: str) -> tuple[list[str], int]:
    """The names in a list, and how many more there are."""
    *names, last = re.split(", | and ", listed)
    if found := re.fullmatch(r"(\d+) others?", last):
        return names, int(found[1])
    return [*names, last], 0


def settle(talkers: Iterable[Talker]) -> None:
    """Wait until all have been sent all that happened up to now."""
    for talker in talkers:
        talker.ask_for_mark()
    for talker in talkers:
        talker.read_to_mark()
