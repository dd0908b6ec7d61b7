"""A client in several rooms against a model: each room's lines come in order, whole, and once.

It joins and leaves rooms, talks in them, reads as much as an example says, breaks off, is
displaced, and comes back, with and without the places that it has; the server is restarted.
"""

import json
import re
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import count
from sys import maxsize
from typing import Any
from unittest.mock import patch

import gevent
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gchat.commands import Refused
from gchat.commands.talk import msg
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub import membership
from gchat.hub.checkpoint import give_token
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub
from gchat.hub.naming import rename
from gchat.hub.resumption import resume
from gchat.hub.sent import Marked
from gchat.model.display import PLAIN, Display
from gchat.model.epochs import Place
from gchat.model.message import SPOKEN
from tests.unit.peers import HOME
from tests.unit.resuming.bounds import SMALL
from tests.unit.resuming.disk import EPOCH, Disk
from tests.unit.resuming.stage import Stage
from tests.unit.resuming.user import PLENTY, Wire
from tests.unit.senders import ThreadsOnFakes

ROOMS = ["lobby", "one", "two", "three"]
JSON = Display(json=True, presence=True, notices=True)
SIZES = st.sampled_from([1, 50, 400, 2000, 20_000])
ROOM = st.sampled_from(ROOMS)


class Stay:
    """What the bot was shown in a room."""

    def __init__(self, room: str, begin: int) -> None:
        self.room = room
        self.begin = begin
        """The id behind which all is for it."""
        self.end = maxsize
        """The id of the last message that is for it, if it has left."""
        self.seen: list[int] = []

    @property
    def last(self) -> int:
        return self.seen[-1] if self.seen else self.begin


class SeveralRooms(RuleBasedStateMachine):
    """One bot in several rooms, and somebody else in each of them."""

    kind: Callable[[], Sender] = LoopSender

    def __init__(self) -> None:
        super().__init__()
        self.patches = ExitStack()
        ticking = {"perf_counter": count().__next__}
        sender = self.kind()
        self.patches.callback(sender.close)
        for where, what in (
            *SMALL,
            ("gchat.delivery.rounds", ticking),
            ("gchat.delivery.broadcaster", {"LoopSender": lambda: sender}),
            ("gchat.delivery.one_by_one", {"SENDS_PER_VISIT": 2}),
        ):
            self.patches.enter_context(patch.multiple(where, **what))
        self.disk = Disk()
        self.texts = count(1)
        self.pace = 20
        self.number = 0
        self.token = ""
        self.stays: dict[str, Stay] = {}
        """Those of the rooms that the bot is in, the first one first."""
        self.left: list[Stay] = []
        """Those of rooms that it has left."""
        self.privates: list[str] = []
        self.expected: list[str] = []
        self.bot: Client
        self.wire: Wire
        self.is_back = True
        self.stage = Stage(self.disk)
        self.have_residents_come()
        self.bot, self.wire = self.stage.connect(JSON)
        rename(self.hub, self.bot, "bot")
        give_token(self.hub, self.bot)
        self.number, self.token = self.bot.number, self.bot.token
        self.stays["lobby"] = Stay("lobby", self.bot.entered.id)
        membership.listen(self.hub, self.bot)

    # The server

    @property
    def hub(self) -> Hub:
        return self.stage.hub

    def have_residents_come(self) -> None:
        """Have somebody come into each room who stays there."""
        self.residents = dict[str, Client]()
        for name in ROOMS:
            client, _ = self.stage.connect(PLAIN)
            room = self.hub.lobby
            if name != "lobby":
                room = self.stage.wait_for(membership.find_or_open, self.hub, name, HOME)
                membership.quit_room(self.hub, client)
                membership.enter_room(self.hub, client, room)
            membership.listen(self.hub, client)
            self.residents[name] = client

    @property
    def is_there(self) -> bool:
        return not (self.bot.lost or self.wire.broken)

    # What the bot is shown

    def look(self) -> None:
        """Look at the lines that the bot's side has acknowledged, all of each."""
        for line in self.wire.new_lines():
            self.see(json.loads(line))

    def see(self, fields: dict[str, Any]) -> None:
        text = fields.get("text", "")
        if fields["kind"] in ("answer", "info") and re.search("Welcome back|before you left", text):
            self.is_back = True
        elif not self.is_back:
            return
        assert fields["kind"] != "gap"
        if fields["kind"] == "private":
            self.privates.append(fields["text"])
        elif fields["kind"] == "say":
            stay = self.stay_of(fields["room"], fields["id"])
            stay.seen.append(fields["id"])
            expected = self.expected_in(stay)
            assert stay.seen == expected[: len(stay.seen)], stay.room

    def stay_of(self, room: str, number: int) -> Stay:
        """The last stay in `room` that began before the message `number`."""
        stays = [*self.left, *self.stays.values()]
        return [each for each in stays if each.room == room and each.begin < number][-1]

    def expected_in(self, stay: Stay) -> list[int]:
        """The ids of what others have said there while the bot was in."""
        return [
            message.id
            for message in self.disk.rooms[stay.room][stay.begin : stay.end]
            if message.kind in SPOKEN and message.sender != self.number
        ]

    def has_left(self, stay: Stay) -> None:
        """The bot was sent all that was said there; some of it need not have arrived."""
        stay.end = len(self.disk.rooms[stay.room])
        self.left.append(stay)

    # What happens

    @rule(room=ROOM, texts=st.integers(1, 12), width=st.sampled_from([0, 10, 200]))
    def say(self, room: str, texts: int, width: int) -> None:
        lines = [f"m{next(self.texts)} {'x' * width}" for _ in range(texts)]
        self.hub.say(self.residents[room], lines)

    @rule(room=ROOM, texts=st.integers(1, 3))
    def bot_says(self, room: str, texts: int) -> None:
        seat = self.bot.seat_in(room)
        if seat and self.is_there:
            self.bot.marked = Marked(None, seat)
            self.hub.say(self.bot, [f"own{next(self.texts)}" for _ in range(texts)])
            self.hub.answer(self.bot, "said")
            self.bot.marked = None

    @rule(room=ROOM)
    def whisper(self, room: str) -> None:
        text = f"p{next(self.texts)}"
        with suppress(Refused):
            msg(self.hub, self.residents[room], "bot", text)
            self.expected.append(text)

    @rule(room=ROOM)
    def join(self, room: str) -> None:
        if self.is_there and room not in self.stays:
            seat = self.stage.wait_for(membership.enter_further, self.hub, self.bot, room)
            self.stays[room] = Stay(room, seat.entered.id)

    @rule(room=ROOM, arrives=SIZES)
    def leave(self, room: str, arrives: int) -> None:
        seat = self.bot.seat_in(room)
        if seat and self.is_there and len(self.stays) > 1:
            self.take(PLENTY)
            with suppress(Dismissed):
                self.stage.wait_for(membership.leave_room, self.hub, seat)
                self.has_left(self.stays.pop(room))
                self.wire.acknowledge(arrives)
                self.look()
                assert [each.log.room for each in self.bot.seats] == [*self.stays]

    @rule(room=ROOM, nth=st.integers(0, 2), arrives=SIZES)
    def move(self, room: str, nth: int, arrives: int) -> None:
        if self.is_there and room not in self.stays and nth < len(self.bot.seats):
            seat = self.bot.seats[nth]
            before = seat.log.room
            self.take(PLENTY)
            with suppress(Dismissed):
                self.stage.wait_for(membership.move, self.hub, seat, room)
                self.has_left(self.stays[before])
                stay = Stay(room, seat.entered.id)
                self.stays = {
                    (room if name == before else name): (stay if name == before else each)
                    for name, each in self.stays.items()
                }
                self.wire.acknowledge(arrives)
                self.look()

    @rule(size=SIZES)
    def narrow(self, size: int) -> None:
        self.wire.room = size

    @rule(size=SIZES)
    def take(self, size: int) -> None:
        """Have the socket take so many bytes more."""
        self.stage.take(self.bot, self.wire, size)

    @rule(size=SIZES)
    def acknowledge(self, size: int) -> None:
        self.wire.acknowledge(size)

    @rule(pace=st.sampled_from([0, 1, 4, 20]))
    def change_pace(self, pace: int) -> None:
        self.pace = pace

    @rule()
    def reset(self) -> None:
        self.look()
        self.wire.broken = True

    @rule(
        knows_places=st.booleans(),
        back=st.integers(0, 6),
        listens=st.booleans(),
        elsewhere=st.sampled_from(["", *ROOMS[1:]]),
    )
    def come_back(self, knows_places: bool, back: int, listens: bool, elsewhere: str) -> None:
        """Resume, also while the other connection is still there, from several rooms."""
        identity = self.hub.identities.of(self.number)
        assert identity
        self.look()
        displaced = self.bot
        client, wire = self.stage.connect(JSON)
        if elsewhere:
            self.stage.wait_for(membership.enter_further, self.hub, client, elsewhere)
        if listens:
            membership.listen(self.hub, client)
        places = dict[str, Place]()
        if knows_places:
            arriving = {stay.room for stay in self.left if stay.seen != self.expected_in(stay)}
            for room, stay in self.stays.items():
                del stay.seen[max(0, len(stay.seen) - back) :]
                if stay.seen or room not in arriving:  # else it does not know that it is there
                    places[room] = Place(stay.last, EPOCH)
        self.stage.wait_for(resume, self.hub, client, identity, self.token, places)
        self.bot, self.wire, self.is_back = client, wire, False
        if not listens:
            membership.listen(self.hub, client)
        if self.hub.clients.get(displaced.number) is displaced:
            self.stage.remove(displaced)
        assert client.number == self.number
        assert [seat.log.room for seat in client.seats] == [*self.stays]

    @rule()
    def checkpoint(self) -> None:
        self.stage.checkpoint()

    @rule(knows_places=st.booleans())
    def restart(self, knows_places: bool) -> None:
        self.look()
        self.stage.remove(self.bot)
        self.stage.checkpointer.write()
        self.stage.end()
        self.stage.start()
        self.have_residents_come()
        self.come_back(knows_places, 0, False, "")

    @invariant()
    def all_look(self) -> None:
        self.stage.serve(self.pace)
        gevent.sleep(0)
        self.look()

    def teardown(self) -> None:
        try:
            if not self.is_there:
                self.come_back(False, 0, True, "")
            self.take(PLENTY)
            self.stage.settle()
            self.wire.acknowledge(PLENTY)
            self.look()
            for stay in (*self.left, *self.stays.values()):
                assert stay.seen == self.expected_in(stay), stay.room
            assert self.privates == self.expected
            assert not any(seat.own_ahead or seat.lag for seat in self.bot.seats)
        finally:
            self.stage.end()
            self.patches.close()


TestSeveralRooms = SeveralRooms.TestCase
TestSeveralRooms.settings = settings(deadline=None, max_examples=60, stateful_step_count=60)


class SeveralRoomsWithThreads(SeveralRooms):
    """The bot does the same, and threads send."""

    kind = ThreadsOnFakes


TestWithThreads = SeveralRoomsWithThreads.TestCase
TestWithThreads.settings = settings(deadline=None, max_examples=30, stateful_step_count=60)
