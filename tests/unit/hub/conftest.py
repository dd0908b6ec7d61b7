"""The hub, on each of the stores that it has to do with."""

import pytest

from gchat.store.base import Store
from tests.unit.stores import VARIANTS


@pytest.fixture(params=VARIANTS)
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the stores that the hub has to do with."""
    store: Store = request.param()
    return store
