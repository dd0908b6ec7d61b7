"""/unmute of somebody who is away: they come back with /resume, and may speak."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.hub import membership
from gchat.hub.checkpoint import leave
from gchat.hub.resumption import resume
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.model.identities import Identity
from gchat.model.sanctions import Sanction
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import at, person, refusal, run, shown, told
from tests.unit.peers import DEADLINE, Company, Peer

MUTED = Sanction("op", "rude")


class Server:
    """One with a history file, that can be started again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._store = SqliteStore(path)
        self.company = self._start()

    def _start(self) -> Company:
        company = Company(store=self._store)
        company.start(Recorder(company.hub).run)
        return company

    def restart(self) -> Company:
        self.stop()
        self._store = SqliteStore(self._path)
        self.company = self._start()
        return self.company

    def stop(self) -> None:
        Checkpointer(self.company.hub).write()
        self.company.__exit__(None, None, None)
        self._store.close()

    def operator(self) -> Peer:
        op = at(person(self.company, "op"), "10.0.0.1")
        op.client.operator = True
        return op

    def muted(self, name: str, host: str) -> tuple[Peer, Identity]:
        """Somebody called `name` from `host` who has a token, and is muted."""
        peer = at(person(self.company), host)
        run(self.company, peer, f"/nick {name}")
        peer.client.muted = MUTED
        identity = self.company.hub.identities.of(peer.client.number)
        assert identity
        return peer, identity

    def leave(self, peer: Peer) -> None:
        """They are gone, and can come back."""
        membership.part(self.company.hub, peer.client, "test")
        leave(self.company.hub, peer.client)
        membership.remove(self.company.hub, peer.client)
        self.company.hub.pending_writes.wait_for_all(DEADLINE)  # who comes now is not told of it

    def in_file(self, name: str) -> Sanction | None:
        """What the file has of the mute of `name`, as soon as what has changed is written."""
        Checkpointer(self.company.hub).write()
        (found,) = [each for each in self._store.directory.identities() if each.name == name]
        return found.muted


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(str(tmp_path / "chat.db"))
    yield server
    server.stop()


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("who", ["bob", "BOB", "10.1.0.2", "10.1.0.0/16", "::ffff:10.1.0.0/112"])
def test_one_who_is_away_is_unmuted_by_name_or_address_and_may_speak_when_back(
    who: str, restarts: bool, server: Server
) -> None:
    bob, _ = server.muted("bob", "10.1.0.2")
    token = bob.client.token
    server.leave(bob)
    company = server.restart() if restarts else server.company
    assert server.in_file("bob") == MUTED
    op = server.operator()
    freed = {"10.1.0.2": "10.1.0.2", "bob": "bob", "BOB": "bob"}.get(who, "10.1.0.0/16")
    assert told(company, op, f"/unmute {who}") == [f"op unmuted {freed}"]
    assert server.in_file("bob") is None
    again = person(company)
    identity = company.hub.identities.called("bob")
    assert identity
    resume(company.hub, again.client, identity, token)
    assert again.client.muted is None
    run(company, again, "/me is back")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    assert shown(company, op)[-1] == " ** bob is back"
    assert "is not muted" in refusal(company, op, f"/unmute {who}")


def test_others_who_are_away_stay_muted(server: Server) -> None:
    company, op = server.company, server.operator()
    names = {"bob": "10.1.0.2", "cy": "10.1.0.2", "di": "10.2.0.1", "ed": "2001:db8::1"}
    identities = {}
    for name, host in names.items():
        peer, identities[name] = server.muted(name, host)
        server.leave(peer)
    identities["di"].muted = MUTED._replace(until=time.time() - 1)

    def still_muted() -> list[str]:
        return [name for name, identity in identities.items() if identity.muted]

    run(company, op, "/unmute bob")
    assert still_muted() == ["cy", "di", "ed"]
    assert "is not muted" in refusal(company, op, "/unmute di")  # it is over
    run(company, op, "/unmute 10.0.0.0/8")
    assert still_muted() == ["di", "ed"]
    run(company, op, "/unmute 2001:db8::7")
    assert still_muted() == ["di"]


def test_the_name_of_one_who_is_away_frees_nobody_else_at_their_address(server: Server) -> None:
    op, (bob, _) = server.operator(), server.muted("bob", "10.1.0.2")
    cy, _ = server.muted("cy", "10.1.0.2")
    server.leave(bob)
    shown(server.company, op)
    assert told(server.company, op, "/unmute bob") == ["op unmuted bob"]
    assert cy.client.muted == MUTED
    assert "is not muted" in refusal(server.company, op, "/unmute bob")
    run(server.company, op, "/unmute 10.1.0.2")
    assert cy.client.muted is None


def test_one_who_has_left_and_is_still_sent_what_it_is_owed_is_unmuted_too(
    server: Server,
) -> None:
    company, op = server.company, server.operator()
    bob, identity = server.muted("bob", "10.1.0.2")
    membership.part(company.hub, bob.client, "test")
    shown(company, op)
    run(company, op, "/unmute bob")
    leave(company.hub, bob.client)
    membership.remove(company.hub, bob.client)
    assert identity.muted is None
    assert server.in_file("bob") is None


def test_who_is_known_from_the_file_alone_is_banned_by_name_as_well(server: Server) -> None:
    bob, _ = server.muted("bob", "10.1.0.2")
    server.leave(bob)
    company = server.restart()
    op = server.operator()
    assert told(company, op, "/ban bob")[0] == "10.1.0.2 is banned by op"
    assert told(company, op, "/unban bob") == ["The ban of 10.1.0.2 is lifted"]
