"""delivery.broadcaster: who goes elsewhere while a round is under way that has yet to reach it."""

from collections.abc import Iterator

import pytest

from gchat.delivery import broadcaster
from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.senders import loop
from gchat.hub import membership
from gchat.hub.checkpoint import give_token
from gchat.hub.resumption import resume
from gchat.model.events import Announced
from tests.unit.peers import Company, Peer


class Rounds:
    """A company whose rounds are served by hand."""

    def __init__(self, company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
        self.company = company
        self._serve = Broadcaster(company.hub)._serve
        self._monkeypatch = monkeypatch

    def begin(self) -> None:
        """Serve the first listener of the lobby's next round."""
        with self._monkeypatch.context() as patch:
            patch.setattr(broadcaster, "SLICE", 0.0)
            patch.setattr(loop, "AT_A_TIME", 1)
            self._serve(self.company.room)

    def end(self) -> None:
        """Serve the others."""
        self._serve(self.company.room)

    def finish(self) -> None:
        """Serve all rooms until there is nothing left to be sent."""
        while ready_rooms := self.company.hub.ready_rooms:
            self._serve(next(iter(ready_rooms)))

    def received(self, peer: Peer) -> bytes:
        """All that `peer` is sent, when that is finished and its connection ends."""
        self.finish()
        peer.client.connection.finish()
        return peer.read_to_end()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rounds]:
    with Company(broadcasting=False) as company:
        yield Rounds(company, monkeypatch)


def test_it_does_not_reach_who_has_moved_where_that_is_now(rounds: Rounds) -> None:
    hub, lobby = rounds.company.hub, rounds.company.room
    ann = rounds.company.join("ann")
    rounds.company.join("bob")
    rounds.finish()
    rounds.company.say(ann, "one")
    rounds.begin()
    rounds.company.say(ann, "two")
    cy = rounds.company.join("cy")  # behind what was said; the round ends before that
    rounds.end()
    rounds.begin()  # the next one, in which cy has all that it sends
    assert lobby.sent == cy.client.cursor
    builds = membership.move(hub, cy.client, "builds")
    hub.notify(builds, Announced("op", "hello"))
    assert rounds.received(cy) == b" * op announces: hello\n"
    assert cy.client.cursor == builds.log.end


def test_who_goes_on_elsewhere_gets_what_it_sends_there_and_only_there(rounds: Rounds) -> None:
    hub = rounds.company.hub
    ann, bob = rounds.company.join("ann"), rounds.company.join("bob")
    rounds.company.join("cy")  # who is sent to before bob
    give_token(hub, bob.client)
    identity = hub.identities.of(bob.client.number)
    assert identity
    rounds.finish()
    rounds.company.say(ann, "before")
    rounds.finish()
    rounds.company.say(ann, "one")
    rounds.begin()
    assert bob.client.cursor.spoken == 1
    membership.part(hub, bob.client, "it has ended its input")
    again = rounds.company.join("again", listens=False)
    token = bob.client.token
    resume(hub, again.client, identity, token)
    membership.listen(hub, again.client)
    at_first, then = rounds.received(bob), rounds.received(again)
    assert at_first.startswith(b"ann: before\n")
    assert b"one" not in at_first
    assert then.count(b"ann: one\n") == 1
