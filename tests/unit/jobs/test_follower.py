"""jobs.follower: what other servers tell is taken, that of the same time in one round."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.event import Event

from gchat.hub.fair_queue import FairQueue
from gchat.hub.room import Room
from gchat.jobs import follower
from gchat.model.events import Announced
from gchat.model.room_log import RoomLog
from gchat.runtime.loop import give_way
from gchat.store.memory import MemoryStore
from gchat.store.shared import Informed, Letter, News
from tests.unit.peers import Company

PASSES = 3
"""Of the event loop, which the round takes."""


def waits(monkeypatch: pytest.MonkeyPatch, *servers: str, are_awaited: bool = False) -> list[float]:
    """The seconds that the follower waits behind a round, which has to be over then."""
    room = Room(RoomLog("lobby"))
    monkeypatch.setattr(FairQueue, "are_awaited", are_awaited)
    hub: Any = SimpleNamespace(ready_rooms={room: None}, elsewhere=SimpleNamespace(servers=servers))
    waited = list[float]()

    def serve() -> None:
        for _ in range(PASSES):
            give_way()
        hub.ready_rooms.clear()

    def sleep(seconds: float) -> None:
        assert not hub.ready_rooms
        waited.append(seconds)

    monkeypatch.setattr(follower, "LONGEST_WAIT", 10.0)
    round_ = gevent.spawn(serve)
    with monkeypatch.context() as patched:
        patched.setattr(follower.gevent, "sleep", sleep)  # type: ignore[attr-defined]
        follower._wait_for_round(hub)
    round_.join()
    return waited


def test_it_waits_for_the_others_as_long_as_the_round_took(monkeypatch: pytest.MonkeyPatch) -> None:
    (seconds,) = waits(monkeypatch, "12")
    assert seconds > 0


def test_a_server_that_is_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch) == []


class Teller(MemoryStore):
    """Tells something once."""

    def __init__(self, *news: News) -> None:
        super().__init__()
        self._news = news

    def follow(self, ends: Mapping[str, int]) -> Sequence[News]:
        news, self._news = self._news, ()
        if not news:
            Event().wait()
        return news


def test_what_cannot_be_understood_is_passed_over(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    """Another version may have sent it; what comes behind is for others."""
    ann = company.join("ann")
    news = (
        Letter("7", "kick", "no number", 0.0),
        Informed(Announced.kind, {"by": "op", "announcement": "tea!"}),
    )
    company.start(follower.follow, company.hub, Teller(*news))
    assert "tea!" in ann.read_line()
    assert "cannot take what other servers tell: Letter" in caplog.text


def test_where_senders_wait_the_next_round_is_not_put_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert waits(monkeypatch, "12", are_awaited=True) == []
