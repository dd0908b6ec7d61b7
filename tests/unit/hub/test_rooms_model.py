"""Several rooms against a model: wherever people go, and whom they ignore, they get all lines.

The model of a room is a list of all that was said in it, that of a person a place in that list.
Sockets take as many bytes as an example says, the broadcaster's clock ticks when it is looked
at, and those who move are the only greenlets, which run between two steps.
"""

from contextlib import suppress

import gevent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gchat.commands import Refused
from gchat.commands.talk import msg
from gchat.hub import membership
from gchat.hub.client import Dismissed
from gchat.hub.names import NameTaken
from gchat.hub.naming import rename
from gchat.hub.rooms import LOBBY, TooManyRooms
from gchat.model.display import Display
from gchat.model.events import Joined, Renamed
from gchat.model.message import Kind, Private
from gchat.protocol.voices import voice_of
from gchat.text.naming import name_key
from tests.unit.hub.known_rooms import NOW, KnownRooms
from tests.unit.person_model import LOOKS, Person
from tests.unit.senders import ThreadsOnFakes

MOST = 4
"""People at a time."""
ROOMS = [LOBBY, "one", "two", "three"]
NAMES = ["ann", "Ann", "bob", "cy"]
CHOICE = st.integers(0, MOST - 1)


class RoomsAndPeople(KnownRooms):
    """People talk, move, ignore, whisper, read slowly and leave, in any order."""

    def __init__(self) -> None:
        super().__init__()
        for index, person in ((0, True), (-1, True), (2, False)):
            self.arrive(listens=True, person=person, display=LOOKS[index], size=10_000)
        for choice, name in enumerate(NAMES[1:]):
            self.rename(choice, name)

    @precondition(lambda self: len(self.people) < MOST)
    @rule(
        listens=st.booleans(),
        person=st.booleans(),
        display=st.sampled_from(LOOKS),
        size=st.sampled_from([0, 300, 10_000]),
    )
    def arrive(self, listens: bool, person: bool, display: Display, size: int) -> None:
        client = self.company.join(listens=listens).client
        self.people.append(Person(client))
        self.everybody.append(self.people[-1])
        client.display, self.people[-1].socket.room = display, size
        if person:
            membership.announce(self.hub, client)

    @rule(choice=CHOICE)
    def listen(self, choice: int) -> None:
        person = self.free(choice)
        if person and not person.listens:
            person.listens, person.until = True, None
            membership.listen(self.hub, person.client)

    @rule(
        choice=CHOICE,
        texts=st.integers(1, 12),
        width=st.sampled_from([0, 5, 40]),
        kind=st.sampled_from([Kind.SAY, Kind.ACTION]),
    )
    def say(self, choice: int, texts: int, width: int, kind: str) -> None:
        if person := self.free(choice):
            said = [f"{self.number + index:0{width}}" for index in range(texts)]
            self.number += texts
            self.hub.say(person.client, said, kind)

    @rule(choice=CHOICE, about=CHOICE, is_about_presence=st.booleans())
    def notify(self, choice: int, about: int, is_about_presence: bool) -> None:
        person, other = self.chosen(choice), self.chosen(about)
        if person and other:
            room = self.hub.room_of(person.client)
            self.number += 1
            name = f"name{self.number}"
            event = Joined([name]) if is_about_presence else Renamed(name)
            self.hub.notify(room, event, other.client.number, "x")

    @rule(choice=CHOICE, lines=st.integers(1, 3))
    def tell(self, choice: int, lines: int) -> None:
        if person := self.chosen(choice):
            self.number += 1
            texts = [f"answer {self.number}.{line}" for line in range(lines)]
            person.enqueue(voice_of(person.client.display).notices(texts))
            self.hub.tell(person.client, *texts)

    @rule(choice=CHOICE, name=st.sampled_from(NAMES))
    def rename(self, choice: int, name: str) -> None:
        if person := self.free(choice):
            with suppress(NameTaken):
                rename(self.hub, person.client, name)
                self.followed().get(name_key(name), set()).add(person.client.number)

    @rule(choice=CHOICE, name=st.sampled_from(NAMES))
    def ignore(self, choice: int, name: str) -> None:
        if person := self.free(choice):
            self.hub.names.ignore(person.client, name)
            key, holder = name_key(name), self.hub.names.holder(name)
            numbers = person.ignored[key] = self.followed().get(key, set())
            numbers |= {holder.number} if holder else set()

    @rule(choice=CHOICE, name=st.sampled_from(NAMES))
    def unignore(self, choice: int, name: str) -> None:
        if person := self.free(choice):
            self.hub.names.stop_ignoring(person.client, name)
            person.unignore(name, self.hub.names.holder(name))

    @rule(choice=CHOICE, to=CHOICE)
    def whisper(self, choice: int, to: int) -> None:
        person, other = self.free(choice), self.chosen(to)
        if not (person and other) or self.hub.names.holder(other.client.name) not in (
            other.client,
            None,  # it has left, and its name is free
        ):
            return
        self.number += 1
        me, them = person.client, other.client
        private = Private(NOW, me.name, them.name, f"private {self.number}")
        refused = (
            other is person
            or other.has_left
            or them.lost
            or person.hides(them.number, them.name)
            or other.hides(me.number, me.name)
        )
        try:
            msg(self.hub, me, them.name, private.text)
        except Refused:
            assert refused
        else:
            assert not refused
            other.enqueue(voice_of(them.display).private(private))
            if me.display.notices:
                person.enqueue(voice_of(me.display).private(private))

    @rule(choice=CHOICE, display=st.sampled_from(LOOKS))
    def display(self, choice: int, display: Display) -> None:
        if person := self.free(choice):
            person.client.display = display

    @rule(choice=CHOICE, name=st.sampled_from(ROOMS))
    def move(self, choice: int, name: str) -> None:
        person = self.free(choice)
        if person and name != person.log.room:
            if person.until is None:
                person.until = person.log.end.id
            person.move = person.client.greenlet = gevent.spawn(self.go, person, name)
            self.let_them_move()

    def go(self, person: Person, name: str) -> str:
        """Move, as a client's own greenlet does; returns what came of it."""
        try:
            assert membership.move(self.hub, person.client, name).name == name
        except TooManyRooms:
            return "refused"
        except Dismissed:
            self.part(person)
            return "dismissed"
        return "moved"

    @rule(choice=CHOICE)
    def leave(self, choice: int) -> None:
        if person := self.chosen(choice):
            if person.move is not None:
                person.client.dismiss("test")
                self.let_them_move()
                assert person.has_left
            elif not person.has_left:
                self.part(person)

    @rule(choice=CHOICE)
    def reset(self, choice: int) -> None:
        if person := self.chosen(choice):
            person.socket.broken = True

    @rule()
    def remove(self) -> None:
        for person in self.people.copy():
            if person.has_left and (person.client.settled or person.client.lost):
                if not person.client.lost:
                    person.check_that_it_got_all()
                membership.remove(self.hub, person.client)
                self.people.remove(person)
                person.client.connection.lost = person.client.lost or "closed"

    @rule()
    def close_empty_rooms(self) -> None:
        self.hub.rooms.close_empty(self.hub.clients.values())
        in_use = {person.log.room for person in self.people}
        assert self.hub.rooms.by_name.keys() == in_use | {LOBBY}

    @rule(choice=CHOICE, size=st.integers(1, 600))
    def read(self, choice: int, size: int) -> None:
        if person := self.chosen(choice):
            person.socket.room += size
            if person.client.connection.blocked:
                person.client.connection.blocked = False
                self.hub.visit(person.client)

    @rule(slices=st.integers(1, 5))
    def broadcast(self, slices: int) -> None:
        for _ in range(slices):
            if self.hub.ready_rooms:
                self.broadcaster._serve(next(iter(self.hub.ready_rooms)))
                self.check_what_was_sent()
                self.let_them_move()

    def teardown(self) -> None:
        try:
            for choice in range(len(self.people)):
                self.listen(choice)
                self.read(choice, 2**30)
            while self.hub.ready_rooms:
                self.broadcast(1)
            for choice in range(len(self.people)):
                self.listen(choice)
            while self.hub.ready_rooms:
                self.broadcast(1)
            for person in self.people:
                assert person.move is None
                if not person.client.lost:
                    person.check_that_it_got_all()
                    assert person.client.own_ahead == 0
        finally:
            self.close()


TestRoomsAndPeople = RoomsAndPeople.TestCase
TestRoomsAndPeople.settings = settings(deadline=None, max_examples=250, stateful_step_count=50)


class RoomsAndPeopleWithThreads(RoomsAndPeople):
    """They do the same, and threads send."""

    kind = ThreadsOnFakes


TestWithThreads = RoomsAndPeopleWithThreads.TestCase
TestWithThreads.settings = settings(deadline=None, max_examples=125, stateful_step_count=50)
