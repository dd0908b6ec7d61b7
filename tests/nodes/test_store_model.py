"""What several servers know of a room, whatever happens between them and Redis: always the same.

The parts of the store that talk with Redis, without a hub: what is said, sent, answered or not, and
read, in any order; Redis is killed, and comes back with what it had when it was last saved.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gchat.store.errors import StoreError
from gchat.store.redis import follower, joining, link
from gchat.store.redis.deletions import deleting
from tests.nodes.redis_server import KEEPS_NOTHING, Redis
from tests.nodes.store_parts import NAMES, ROOM, Server

SERVER = st.sampled_from(NAMES)


class Talk(RuleBasedStateMachine):
    """Three servers and a Redis."""

    @initialize(most=st.sampled_from([0, 200]))
    def start(self, most: int) -> None:
        follower.MOST_FOLLOWED = most
        self.folder = tempfile.TemporaryDirectory()
        self.redis = Redis(Path(self.folder.name), *KEEPS_NOTHING)
        self.servers = {name: Server(self.redis.url, name) for name in NAMES}
        self.numbers = count(1)
        self.said = dict[str, list[str]]()
        self.gone = set[str]()
        self.follow_all(NAMES)

    @rule(name=SERVER, number=st.integers(1, 4), times=st.integers(0, 2))
    def say(self, name: str, number: int, times: int) -> None:
        texts = [f"{name} says {next(self.numbers)}" for _ in range(number)]
        self.said.setdefault(name, []).extend(texts)
        self.servers[name].say(texts)
        with unless_away():
            self.servers[name].send(times)

    @precondition(lambda self: any(each.pending for each in self.servers.values()))
    @rule(name=SERVER, times=st.integers(1, 2))
    def send(self, name: str, times: int) -> None:
        if self.servers[name].pending:
            with unless_away():
                self.servers[name].send(times)

    @rule(name=SERVER)
    def follow(self, name: str) -> None:
        with unless_away():
            self.servers[name].follow()

    @rule(names=st.permutations(NAMES))
    def follow_all(self, names: Sequence[str]) -> None:
        """All servers take what has come; if they have to agree first, they do."""
        for name in (*names, *names):
            self.follow(name)

    @rule(name=SERVER)
    def cut(self, name: str) -> None:
        self.servers[name].close()

    @rule()
    def save(self) -> None:
        self.redis.client.save()

    @rule(some=st.sets(SERVER))
    def crash(self, some: set[str]) -> None:
        """Redis comes back with what it had when it was last saved, and some servers do."""
        self.redis.kill()
        self.redis.start()
        for name in sorted(some):
            self.follow(name)

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A message is deleted which all servers have seen, and Redis has."""
        seen = min(len(each.log) for each in self.servers.values())
        there = [number for number, text in self.servers["1"].log[:seen] if text]
        if not there:
            return
        number = data.draw(st.sampled_from(there))
        with unless_away():
            deleted = self.servers["1"].link.call(*deleting(ROOM, [number]))
            if deleted:
                self.gone.add(self.servers["1"].log[number - 1][1])
                for server in self.servers.values():
                    server.delete(number)

    def teardown(self) -> None:
        """When all is quiet, everybody knows the same: each text once, in the order of each."""
        try:
            self.settle()
            self.judge()
        finally:
            for server in self.servers.values():
                server.close()
            self.redis.kill()
            self.folder.cleanup()

    def settle(self) -> None:
        for _ in range(100):
            for server in self.servers.values():
                with unless_away():
                    server.follow()
                    if server.pending:
                        server.send()
            logs = [server.log for server in self.servers.values()]
            if not any(server.pending for server in self.servers.values()) and (
                len({len(log) for log in logs}) == 1
            ):
                return

    def judge(self) -> None:
        first, *others = (server.log for server in self.servers.values())
        assert all(other == first for other in others)
        shown = [text for _, text in first if text]
        for name, texts in self.said.items():
            kept = [text for text in texts if text not in self.gone]
            assert [text for text in shown if text.startswith(f"{name} ")] == kept
        in_redis = [line.text for line in self.redis.lines(ROOM)]
        assert not self.gone & {*in_redis}


@contextmanager
def unless_away() -> Iterator[None]:
    """What cannot be done now is done later."""
    with suppress(StoreError):
        yield


@pytest.mark.timeout(300)  # a busy machine takes a few times what a quiet one does
def test_all_servers_know_the_same_whatever_happens() -> None:
    with (
        patch.object(follower, "BLOCK", 1),
        patch.object(follower, "MOST_FOLLOWED", 200),
        patch.object(follower, "COUNT", 3),
        patch.object(follower, "JOIN_PAUSE", 0.0),
        patch.object(link, "PAUSE", 0.0),
        patch.object(joining, "UP", 0),
    ):
        few = settings(max_examples=20, stateful_step_count=40, database=None)
        run_state_machine_as_test(Talk, settings=few)
