"""A program that knows who is in its room from one /who and the events, as the manual shows it."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.operators import OP_PASSWORD, OPERATORS
from tests.blackbox.readme import code_blocks
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

MANUAL = "docs/programs.md"

STEPS, ROUNDS = 12, 3
"""What people do before the program compares, and how often it does."""

MOST = 6
"""People of whom some leave."""

HUNDREDS = 300
"""People in a room, more than one answer to /who tells of."""

Update = Callable[[set[str], dict[str, Any]], None]


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Server:
    return start_server("--history", str(tmp_path / "chat.db"), environment=OPERATORS)


@pytest.fixture
def update() -> Update:
    """The function in docs/programs.md."""
    names: dict[str, Any] = {}
    (function,) = code_blocks("Who is here", MANUAL)
    exec(function, names)
    found: Update = names["update"]
    return found


class Roster:
    """A program in the lobby, and whom it takes to be there."""

    def __init__(self, server: Server, update: Update) -> None:
        self.program = server.json_program("roster")
        self.people: set[str] = set()
        self._update = update
        for fields in self.program.carry_out(command="/who"):
            self._update(self.people, fields)

    def is_right(self) -> bool:
        """Whether it is what /who tells, which it does not learn from that."""
        *events, ok = self.program.carry_out(command="/who")
        assert ok["kind"] == "ok"
        told: set[str] = set()
        for fields in events:
            assert not fields.get("others"), fields
            self._update(told if fields["kind"] == "answer" else self.people, fields)
        return self.people == told


class Crowd:
    """People who come, go, and come back, all in any order."""

    def __init__(self, server: Server, random: Random) -> None:
        self._server = server
        self._random = random
        self._names = (f"{name}{number}" for number in count() for name in ("amy", "ben", "cleo"))
        self._op = server.json_program("op")
        self._op.carry_out(command=f"/op {OP_PASSWORD}")
        self._here: list[Person] = []
        self._gone: list[tuple[str, str]] = []
        """Names and tokens of those who have left."""

    def step(self) -> None:
        """Somebody does something."""
        acts = [self.come, self.come_back]
        if len(self._here) > MOST // 2:
            acts += [self.rename, self.move, self.quit, self.hang_up, self.be_kicked, self.displace]
        if len(self._here) > MOST:
            acts = acts[-4:]
        self._random.choice(acts)()

    def come(self) -> None:
        self._here.append(self._server.person())
        if self._random.random() < 0.5:
            self._rename(self._here[-1])

    def come_back(self) -> None:
        if self._gone:
            name, token = self._gone.pop(self._random.randrange(len(self._gone)))
            person = self._server.person()
            person.say(f"/resume {token}")
            person.expect("Welcome back!")
            person.name = name
            self._here.append(person)

    def rename(self) -> None:
        self._rename(self._random.choice(self._here))

    def _rename(self, person: Person) -> None:
        person.name = next(self._names)
        person.say(f"/nick {person.name}")

    def move(self) -> None:
        ways = ["/join den"], ["/leave"], ["/join den", "/leave"]
        self._random.choice(self._here).say(*self._random.choice(ways))

    def quit(self) -> None:
        self._one_who_goes().say(self._random.choice(["/quit", "/quit good night"]))

    def hang_up(self) -> None:
        self._one_who_goes().reset()

    def be_kicked(self) -> None:
        self._op.send_object(command=f"/kick {self._one_who_goes().name}")

    def displace(self) -> None:
        """Somebody goes on with their token on another connection."""
        self._one_who_goes()
        self.come_back()

    def _one_who_goes(self) -> Person:
        person = self._here.pop(self._random.randrange(len(self._here)))
        if person.name == person.address:
            self._rename(person)
        person.say("/token")
        line = person.expect(" * To come back after a lost connection: /resume ")
        self._gone.append((person.name, line.split()[-1]))
        return person


@pytest.mark.parametrize("seed", range(2))
def test_a_program_knows_who_is_here_from_the_events_and_one_who(
    server: Server, update: Update, seed: int
) -> None:
    crowd = Crowd(server, Random(seed))
    for _ in range(MOST):
        crowd.come()
    roster = Roster(server, update)
    for _ in range(ROUNDS):
        for _ in range(STEPS):
            crowd.step()
        wait_until(roster.is_right, "it knows who is here")
    assert len(roster.people) > 1


def test_newcomers_who_are_listed_before_they_are_announced_are_followed(
    server: Server, update: Update
) -> None:
    ann = server.person("ann")
    ann.say("/token")
    token = ann.expect(" * To come back after a lost connection: /resume ").split()[-1]
    ann.say("/quit")
    ann.rest()
    server.person("cleo")
    newcomers = server.people(3)
    roster = Roster(server, update)
    assert {newcomer.name for newcomer in newcomers} < roster.people
    newcomers[0].say(f"/resume {token}")
    newcomers[1].say("/nick ben")
    newcomers[2].close()
    right = {"ann", "ben", "cleo"}
    wait_until(lambda: roster.is_right() and roster.people == right, "it knows who is here")


def test_a_program_knows_hundreds_who_are_here(server: Server, update: Update) -> None:
    crowd = server.people(HUNDREDS)
    roster = Roster(server, update)
    third = HUNDREDS // 3
    for person in crowd[:third]:
        person.close()
    crowd[third].say("/nick ann")
    right = {"ann", *(person.name for person in crowd[third + 1 :])}
    wait_until(lambda: roster.is_right() and roster.people == right, "it knows who is here")


def test_a_program_in_several_rooms_knows_who_is_in_each(server: Server, update: Update) -> None:
    program, rooms = server.json_program("roster"), ("lobby", "builds")
    program.carry_out(join="builds")
    people: dict[str, set[str]] = {room: set() for room in rooms}

    def follow(objects: list[dict[str, Any]]) -> None:
        for fields in objects:
            if "room" in fields:
                update(people[fields["room"]], fields)

    ann, bob = server.named("ann", "bob")
    bob.say("/join builds")
    bob.expect("You are in #builds")
    for room in rooms:
        follow(program.carry_out(command="/who", room=room))
    assert people == {"lobby": {"ann"}, "builds": {"bob"}}
    ann.say("/join builds")
    ann.expect("You are in #builds")
    bob.say("/nick robert")
    bob.expect("You are now robert")
    ann.say("/nick anna", "/leave")
    ann.expect("You are in #lobby")

    def is_right() -> bool:
        for room in rooms:
            *events, ok = program.carry_out(command="/who", room=room)
            assert ok["kind"] == "ok"
            follow([fields for fields in events if fields.get("answer") != "who"])
        return people == {"lobby": {"anna"}, "builds": {"robert"}}

    wait_until(is_right, "it knows who is where")
