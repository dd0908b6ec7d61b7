"""jobs.follower: what several servers say at about the same time is sent in one round."""

from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from gchat.jobs import follower
from gchat.runtime.loop import give_way

ROOM = "the room that a round is for"

PASSES = 3
"""Of the event loop, which the round takes."""


def waits(monkeypatch: pytest.MonkeyPatch, *servers: str) -> list[float]:
    """The seconds that the follower waits behind a round, which has to be over then."""
    hub: Any = SimpleNamespace(ready_rooms={ROOM: None}, elsewhere=SimpleNamespace(servers=servers))
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
