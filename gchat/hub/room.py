"""A room: its log, who is in it, and what the broadcaster knows about it."""

from collections import deque
from collections.abc import Collection
from typing import Any

from gchat.hub.client import Client
from gchat.hub.cohorts import Cohorts
from gchat.hub.fair_queue import FairQueue
from gchat.hub.seat import Seat
from gchat.model.epochs import Place
from gchat.model.message import Message, Ref, Topic, Utterance
from gchat.model.presence import Presence
from gchat.model.room_log import RoomLog
from gchat.text.addresses import Network


class Pending:
    """Something that was said and has no place in its room yet."""

    __slots__ = ("askers", "client", "place", "utterance")

    def __init__(self, utterance: Utterance, client: Client | None) -> None:
        self.utterance = utterance
        self.client = client
        """The client that said it, which is not sent it; None for a notice of the server's."""
        self.place: Place | None = None
        """That of the last of it, as soon as it has one."""
        self.askers: list[tuple[Client, Ref]] = []
        """Who is told when it has its place, and the refs of their requests."""

    def take(self, most: int) -> Utterance:
        """Take at most so many of its messages, the first ones, of those that have no place yet.

        One is left without any when all have.
        """
        utterance = self.utterance
        self.utterance = utterance._replace(texts=utterance.texts[most:])
        return utterance._replace(texts=utterance.texts[:most])


class Room:
    """A room of the hub's, which is the only one to put clients in and take them out."""

    def __init__(self, log: RoomLog) -> None:
        self.name = log.room
        self.log = log
        self.clients: dict[int, Client] = {}
        """Everybody in it, by number."""
        self.expected = 0
        """How many are about to come in: it is not closed meanwhile."""
        self.topic: Topic | None = None
        self.empty_since = 0.0
        """When the last of `clients` has left, by the monotonic clock."""
        self.network: Network | None = None
        """The network from which it was opened; the lobby was opened from none."""
        self.presence = Presence()
        self.teller: Any = None
        """The greenlet that waits for the time `tell_at` to tell who came and went."""
        self.tell_at = 0.0

        self.listeners: dict[int, Seat] = {}
        """Seats that are sent what is said one by one, as they are in no cohort, by the numbers of
        their clients."""
        self.visits: dict[int, Seat] = {}
        """Those to look after in the next round even if nothing was said."""
        self.cohorts: Cohorts[Seat] = Cohorts(self.listeners)
        """All other seats that listen; neither they nor `listeners` are blocked or leaving."""
        self.sent = log.end
        """Where the last round ended, or the one that is under way will."""
        self.is_pulse_due = False
        """The cohorts whose voice has a heartbeat are to be sent it in the next round."""
        self.pages: dict[int, list[Message]] = {}
        """What was read from the file for those who are behind what `log` holds, by the id that
        it follows."""
        self.pending: deque[Pending] = deque()
        """What was said there and has no place in `log` yet, in its order."""
        self.queue = FairQueue()
        """The fair queue of those who want to speak."""

    def delete(self, ids: Collection[int]) -> set[int]:
        """Take away what memory holds of these messages, but their places, as RoomLog.delete."""
        wanted = set(ids)
        for page in self.pages.values():
            for index, message in enumerate(page):
                if message.id in wanted and message.is_spoken:
                    page[index] = message.without_text()
        return self.log.delete(ids)
