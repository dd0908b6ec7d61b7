"""A server that can be started again, and people who leave and come back with their token."""

import pytest

from gchat.doors import opening
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.model.identities import Identity
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import shown
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


class Server:
    """One with a history file, that can be started again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.company: Company
        self.checkpointer: Checkpointer

    def start(self) -> Company:
        self.company = Company(store=SqliteStore(self._path))
        self.company.start(Recorder(self.company.hub).run)
        self.checkpointer = Checkpointer(self.company.hub)
        return self.company

    def stop(self) -> None:
        self.checkpointer.write()
        self.kill()

    def kill(self) -> None:
        """End it without a checkpoint."""
        self.company.__exit__(None, None, None)
        self.company.hub.store.close()


def somebody(company: Company) -> Peer:
    """A person with a session."""
    peer = company.converse()
    wait_until(lambda: peer.client.until is None, "it is listened to")
    peer.read_until("/help lists the commands")
    return peer


def named(company: Company, name: str) -> Peer:
    """A person with a session, a name and a token."""
    peer = somebody(company)
    peer.send(f"/nick {name}\n".encode())
    peer.read_until("/token shows how")
    return peer


def gone(company: Company, peer: Peer) -> Identity:
    """End the connection of `peer`."""
    identity = company.hub.identities.of(peer.client.number)
    assert identity
    peer.close()
    wait_until(lambda: identity.number not in company.hub.clients, "it is gone")
    company.hub.pending_writes.wait_for_all(DEADLINE)  # so that who comes now is not told of that
    return identity


def back(company: Company, token: str) -> Peer:
    """Somebody who shows `token`."""
    peer = somebody(company)
    peer.send(f"/resume {token}\n".encode())
    peer.read_until("Welcome back")
    return peer


def at_once(company: Company, token: str, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """Somebody who shows `token` in the first line."""
    monkeypatch.setattr(opening, "QUIET_MOMENT", DEADLINE)
    peer = company.converse(f"/resume {token}\n".encode())
    assert peer.read_line() == " * Welcome back! You are ann in #lobby, with bob\n"
    return peer


def all_shown(company: Company, peer: Peer) -> list[str]:
    """All lines that `peer` has been sent, when all is done that was begun."""
    hub = company.hub
    wait_until(lambda: not (hub.resumed or hub.pending_writes.rooms), "all is done")
    return shown(company, peer)


def lines(company: Company, peer: Peer) -> list[str]:
    """All lines that `peer` has been sent, but for what it is told that it has missed."""
    return [line for line in all_shown(company, peer) if "You missed" not in line]
