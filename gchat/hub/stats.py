"""What is counted since the start: clients, lines, bytes."""

from dataclasses import astuple, dataclass
from operator import sub


@dataclass
class Stats:
    """Counted by those who do it: once for a portion, or for a call to send, not for a line."""

    joined: int = 0
    """Clients that came, whether they have left or not."""
    refused: int = 0
    """Newcomers that were turned away."""
    messages: int = 0
    """Lines that clients have said in rooms."""
    bytes_in: int = 0
    """All that clients have sent."""
    deliveries: int = 0
    """Lines said in rooms, each counted for each other client that it has reached, even if that
    one ignores who said it."""
    bytes_out: int = 0
    """All that clients were sent."""

    def __sub__(self, before: "Stats") -> "Stats":
        """What was done since `before`."""
        return Stats(*map(sub, astuple(self), astuple(before)))
