"""Logs that are written, and what is in them when they are opened."""

from tests.unit.peers import Company, wait_until


def write_all(company: Company) -> None:
    wait_until(lambda: not company.hub.pending_writes.rooms, "all is written")


def texts(company: Company, room: str = "lobby") -> list[str]:
    """What a log that is opened now holds."""
    return [m.text for m in company.hub.history.open(room).after(0, 1000) if m.is_spoken]
