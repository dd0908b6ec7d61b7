"""What the model of several rooms knows of them and of the people there, and compares."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from types import SimpleNamespace
from unittest.mock import patch

import gevent
from hypothesis.stateful import RuleBasedStateMachine, invariant

from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub import membership
from gchat.model.message import Message
from gchat.model.room_log import RoomLog
from tests.unit.peers import Company
from tests.unit.person_model import Person, leave_blocked, small_log

MAX_ROOMS = 3
NOW = 1_700_000_000.0


class KnownRooms(RuleBasedStateMachine):
    """Rooms, all that was said in them, and what everybody has to be sent; nothing happens yet."""

    kind: Callable[[], Sender] = LoopSender

    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        sender = self.kind()
        self.patches.callback(sender.close)
        for where, what in (
            ("gchat.delivery.batch", {"MAX_BYTES": 60, "MAX_SHARED": 3}),
            ("gchat.delivery.batches", {"MAX_MESSAGES": 4}),
            (
                "gchat.hub.rooms",
                {"MAX_ROOMS": MAX_ROOMS, "SHARE": 0, "EMPTY_TIME": 0.0},
            ),
            ("gchat.store.history", {"RoomLog": small_log}),
            ("gchat.model.presence", {"INTERVAL": 0.0}),  # all is told at once
            # Two of those that listen are served in a slice, and one visit.
            ("gchat.delivery.broadcaster", {"SLICE": 1.5}),
            ("gchat.delivery.senders.loop", {"AT_A_TIME": 1}),
            ("gchat.delivery.rounds", {"perf_counter": count().__next__}),
            ("gchat.hub.direct_messages", {"time": SimpleNamespace(time=lambda: NOW)}),
            ("gchat.hub.connection.Connection", {"block": leave_blocked}),
        ):
            self.patches.enter_context(patch.multiple(where, **what))
        self.company = Company(broadcasting=False)
        self.hub = self.company.hub
        self.broadcaster = Broadcaster(self.hub, sender)
        self.said: dict[RoomLog, list[Message]] = {}
        """All that was ever said in each room."""
        self.people: list[Person] = []
        self.everybody: list[Person] = []
        self.number = 0

    def chosen(self, choice: int) -> Person | None:
        return self.people[choice] if choice < len(self.people) else None

    def free(self, choice: int) -> Person | None:
        person = self.chosen(choice)
        return person if person is not None and person.is_free else None

    def note(self) -> None:
        """Take down what was appended to the logs since the last time."""
        for room in self.hub.rooms.by_name.values():
            said = self.said.setdefault(room.log, [])
            new = room.log.end.id - len(said)
            said += room.log.after(len(said), new)

    def followed(self) -> dict[str, set[int]]:
        """Who is known by each name that somebody ignores."""
        here = [person.ignored for person in self.people if not person.has_left]
        return {key: numbers for ignored in here for key, numbers in ignored.items()}

    def check_what_was_sent(self) -> None:
        self.note()
        for person in self.everybody:
            client = person.client
            assert client.log is person.log
            taken = person.owed[: len(person.owed) - len(client.owed)]
            del person.owed[: len(taken)]
            sent = person.stream[person.checked :]
            between = (self.said[person.log], taken)
            # It is the first way that there is, nearly always: so not all are worked out.
            assert sent in person.may_be_sent(*between), [*person.may_be_sent(*between)]
            before, person.place = person.place, client.cursor.id
            assert before <= person.place
            if person.owed and person.place > max(before, person.log.start.id):
                assert person.owed[0][0] >= person.place, "what it is owed is late"
            person.checked += len(sent)

    def let_them_move(self) -> None:
        """Let those go to another room who can."""
        ends = {room.log: room.log.end.id for room in self.hub.rooms.by_name.values()}
        for _ in range(2):
            gevent.sleep(0)
        self.note()
        for person in self.people:
            if person.move is not None and person.move.ready():
                outcome, person.move = person.move.get(), None
                person.client.greenlet = person.greenlet
                if outcome == "moved":
                    self.has_moved(person, ends.get(person.client.log, 0))
                elif outcome == "refused":
                    assert len(self.hub.rooms.by_name) == MAX_ROOMS
                    person.until = None if person.listens else person.until

    def has_moved(self, person: Person, end_before: int) -> None:
        client = person.client
        if not client.lost:
            assert person.until is not None
            assert person.place >= person.until, "it has not got all that was said where it was"
        person.log, person.place = client.log, client.cursor.id
        assert end_before <= person.place <= client.log.end.id
        # What is said once it has come is for it.
        skipped = self.said[person.log][end_before : person.place]
        assert not any(message.is_spoken for message in skipped)
        person.until = None if person.listens else person.place
        person.owed = [(person.place, data) for _, data in person.owed]

    def part(self, person: Person) -> None:
        person.has_left = True
        person.until = person.log.end.id
        membership.part(self.hub, person.client, "test")

    @invariant()
    def the_model_knows_it(self) -> None:
        """Nothing is sent but by the broadcaster, and everybody is in one room."""
        self.check_what_was_sent()
        for room in self.hub.rooms.by_name.values():
            here = {p.client.number for p in self.people if p.log is room.log}
            present = {p.client.number for p in self.people if p.log is room.log and not p.has_left}
            assert room.clients.keys() == present
            in_cohorts = {m.number for cohort in room.cohorts for m in cohort.members}
            assert room.listeners.keys() | in_cohorts <= present
            assert not room.listeners.keys() & in_cohorts
            assert room.visits.keys() <= here

    def close(self) -> None:
        """End the company, and undo what was set for it."""
        for person in self.everybody:
            person.client.connection._socket = person.real_socket
        self.company.__exit__(None, None, None)
        self.patches.close()
