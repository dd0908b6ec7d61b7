"""What the fuzzing tests share."""

from collections.abc import Iterator

import pytest

from tests.fuzz.machine import STANDING


@pytest.fixture(autouse=True, scope="module")
def server_that_ends_in_order() -> Iterator[None]:
    """What is wrong with the server that was running last fails the last test of a module."""
    yield
    STANDING.finish()
