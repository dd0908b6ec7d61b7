"""A room: its log, who is in it, and what the broadcaster knows about it."""

from collections.abc import Collection

from gchat.hub.client import Client
from gchat.hub.cohorts import Cohorts
from gchat.hub.fair_queue import FairQueue
from gchat.model.message import Message, Topic
from gchat.model.presence import Presence
from gchat.model.room_log import Cursor, RoomLog


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
        """Those of `clients` who get what is said: all but the blocked and the leaving."""
        self.visits: dict[int, Client] = {}
        """Those to look after in the next round even if nothing was said."""
        self.cohorts = Cohorts(log.end)
        """Those who have got what the last round sent, or will by the one that is under way."""
        self.pages: dict[int, list[Message]] = {}
        """What was read from the file for those who are behind what `log` holds, by the id that
        it follows."""
        self.queue = FairQueue()
        """Whose turn it is to speak."""

    @property
    def sent(self) -> Cursor:
        """Where the last round ended, or the one that is under way will."""
        return self.cohorts.place

    def delete(self, ids: Collection[int]) -> set[int]:
        """Take away what memory holds of these messages, but their places, as RoomLog.delete."""
        for page in self.pages.values():
            for index, message in enumerate(page):
                if message.id in ids and message.is_spoken:
                    page[index] = message.without_text()
        return self.log.delete(ids)
