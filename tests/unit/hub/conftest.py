"""The hub, on each of the stores that it has to do with, or a part of it alone."""

from collections.abc import Iterator

import pytest

from gchat.hub.rooms import LOBBY, Rooms
from gchat.model.room_log import RoomLog
from gchat.store.base import Store
from tests.unit.peers import Company
from tests.unit.stores import VARIANTS


@pytest.fixture(params=VARIANTS)
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the stores that the hub has to do with."""
    store: Store = request.param()
    return store


@pytest.fixture
def quiet() -> Iterator[Company]:
    """A hub without a broadcaster: its log tells what it would send."""
    with Company(broadcasting=False) as company:
        yield company


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(RoomLog(LOBBY))
