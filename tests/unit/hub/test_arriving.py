"""hub.arriving: what a store that several servers share says of what is pending here."""

import json
from collections.abc import Iterator

import pytest

from gchat.hub.arriving import take
from gchat.model.message import Kind
from gchat.model.room_log import Cursor
from gchat.model.runs import TEXT, Run
from gchat.store.base import Placed
from gchat.store.memory import MemoryStore
from gchat.store.shared import Arrived, Skipped
from tests.unit.peers import Company, Peer, wait_until

EPOCH = 7


class Unplaced(MemoryStore):
    """Places nothing: a test tells what has places."""

    places_at_once = False


@pytest.fixture
def company() -> Iterator[Company]:
    """A hub without a recorder."""
    with Company(store=Unplaced()) as company:
        yield company


def arrive(company: Company, peer: Peer, *texts: str, at_another: bool = False) -> None:
    """What `peer` has said has come, these messages of it, behind the end of the room.

    It has said that here, or `at_another` server.
    """
    by, (last, spoken) = peer.client, company.room.log.end
    runs: list[Run] = [
        *(
            (last + n, spoken + n, 1.0, "lobby", Kind.SAY, by.number, by.name, text, EPOCH, None, 1)
            for n, text in enumerate(texts, 1)
        )
    ]
    take(company.hub, Arrived("lobby", Placed(*((runs, []) if at_another else ([], runs)))))


def test_what_a_client_has_said_at_once_may_come_in_parts(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "a", "b", "c")
    arrive(company, ann, "a", "b")
    assert ann.client.pending
    assert [list(each.utterance.texts) for each in company.room.pending] == [["c"]]
    arrive(company, ann, "c")
    assert ann.client.pending is None
    assert not company.room.pending
    company.say(bob, "d")
    arrive(company, bob, "d")
    assert bob.read_lines(3) == ["ann: a", "ann: b", "ann: c"]
    assert ann.read_lines(1) == ["bob: d"]


@pytest.mark.parametrize("at_another", [False, True])
def test_what_comes_message_by_message_and_was_said_at_once_is_one_run(
    company: Company, at_another: bool
) -> None:
    ann = company.join("ann")
    if not at_another:
        company.say(ann, "a", "b")
        company.say(ann, "c", "d", "e")
    before = company.room.log.end.id
    arrive(company, ann, "a", "b", "c", "d", "e", at_another=at_another)
    runs = company.room.log.runs(before, before + 5)
    assert [run[TEXT] for run in runs] == (["a\nb\nc\nd\ne"] if at_another else ["a\nb", "c\nd\ne"])


def test_what_is_not_kept_any_more_has_been_said(company: Company) -> None:
    """A program that waits for that is told its place, and nobody waits for it any more."""
    ann, bob = company.join("ann"), company.join("bob")
    program = company.converse(b"/nick ci\n/json on\n")
    program.read_line()
    program.send(b'{"text": "x", "ref": 1}\n')
    wait_until(lambda: program.client.pending, "it has said that")
    company.say(ann, "a", "b", "c")
    take(company.hub, Skipped("lobby", Cursor(100, 90), EPOCH, [95, 96, 97]))
    (told,) = [each for each in map(json.loads, program.read_lines(2)) if each["kind"] == "ok"]
    assert told["place"] == f"{EPOCH:x}-95"
    assert ann.client.pending
    assert [list(each.utterance.texts) for each in company.room.pending] == [["c"]]
    arrive(company, ann, "c")
    assert ann.client.pending is None
    assert bob.read_until("ann: c")[0].startswith(" * You missed 90 messages")


def test_one_that_comes_from_another_server_is_not_sent_what_it_said_there(
    company: Company,
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    arrive(company, ann, "a", "b", at_another=True)
    company.say(bob, "c")
    arrive(company, bob, "c")
    assert ann.read_lines(1) == ["bob: c"]
    assert bob.read_lines(2) == ["ann: a", "ann: b"]
    arrive(company, ann, "d", at_another=True)  # as one of those who are sent the same
    company.say(bob, "e")
    arrive(company, bob, "e")
    assert ann.read_lines(1) == ["bob: e"]
