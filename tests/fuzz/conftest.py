"""What the fuzzing tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.fuzz.machine import STANDING

settings.register_profile("long", max_examples=1000)


@pytest.fixture(autouse=True, scope="module")
def server_that_ends_in_order() -> Iterator[None]:
    """What is wrong with the server that was running last fails the last test of a module."""
    yield
    STANDING.finish()
