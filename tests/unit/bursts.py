"""Much that is said at once, for the tests of the broadcaster."""

from tests.unit.peers import Company, Peer, wait_until

SMALL = 2048
"""Bytes of a send buffer that a burst does not fit in (Linux doubles it)."""


def numbered(first: int, count: int, width: int = 60) -> list[str]:
    return [f"{number:0{width}}" for number in range(first, first + count)]


def talk(company: Company, peer: Peer, texts: list[str], at_once: int = 50) -> None:
    """Say `texts` a part at a time, with rounds between."""
    for start in range(0, len(texts), at_once):
        company.say(peer, *texts[start : start + at_once])
        wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
