"""Messages to write to a file."""

from gchat.model.message import Kind
from gchat.model.room_log import Entry


def entries(count: int, room: str = "lobby", first: int = 1) -> list[Entry]:
    """So many things said, with the ids from `first` on."""
    return [
        (number, number, 1000.0 + number, room, Kind.SAY, 7, "ann", f"text {number}")
        for number in range(first, first + count)
    ]
