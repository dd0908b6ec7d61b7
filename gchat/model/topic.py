"""What a room is about."""

from typing import NamedTuple


class Topic(NamedTuple):
    """What somebody has said that a room is about."""

    text: str
    sender: int
    """The number of the client that has set it."""
    name: str
    """Its name at that moment."""
