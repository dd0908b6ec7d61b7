"""A room: its log, who is in it, and what the broadcaster knows about it."""

from collections import deque
from collections.abc import Collection

from gchat.hub.client import Client
from gchat.hub.cohorts import Cohorts
from gchat.hub.fair_queue import FairQueue
from gchat.model.message import Message, Ref, Topic, Utterance
from gchat.model.presence import Presence
from gchat.model.room_log import RoomLog


class Pending:
    """Something that was said and has no place in its room yet."""

    __slots__ = ("client", "refs", "utterance")

    def __init__(self, utterance: Utterance, client: Client | None) -> None:
        self.utterance = utterance
        self.client = client
        """The client that said it, which is not sent it; None for a notice of the server's."""
        self.refs: list[Ref] = []
        """The requests that are answered when it has its place."""


class Room:
    """A room of the hub's, which is the only one to put clients in and take them out."""

    def __init__(self, log: RoomLog) -> None:
        self.name = log.room
        self.log = log
        self.clients: dict[int, Client] = {}
        """Everybody in it, by number."""
        self.topic: Topic | None = None
        self.empty_since = 0.0
        """When the last of `clients` has left, by the monotonic clock."""
        self.presence = Presence()
        self.telling_later = False
        """A greenlet waits for the time to tell who came and went."""

        self.listeners: dict[int, Client] = {}
        """Clients that are sent what is said one by one, as they are in no cohort."""
        self.visits: dict[int, Client] = {}
        """Those to look after in the next round even if nothing was said."""
        self.cohorts: Cohorts[Client] = Cohorts(self.listeners)
        """All other clients that listen; neither they nor `listeners` are blocked or leaving."""
        self.sent = log.end
        """Where the last round ended, or the one that is under way will."""
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
