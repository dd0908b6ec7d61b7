"""hub.last_seen: a client that says what it has goes on exactly there, or is told a gap."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gchat.hub import membership
from gchat.hub.last_seen import continue_behind
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.model.epochs import Place
from gchat.model.room_log import Cursor, RoomLog
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.peers import DEADLINE, Company, Peer

GAP = "You may have missed messages: what followed your last one is not known any more"


@pytest.fixture
def store(store_in_file: SqliteStore) -> SqliteStore:
    return store_in_file


@pytest.fixture
def ann(company: Company) -> Peer:
    """Somebody with a token, who was sent five messages and has one of her own among them."""
    ann, bob = person(company, "ann"), person(company, "bob")
    run(company, ann, "/token")
    company.say(bob, "one", "two")
    company.say(ann, "mine")
    company.say(bob, "four", "five")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    shown(company, ann)
    return ann


def ids(company: Company) -> dict[str, int]:
    """The id of each message in the lobby, by its text."""
    return {message.text: message.id for message in company.room.log.after(0, 100)}


def resumed(company: Company, ann: Peer, last: object) -> list[str]:
    """The lines for somebody who shows Ann's token and says that `last` is what they have."""
    membership.part(company.hub, ann.client, "gone")
    other = person(company)
    run(company, other, f"/resume {ann.client.token} {last}")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    return [line for line in shown(company, other) if not line.endswith((" ann", " left"))]


def after_welcome(lines: list[str]) -> list[str]:
    assert "Welcome back! You are ann" in lines[0]
    return lines[1:]


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("one", ["bob: two", "bob: four", "bob: five"]),
        ("two", ["bob: four", "bob: five"]),
        ("mine", ["bob: four", "bob: five"]),
        ("four", ["bob: five"]),
        ("five", []),
    ],
)
def test_it_gets_what_follows_and_nothing_else(
    company: Company, ann: Peer, text: str, missed: list[str]
) -> None:
    lines = after_welcome(resumed(company, ann, ids(company)[text]))
    messages = f"{len(missed)} message{'s' * (len(missed) != 1)}:" if missed else "no messages"
    assert lines == [f" * You missed {messages}", *missed]


def test_what_memory_does_not_hold_is_read_from_the_file(company: Company, ann: Peer) -> None:
    first = ids(company)["one"]
    company.hub.pending_writes.wait_for_all(DEADLINE)
    while company.room.log.give_up(first + 2):
        pass
    lines = after_welcome(resumed(company, ann, first))
    assert lines[-3:] == ["bob: two", "bob: four", "bob: five"]


def test_what_is_not_kept_any_more_is_a_gap(company: Company, ann: Peer) -> None:
    known = ids(company)
    company.hub.store.trim_room("lobby", company.room.log.end.id - known["two"], 100)
    while company.room.log.give_up(known["two"]):
        pass
    lines = after_welcome(resumed(company, ann, known["one"] - 1))
    assert lines == [f" * {GAP}", "bob: four", "bob: five"]


@pytest.mark.parametrize("last", [10**6, "1f3-1"])
def test_a_message_that_is_not_known_is_a_gap(company: Company, ann: Peer, last: object) -> None:
    assert after_welcome(resumed(company, ann, last))[0] == f" * {GAP}"


def test_a_gap_goes_on_where_the_kernel_had_acknowledged_everything(
    company: Company,
) -> None:
    log = RoomLog("lobby")
    log.append(1.0, "say", ["one", "two"])
    known = Cursor(1, 1)
    assert continue_behind(company.hub, log, Place(3), known) == (known, True)


def test_a_place_that_was_put_back_is_saved_so(company: Company, ann: Peer) -> None:
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    place = ids(company)["one"]
    resumed(company, ann, place)
    assert identity.place.own_ahead == 1
    company.hub.touched.add(identity.number)
    Checkpointer(company.hub).update()
    assert identity.place.cursor == company.room.log.end


def test_a_token_may_be_typed_with_blanks_before_the_id(company: Company, ann: Peer) -> None:
    membership.part(company.hub, ann.client, "gone")
    other = person(company)
    token = ann.client.token.replace("-", " ").upper()
    assert "Welcome back! You are ann" in told(company, other, f"/resume {token} 1")[0]


def test_what_is_no_id_is_refused_before_the_token_is_looked_at(company: Company) -> None:
    why = refusal(company, person(company), "/resume lusab-babad-gutih-tugad 12x")
    assert why.startswith("Usage: /resume TOKEN [PLACE]")


def epoch_of(company: Company) -> int:
    return company.room.log.epoch


@contextmanager
def restarted(path: Path, first_lost: int) -> Iterator[Company]:
    """A company after a server was killed that owed the file what it had shown from an id on."""
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("UPDATE state SET value = 1 WHERE name = 'running'")
        file.execute("DELETE FROM messages WHERE room = 'lobby' AND id >= ?", (first_lost,))
    store = SqliteStore(str(path))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


def _copied(path: Path) -> Path:
    """What is on the disk of a server that is killed now."""
    copy = path.with_name("copy.db")
    with closing(sqlite3.connect(path)) as file, closing(sqlite3.connect(copy)) as other:
        file.backup(other)
    return copy


def test_ids_that_are_given_out_again_are_of_another_epoch_and_a_gap(
    tmp_path: Path, company: Company, ann: Peer
) -> None:
    first_lost, lost, known = (ids(company)[text] for text in ("four", "five", "two"))
    before = epoch_of(company)
    token = ann.client.token
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    membership.part(company.hub, ann.client, "gone")
    Checkpointer(company.hub).update()
    Checkpointer(company.hub).write()
    with restarted(_copied(tmp_path / "chat.db"), first_lost) as again:
        bob = person(again, "bob")
        again.say(bob, "new", "newer", "newest")
        again.hub.pending_writes.wait_for_all(DEADLINE)
        assert before < epoch_of(again)
        for seen, gap, rest in (
            (Place(lost, before), True, ["bob: new", "bob: newer", "bob: newest"]),
            (Place(known, before), False, ["bob: new", "bob: newer", "bob: newest"]),
            (Place(ids(again)["new"], epoch_of(again)), False, ["bob: newer", "bob: newest"]),
        ):
            other = person(again)
            run(again, other, f"/resume {token} {seen}")
            lines = shown(again, other)
            assert any(GAP in line for line in lines) == gap
            assert [line for line in lines if line.startswith("bob: ")] == rest
            membership.part(again.hub, other.client, "gone")
            membership.remove(again.hub, other.client)
