"""jobs.lease: what other servers have done to the clients of this one."""

import time
from typing import Any

import pytest

from gchat.hub.checkpoint import give_token
from gchat.hub.displacing import DISPLACEMENTS
from gchat.hub.hub import Hub
from gchat.jobs import recorder
from gchat.jobs.lease import _exchange
from gchat.jobs.recorder import Recorder
from gchat.model.message import Private
from gchat.model.peers import Others
from gchat.store.memory import MemoryStore
from tests.unit.peers import Company, wait_until
from tests.unit.stores import Away


def exchange(hub: Hub, others: Others) -> None:
    """Exchange with others who is there."""

    class Store(MemoryStore):
        new_lease, has_lapsed = "", False

        def renew(self, peers: Any) -> Others:
            return others

    _exchange(hub, Store())  # type: ignore[arg-type]


def test_a_client_whose_name_was_taken_elsewhere_gets_another_one(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    claims = iter(["ann2", "", "", ""])  # the first free name has just been taken as well
    monkeypatch.setattr(company.hub.directory, "claim", lambda *_: next(claims))
    exchange(company.hub, Others({}, {}, {}, False, [ann.client.number, 999]))
    told = ann.read_line()
    assert told == (
        " * You are now ann2: while this server was cut off from the others, a user of another one "
        "has taken the name ann\n"
    )
    assert bob.client.name == "bob"
    assert company.hub.names.holder("ann") is None


class Lapsed(Away):
    """Places nothing until it is told to do so under its new lease."""

    new_lease, has_lapsed = "2", True

    def renew(self, peers: Any) -> Others:
        return Others({}, {}, {}, True)

    def place_under(self, lease: str) -> None:
        assert lease == self.new_lease
        self.new_lease = ""
        self.is_away = False


def test_of_a_server_that_was_taken_for_ended_nobody_is_heard_who_is_elsewhere_by_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder, "RETRY", 0.01)
    store = Lapsed()
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        ann, bob, cleo = company.converse(), company.join("bob"), company.join("cleo")
        give_token(company.hub, ann.client)
        number = ann.client.number
        for _ in range(int(DISPLACEMENTS.burst)):  # she has done so often
            company.hub.displacements.take(DISPLACEMENTS, number, time.monotonic())
        monkeypatch.setattr(company.hub.directory, "taken", lambda: {number})
        give_token(company.hub, cleo.client)
        left = cleo.client.number, Private(1.0, "dan", "cleo", "psst", 9)
        monkeypatch.setattr(company.hub.directory, "left_privates", lambda of: [left] * len(of))
        ann.send(b"I am elsewhere\n")
        wait_until(lambda: company.room.pending, "that is read")
        company.say(bob, "I am here")
        _exchange(company.hub, store)  # type: ignore[arg-type]
        assert cleo.read_line().endswith("dan -> cleo: psst\n")
        ann.send(b"still elsewhere\n")
        assert cleo.read_line() == "bob: I am here\n"
        assert b"your token was used on another connection" in ann.read_to_end()
        company.say(bob, "and still am")
        assert cleo.read_line() == "bob: and still am\n"
