"""hub.resumption: what is kept over a restart for clients that come back, and what is not."""

import time

import pytest
from gevent.event import Event

from gchat.hub.checkpoint import leave
from gchat.model.message import Private
from tests.unit.commands.typing_lines import person, told
from tests.unit.hub.resumption.returning import (
    Server,
    all_shown,
    back,
    gone,
    named,
    somebody,
)
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


def test_it_all_holds_over_a_restart(server: Server) -> None:
    company = server.company
    ann, bob = named(company, "ann"), person(company, "bob")
    for line in (b"/time UTC\n", b"/ignore cy\n"):
        ann.send(line)
    ann.read_until("You now ignore cy")
    ann.send(b"mine\n")
    bob.read_until("ann: mine")
    gone(company, ann)
    company.say(bob, "missed")
    told(company, bob, "/msg ann psst")
    server.stop()

    company = server.start()
    bob = person(company, "bob")
    company.say(bob, "missed, too")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    told(company, bob, "/msg ann psst again")
    again = back(company, ann.client.token)
    found = all_shown(company, again)
    assert found[0] == " * You missed 2 messages:"
    assert [line.partition("] ")[2] for line in found[1:]] == [
        "bob -> ann: psst",
        "bob -> ann: psst again",
        "bob: missed",
        "bob: missed, too",
    ]
    assert list(again.client.ignores.names) == ["cy"]


def test_who_goes_while_private_messages_are_read_finds_them_after_a_restart(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = server.company
    ann, bob = named(company, "ann"), person(company, "bob")
    gone(company, ann)
    told(company, bob, "/msg ann psst")
    begun, end = Event(), Event()
    read = company.hub.directory.privates

    def read_slowly(number: int) -> list[Private]:
        begun.set()
        end.wait(DEADLINE)
        return read(number)

    monkeypatch.setattr(company.hub.directory, "privates", read_slowly)
    again = somebody(company)
    again.send(f"/resume {ann.client.token}\n".encode())
    assert begun.wait(DEADLINE)
    again.client.expel("kicked")
    wait_until(lambda: again.client.number not in company.hub.clients, "it is gone")
    end.set()
    server.stop()

    company = server.start()
    again = back(company, ann.client.token)
    again.read_until("bob -> ann: psst")


def test_what_nobody_came_back_for_is_forgotten(server: Server) -> None:
    company = server.company
    ann = named(company, "ann")
    identity = gone(company, ann)
    bob = person(company, "bob")
    told(company, bob, "/msg ann psst")
    company.hub.identities.expire(time.time() + 10, time.time() + 5, company.hub.clients)
    server.stop()
    company = server.start()
    assert company.hub.identities.shown(ann.client.token) is None
    assert company.hub.directory.privates(identity.number) == []


def test_without_a_time_to_reserve_nothing_is_kept(company: Company, ann: Peer) -> None:
    company.hub.settings.reserve = 0
    gone(company, ann)
    assert company.hub.identities.shown(ann.client.token) is None
    assert company.hub.names.free("ann") == "ann"


def test_leaving_is_nothing_for_who_has_no_token(company: Company, bob: Peer) -> None:
    leave(company.hub, bob.client)
    assert not company.hub.identities.changed
