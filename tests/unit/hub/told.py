"""People who are announced, and what a room has been told."""

from gchat.hub import membership
from gchat.protocol.sentences import sentence
from tests.unit.peers import Company, Peer


def log_of(company: Company) -> list[str]:
    log = company.room.log
    return [
        f"{each.name}: {each.text}" if each.is_spoken else sentence(each)
        for each in log.after(log.start.id, 1000)
    ]


def announce(*peers: Peer, company: Company) -> None:
    for peer in peers:
        membership.announce(company.hub, peer.client)
