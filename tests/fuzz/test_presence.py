"""Comings and goings: whatever they are told of, and when, all know in the end who is here."""

from hypothesis.stateful import rule

from tests.fuzz.machine import CHOICE, NAME, ROOM, ChatMachine, case_of
from tests.fuzz.model import key
from tests.fuzz.standing_server import WATCH


class ComingsAndGoings(ChatMachine):
    """Clients come, move, rename, speak and leave, much of it within the same second."""

    @rule(choice=CHOICE, name=ROOM)
    def go_there_and_back(self, choice: int, name: str) -> None:
        talker = self.chosen(choice)
        here = talker.client.room.name
        self.do(talker, "join", self.room_named(name))
        self.do(talker, "join", here)

    @rule(choice=CHOICE, name=NAME)
    def take_over_a_name(self, choice: int, name: str) -> None:
        for holder in self.talkers:
            if key(holder.client.name) == key(name):
                self.number += 1
                self.do(holder, "nick", f"was-{self.number}")
        self.do(self.chosen(choice), "nick", name)

    # At the end

    def check_at_the_end(self) -> None:
        """A person goes to each room and says something: so all is told what was not yet."""
        people = [talker for talker in self.talkers if talker.client.is_person]
        if not people:
            return
        person, here = people[0], people[0].client.room
        others = [room for room in self.chat.rooms if room not in (WATCH, here.name)]
        for room in (*others, self.room_named("last"), here.name):
            self.do(person, "join", room)
            self.utter(person, "say")
            self.everybody_is_sent_what_they_must_be()
            for talker in self.talkers:
                if talker.client.room is person.client.room:
                    talker.check_belief()


TestComingsAndGoings = case_of(ComingsAndGoings, examples=25, steps=50)
