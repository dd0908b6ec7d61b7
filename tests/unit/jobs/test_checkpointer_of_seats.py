"""jobs.checkpointer for clients in several rooms: it looks at those where something was sent."""

from collections.abc import Iterable, Sequence

import pytest

from gchat.hub import checkpoint, membership
from gchat.hub.checkpoint import give_token
from gchat.hub.seat import Seat
from gchat.jobs import checkpointer as checkpointer_module
from gchat.jobs.checkpointer import Checkpointer
from gchat.model.identities import Identity
from gchat.model.room_log import Cursor
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

ROOMS = ("builds", "ops", "tests")


@pytest.fixture
def store(store_in_file: SqliteStore) -> SqliteStore:
    return store_in_file


def in_all_rooms(company: Company, name: str) -> Peer:
    peer = company.join(name)
    for room in ROOMS:
        membership.enter_further(company.hub, peer.client, room)
    give_token(company.hub, peer.client)
    return peer


def say(company: Company, speaker: Peer, text: str) -> None:
    company.say(speaker, text)
    company.hub.pending_writes.wait_for_all(DEADLINE)


def test_a_checkpoint_looks_at_no_room_in_which_nothing_was_sent(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, looked_at = in_all_rooms(company, "ann"), company.join("bob"), list[str]()
    received = checkpoint.received

    def note(seat: Seat, arrived: int, known: Cursor) -> checkpoint.Received:
        looked_at.append(seat.log.room)
        return received(seat, arrived, known)

    checkpointer = Checkpointer(company.hub)
    checkpointer.update()
    say(company, bob, "hello")
    ann.read_until("bob: hello")
    monkeypatch.setattr(checkpoint, "received", note)
    checkpointer.update()
    assert looked_at == ["lobby"]
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    assert identity.place.cursor == company.room.log.end
    checkpointer.update()
    assert looked_at == ["lobby"]


def test_others_have_their_turn_after_so_many_seats(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    seats, turns = 1 + len(ROOMS), list[None]()
    peers = [in_all_rooms(company, f"bot{number}") for number in range(6)]
    bob, checkpointer = company.join("bob"), Checkpointer(company.hub)
    checkpointer.update()
    say(company, bob, "hello")
    for peer in peers:
        peer.read_until("bob: hello")
    monkeypatch.setattr(checkpointer_module, "AT_ONCE", 2 * seats)
    monkeypatch.setattr(checkpointer_module, "give_way", lambda: turns.append(None))
    checkpointer.update()
    assert len(turns) == len(peers) // 2


def test_a_transaction_has_so_many_places(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, sizes = company.hub.directory, list[int]()
    write = directory.write_identities

    def note(
        changed: Iterable[Identity], moved: Iterable[Identity], forgotten: Sequence[int]
    ) -> None:
        written = [*changed, *moved]
        sizes.append(len(written))
        write(written, (), forgotten)

    for number in range(7):
        in_all_rooms(company, f"bot{number}")
    monkeypatch.setattr(directory, "write_identities", note)
    monkeypatch.setattr(checkpointer_module, "PLACES_AT_A_TIME", 3 * (1 + len(ROOMS)))
    Checkpointer(company.hub).write()
    assert sizes == [3, 3, 1]
    assert len(directory.identities()) == 7


def test_what_a_client_had_not_received_when_it_got_its_token_is_sent_again(
    company: Company,
) -> None:
    ann, bob = company.join("ann", send_buffer=2048), company.join("bob")
    start = company.room.log.end
    say(company, bob, "hello")
    wait_until(lambda: ann.client.cursor != start, "it was sent that")
    give_token(company.hub, ann.client)
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    assert identity.place.cursor == start
