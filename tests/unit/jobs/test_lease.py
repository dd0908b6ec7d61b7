"""jobs.lease: what other servers have done to the clients of this one."""

from typing import Any

import pytest

from gchat.hub.hub import Hub
from gchat.jobs.lease import _exchange
from gchat.model.peers import Others
from gchat.store.memory import MemoryStore
from tests.unit.peers import Company


def exchange(hub: Hub, others: Others) -> None:
    """Exchange with others who is there."""

    class Store(MemoryStore):
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
