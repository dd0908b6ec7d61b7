"""program: the end of the server."""

from time import monotonic

import pytest

from gchat.jobs.checkpointer import Checkpointer
from gchat.program import LEAST_TO_WRITE, close_store
from gchat.store.base import END_PATIENCE
from gchat.store.memory import MemoryStore
from tests.unit.peers import Company


class Closing(MemoryStore):
    """Notes how long it may take to close."""

    seconds = -1.0

    def close(self, seconds: float = END_PATIENCE) -> None:
        self.seconds = seconds


@pytest.mark.parametrize(
    ("left", "least", "most"),
    [
        (-9.0, 0.0, LEAST_TO_WRITE),
        (LEAST_TO_WRITE / 2, LEAST_TO_WRITE / 2, LEAST_TO_WRITE),
        (999.0, 900.0, 999.0),
    ],
)
def test_the_store_gets_the_time_that_the_clients_have_left_it_and_some_at_least(
    left: float, least: float, most: float
) -> None:
    store = Closing()
    with Company(store=store) as company:
        close_store(company.hub, Checkpointer(company.hub), [], monotonic() + left)
    assert least < store.seconds <= most
