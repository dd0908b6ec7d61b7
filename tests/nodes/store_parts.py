"""The parts of the store that talk with Redis, as a server without a hub has them."""

from collections import deque
from contextlib import suppress

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.model.runs import ID, KIND, TEXT, rows_of
from gchat.store.base import Batch
from gchat.store.errors import StoreError
from gchat.store.redis.claims import Claims
from gchat.store.redis.follower import Follower
from gchat.store.redis.link import Link
from gchat.store.redis.outbox import Outbox
from gchat.store.shared import Arrived, Skipped
from tests.blackbox.waiting import wait_until
from tests.nodes.redis_server import Redis

ROOM = "lobby"
NAMES = ("1", "2", "3")


class Server:
    """What a server has of the store, and the log of the room."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.link = Link(url)
        self._outbox = Outbox(name)
        self.follower = Follower(url, name, self._outbox, Claims(name))
        self.follower.known = NAMES
        self.log = list[tuple[int, str]]()
        """Ids and texts, as its clients were shown them."""
        self.pending = deque[Utterance]()
        self.skipped = list[str]()
        """What it has said and nobody at it has seen."""

    def say(self, texts: list[str]) -> None:
        self.pending.append(Utterance(1000.0, Kind.SAY, texts, int(self.name) << 32, "ann"))

    def send(self, times: int = 1) -> None:
        """Send what is pending, as often as that: it, or the answers, may have been lost."""
        end = Cursor(self.end, self.end)
        batch = Batch(ROOM, 0, end, 0.0, list(self.pending))
        chain = self.follower.chains.get(ROOM)
        command = self._outbox.command(batch, self.follower.run, chain)
        for _ in range(times):
            state, *last = self.link.call(*command)
            if state == b"OK":
                self._outbox.is_answered(ROOM, int(last[0]))

    def follow(self) -> None:
        """Take what has come."""
        for news in self.follower.next({ROOM: self.end}):
            if isinstance(news, Skipped):
                self._skip(news)
                continue
            assert isinstance(news, Arrived), news
            for run in (*news.placed.others, *news.placed.runs):
                for row in rows_of(run):
                    assert row[ID] == self.end + 1, "there is no hole"
                    text = "" if row[KIND] == Kind.GONE else row[TEXT]
                    self.log.append((row[ID], text))
            own = [text for run in news.placed.runs for text in run[TEXT].split("\n")]
            assert self._take_pending(len(own)) == own

    def delete(self, number: int) -> None:
        """Learn that a message was deleted."""
        self.log = [(each, "" if each == number else text) for each, text in self.log]
        if chain := self.follower.chains.get(ROOM):
            chain.delete([number])

    @property
    def end(self) -> int:
        """The id of the last message that it knows."""
        return self.log[-1][0] if self.log else 0

    def _skip(self, news: Skipped) -> None:
        self.skipped += self._take_pending(len(news.own))
        self.log.append((news.end.id, ""))

    def _take_pending(self, count: int) -> list[str]:
        taken = list[str]()
        while count:
            said = self.pending.popleft()
            taken += said.texts[:count]
            if rest := said.texts[count:]:
                self.pending.appendleft(said._replace(texts=rest))
            count -= len(said.texts) - len(rest)
        return taken

    def close(self) -> None:
        self.link.close()
        self.follower.close()


def join(redis: Redis, *servers: Server) -> None:
    """All agree how the room goes on; none of them reads there."""
    run = redis.client.info("server")["run_id"]

    def have_joined() -> bool:
        for server in servers:
            with suppress(StoreError):  # the connection was broken
                server.follower.join([*server.follower.chains])
        return all(server.follower.run == run for server in servers)

    wait_until(have_joined, "all have joined")
