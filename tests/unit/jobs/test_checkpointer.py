"""jobs.checkpointer: identities and cursors of clients that can resume are in the file."""

import sqlite3

import pytest

from gchat.hub import membership
from gchat.hub.checkpoint import give_token
from gchat.hub.client import Client
from gchat.jobs import checkpointer as checkpointer_module
from gchat.jobs.checkpointer import PLACES_AT_A_TIME, Checkpointer
from gchat.model import identities
from gchat.model.events import Announced
from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.store.errors import StoreError
from gchat.store.sqlite import identities as sqlite_identities
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def store(store_in_file: SqliteStore) -> SqliteStore:
    return store_in_file


@pytest.fixture
def checkpointer(company: Company, monkeypatch: pytest.MonkeyPatch) -> Checkpointer:
    """One that is at work."""
    monkeypatch.setattr(checkpointer_module, "INTERVAL", 0.001)
    monkeypatch.setattr(checkpointer_module, "RETRY", 0.001)
    checkpointer = Checkpointer(company.hub)
    company.start(checkpointer.run)
    return checkpointer


@pytest.fixture
def ann(company: Company) -> Peer:
    ann = company.join("ann")
    give_token(company.hub, ann.client)
    return ann


def in_the_file(company: Company) -> list[Identity]:
    return company.hub.directory.identities()


def place_in_the_file(company: Company) -> int:
    return max((identity.place.cursor.id for identity in in_the_file(company)), default=-1)


@pytest.mark.usefixtures("checkpointer")
def test_how_far_each_has_got_is_written_while_they_are_there(company: Company, ann: Peer) -> None:
    bob = company.join("bob")
    wait_until(lambda: in_the_file(company), "it is written")
    company.say(bob, "one", "two")
    assert ann.read_lines(2) == ["bob: one", "bob: two"]
    end = company.room.log.end.id
    wait_until(lambda: place_in_the_file(company) == end, "that is written")
    (identity,) = in_the_file(company)
    assert identity.name == "ann"
    assert identity.place.cursor == company.room.log.end


def test_so_is_what_arrives_when_nobody_is_sent_anything_any_more(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpointer, noted = noting(company, monkeypatch)
    bob = company.join("bob")
    company.say(bob, "one")
    wait_until(lambda: ann.client.cursor == company.room.log.end, "it is on its way")
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")

    def rests() -> bool:
        noted.clear()
        for _ in range(3):
            checkpointer.update()
            checkpointer.write()
        return not noted

    wait_until(rests, "nothing is noted any more")
    assert place_in_the_file(company) < company.room.log.end.id
    assert ann.read_lines(1) == ["bob: one"]
    wait_until(lambda: not ann.client.connection.unacknowledged, "it has arrived")
    for _ in range(3):
        checkpointer.update()
        checkpointer.write()
    assert place_in_the_file(company) == company.room.log.end.id
    assert noted == [ann.client]
    assert not checkpointer._in_flight


def noting(company: Company, monkeypatch: pytest.MonkeyPatch) -> tuple[Checkpointer, list[Client]]:
    """A checkpointer that is not at work, and the clients of which it notes something."""
    checkpointer, noted = Checkpointer(company.hub), list[Client]()

    def note(client: Client, identity: Identity) -> None:
        noted.append(client)
        Checkpointer._update(checkpointer, client, identity)

    monkeypatch.setattr(checkpointer, "_update", note)
    return checkpointer, noted


def test_a_checkpoint_costs_nothing_for_clients_that_were_sent_nothing(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [company.join(f"other{number}") for number in range(5)]
    for peer in others:
        give_token(company.hub, peer.client)
    membership.move(company.hub, others[0].client, "elsewhere")
    checkpointer, noted = noting(company, monkeypatch)
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    checkpointer.update()
    noted.clear()
    company.hub.tell(ann.client, "hello")
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    checkpointer.update()
    assert noted == [ann.client]
    noted.clear()
    company.hub.notify(company.hub.room_of(others[0].client), Announced("op", "hello"))
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    wait_until(lambda: others[0].client.cursor.id, "it is sent")
    checkpointer.update()
    assert others[0].client in noted
    assert set(noted) <= {ann.client, others[0].client}


@pytest.mark.usefixtures("checkpointer")
def test_so_is_what_has_changed_about_them(company: Company, ann: Peer) -> None:
    bob = company.join("bob")
    company.hub.names.ignore(ann.client, "cy")
    ann.client.display = ann.client.display._replace(time=True)
    company.say(bob, "hello")
    wait_until(
        lambda: [i.ignored for i in in_the_file(company) if i.display.time] == [["cy"]],
        "it is written",
    )


@pytest.mark.usefixtures("checkpointer")
def test_what_could_not_be_written_is_so_later_and_told_once(
    company: Company,
    ann: Peer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = list[int]()
    gone, absent = company.join("gone"), company.join("absent")
    for peer in (gone, absent):
        give_token(company.hub, peer.client)
    wait_until(lambda: len(in_the_file(company)) == 3, "all are written")

    def full(*_: object) -> None:
        tries.append(1)
        raise StoreError("it burns")

    with monkeypatch.context() as patch:
        patch.setattr(company.hub.directory, "write_identities", full)
        identities = company.hub.identities
        forgotten = identities.of(gone.client.number)
        assert forgotten
        identities.changed[forgotten.number] = forgotten
        company.say(absent, "hello")
        wait_until(lambda: len(tries) > 2, "it is tried again and again")
        identities.forget(forgotten)
        wait_until(lambda: len(tries) > 5, "it is tried again and again")
    wait_until(lambda: len(in_the_file(company)) == 2, "the one is deleted")
    end = company.room.log.end.id
    wait_until(lambda: place_in_the_file(company) == end, "the others are written")
    assert caplog.messages == ["cannot save resume tokens: it burns"]


def test_those_forgotten_while_nothing_can_be_written_take_no_memory_and_are_deleted_later(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "MOST_FORGOTTEN", 5)
    hub, checkpointer = company.hub, Checkpointer(company.hub)
    directory, known = hub.directory, hub.identities
    old = [given_a_token(company, f"old{number}") for number in range(10)]
    checkpointer.write()
    directory.write_privates([(old[0].number, Private(1.0, "bob", "old0", "psst", 1))], [])
    with pytest.MonkeyPatch.context() as patch:
        for name in ("write", "delete_others"):
            patch.setattr(sqlite_identities, name, fail_to_write)
        for number in range(100):
            known.forget(given_a_token(company, f"new{number}"))
            assert len(known.forgotten) <= 5
        for identity in old[:9]:
            known.forget(identity)
        for _ in range(2):
            checkpointer.write()
    late = given_a_token(company, "late")
    checkpointer.write()
    there = {identity.name for identity in in_the_file(company)}
    assert there == {"ann", "old9", "late"}
    assert directory.privates(old[0].number) == []
    known.forget(late)
    checkpointer.write()
    assert late.name not in {identity.name for identity in in_the_file(company)}
    assert not known.forgotten
    assert not known.forgot_many


def fail_to_write(*_arguments: object, **_named: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


def given_a_token(company: Company, name: str) -> Identity:
    """The identity of somebody new."""
    peer = company.join(name)
    give_token(company.hub, peer.client)
    identity = company.hub.identities.of(peer.client.number)
    assert identity
    return identity


def test_very_many_are_written_a_portion_at_a_time(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities, "MOST_OF_A_NETWORK", 3 * PLACES_AT_A_TIME)
    for number in range(2 * PLACES_AT_A_TIME + 1):
        peer = company.join(f"name{number}")
        give_token(company.hub, peer.client)
    Checkpointer(company.hub).write()
    assert len(in_the_file(company)) == 2 * PLACES_AT_A_TIME + 1
    assert not company.hub.identities.changed
