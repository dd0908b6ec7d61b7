"""People who have a session, and the end of one."""

from tests.unit.bursts import SMALL
from tests.unit.peers import Company, Peer, wait_until


def person(company: Company) -> Peer:
    """Somebody who has been welcomed and has read that."""
    peer = company.converse()
    peer.read_until("/help lists the commands.")
    return peer


def behind(company: Company, talker: Peer) -> Peer:
    """Somebody who has not read 2,000 lines of `talker`'s."""
    peer = company.program(SMALL)
    company.say(talker, *(f"{number:0100}" for number in range(2000)))
    wait_until(lambda: peer.client.connection.blocked, "its socket is full")
    return peer


def wait_until_gone(company: Company, peer: Peer) -> None:
    wait_until(lambda: peer.client.number not in company.hub.clients, "it is gone")
