"""What the chat is, in short: who is where, what they are called, and which lines they get.

Pure: nothing here knows the server. Whatever happens, each client then has the lines in
`lines` that it must be sent for that, in their order. What commands do is in commands.py.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

LOBBY = "lobby"

NAMES = {
    "amy": "amy", "Amy": "amy", "AMY": "amy",
    "ben": "ben", "BEN": "ben",
    "Straße": "strasse", "STRASSE": "strasse", "strasse": "strasse",
}  # fmt: skip
"""What people may be called, and what those names have in common that count as the same."""

REPLAY = 10
"""Messages that are shown on coming into a room."""

LONGEST, BEGINNING = 400, 320
"""Characters of one that is shown whole then, and how many are shown of a longer one."""


def key(name: str) -> str:
    """What two names have in common that count as the same one."""
    return NAMES.get(name, name)


def listing(names: Iterable[str]) -> str:
    """`amy, ben and carl`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


class Line(NamedTuple):
    """A line that a client is sent."""

    kind: str
    """As programs are told it; `again` if it is shown again, which its time tells everybody."""
    text: str
    """As people see it, without a time."""
    room: str = ""
    """Where it was said; empty if it is for one alone."""
    is_part: bool = False
    """`text` is only a part of it."""
    id: int = 0
    """What programs are told; not foretold here."""
    enters: bool = False
    """It tells one who has come into `room` behind which message."""


@dataclass(eq=False)
class Client:
    """Somebody who is connected."""

    number: int
    kind: str
    """`person`, `program` or `json`: a program that speaks JSON."""
    name: str
    room: "Room"
    presence: bool
    """It is shown who comes and goes."""
    notices: bool
    """It is shown the room's other notices, and what came of its commands."""
    away: str | None = None
    told: set[int] = field(default_factory=set)
    """The numbers of those who know that."""
    correspondent: "Client | None" = None
    """Who last said something to it alone."""
    ignored: dict[str, str] = field(default_factory=dict)
    """The names that it ignores, as they are spelled, by their key."""
    here: bool = True
    only_talks: bool = False
    """It is a program that has said something: whatever it sends is text from then on."""
    lines: list[Line] = field(default_factory=list)
    """What it must be sent, and was not compared yet."""

    @property
    def is_person(self) -> bool:
        """The others are told when it comes and goes."""
        return self.kind == "person"


class Said(NamedTuple):
    """What can be shown again."""

    sender: Client
    name: str
    """What the sender was called."""
    line: str
    """As people see it."""
    characters: int
    """How many of them were said."""


class Room:
    """Who is in it, in the order of their coming, and what was said."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clients: list[Client] = []
        self.said: list[Said] = []
        self.topic = ""
        self.topic_by: tuple[Client, str] | None = None
        """Who has set it, and what they were called."""
        self.names_seen: set[str] = set()
        """What people were called while they were here."""

    def people_but(self, client: Client) -> set[str]:
        """The keys of the others' names who have been announced here, or will be."""
        return {key(each.name) for each in self.clients if each.is_person and each is not client}


class Chat:
    """All clients and rooms, and who is sent what."""

    def __init__(self) -> None:
        self.rooms = {LOBBY: Room(LOBBY)}
        self.clients: list[Client] = []
        self.followed: dict[str, set[int]] = {}
        """The numbers of those who have had a name since somebody ignores it, by its key."""
        self._arrivals = 0

    def holder(self, name: str) -> Client | None:
        """Who is called `name`."""
        return next((each for each in self.clients if key(each.name) == key(name)), None)

    def hides(self, client: Client, sender: Client, name: str) -> bool:
        """Whether `client` is not shown what `sender` says, who is or was called `name`."""
        return sender is not client and any(
            ignored == key(name) or sender.number in self.followed[ignored]
            for ignored in client.ignored
        )

    # Coming and going

    def come(self, kind: str, address: str) -> Client:
        """Somebody connects, and is called by their address."""
        self._arrivals += 1
        shown = kind != "program"
        client = Client(self._arrivals, kind, address, self.rooms[LOBBY], shown, shown)
        self.clients.append(client)
        self.enter(client, client.room)
        return client

    def welcome(self, client: Client) -> None:
        """Somebody has said nothing at first, and so is a person."""
        self.tell(client, f"Welcome to gchat! You are {client.name} in {self._around(client)}.")
        self.tell(client, "Everybody in this room sees what you type.")
        self.tell_part(client, "/redraw on")
        self.tell_part(client, "/help lists the commands")
        self._show_room(client)

    def go(self, client: Client) -> None:
        """Somebody leaves, in whatever way."""
        client.here = False
        self.clients.remove(client)
        client.room.clients.remove(client)
        client.ignored.clear()
        self.forget_followed()

    def move(self, client: Client, room: Room) -> None:
        """Somebody goes to another room."""
        client.room.clients.remove(client)
        self.enter(client, room)
        if client.notices:
            self.tell(client, f"You are in {self._around(client)}")
            self._show_room(client)

    def enter(self, client: Client, room: Room) -> None:
        """Somebody is in `room` from now on."""
        client.room = room
        room.clients.append(client)
        if client.is_person:
            room.names_seen.add(client.name)

    def _around(self, client: Client) -> str:
        others = [each.name for each in client.room.clients if each is not client]
        company = f", with {listing(others)}" if others else "; nobody else is here"
        return f"#{client.room.name}{company}"

    def _show_room(self, client: Client) -> None:
        if topic := self.topic_for(client, client.room):
            self.tell(client, f"Topic: {topic}")
        if client.kind != "json":
            self.show_again(client, client.room.said[-REPLAY:], LONGEST)

    def topic_for(self, client: Client, room: Room) -> str:
        """The topic, if there is one that `client` may see."""
        hidden = room.topic_by is not None and self.hides(client, *room.topic_by)
        return "" if hidden else room.topic

    def show_again(self, client: Client, said: Iterable[Said], longest: float = math.inf) -> None:
        """`client` is shown what was `said` in its room before, with the times.

        Of what has more characters than `longest` it is shown the beginning.
        """
        for each in said:
            if self.hides(client, each.sender, each.name):
                continue
            is_part, line = each.characters > longest, each.line
            if is_part:  # ids are not foretold
                beginning = line[: len(line) - each.characters + BEGINNING]
                line = f"{beginning}… ({each.characters} characters; /around "
            client.lines.append(Line("again", line, client.room.name, is_part))

    # Who is sent what

    def tell(self, client: Client, text: str, kind: str = "answer") -> None:
        """The server says something to `client` alone."""
        client.lines.append(Line(kind, f" * {text}"))

    def tell_part(self, client: Client, text: str) -> None:
        """The same, of which only a part is known."""
        client.lines.append(Line("answer", text, is_part=True))

    def refuse(self, client: Client, why: str) -> None:
        """`client` is told that something was not done; `why` is a part of the reason."""
        client.lines.append(Line("error", why, is_part=True))

    def confirm(self, client: Client, text: str) -> None:
        """`client` is told what it has done; programs are not."""
        if client.notices:
            self.tell(client, text)

    def tell_room(self, client: Client, line: Line) -> None:
        """All others in the room of `client` are sent `line`, which comes from it."""
        for other in client.room.clients:
            if other is client or self.hides(other, client, client.name):
                continue
            if other.notices or line.kind != "notice":
                other.lines.append(line)

    # Who follows whom

    def forget_followed(self) -> None:
        """Names that nobody ignores any more stand for nobody."""
        ignored = {name for client in self.clients for name in client.ignored}
        self.followed = {name: self.followed[name] for name in ignored}
