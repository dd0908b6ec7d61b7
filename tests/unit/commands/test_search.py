"""commands.search, with a history file: /find in all rooms, /around."""

import pytest

from gchat.commands.finding import CANDIDATES
from gchat.commands.search import AROUND, MOST_FOUND
from gchat.store.base import Left
from gchat.store.errors import StoreError, TookTooLong
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def store(store_in_file: SqliteStore) -> SqliteStore:
    return store_in_file


@pytest.fixture
def ann(company: Company) -> Peer:
    return person(company, "ann")


def say(company: Company, peer: Peer, *texts: str) -> None:
    company.say(peer, *texts)
    wait_until(lambda: not company.hub.pending_writes.rooms, "all is written")


def found(company: Company, peer: Peer, line: str) -> list[str]:
    """What is shown, without the times."""
    shown(company, peer)
    return [line.partition("] ")[2] for line in told(company, peer, line)[1:]]


def test_what_was_said_in_any_room_is_found_with_its_place(company: Company, ann: Peer) -> None:
    say(company, ann, "deploy one", "nothing")
    run(company, ann, "/join builds")
    run(company, ann, "/me deploys")
    say(company, ann, "did deploy two")
    shown(company, ann)
    assert told(company, ann, "/find deploy")[0] == "3 messages match:"
    assert found(company, ann, "/find deploy") == [
        "#lobby/1 ann: deploy one",
        "#builds/1 ** ann deploys",
        f"#builds/{company.hub.rooms.by_name['builds'].log.end.id} ann: did deploy two",
    ]
    assert found(company, ann, "/find deploys in:builds")[0].endswith("** ann deploys")
    assert told(company, ann, "/find zebra") == ['No messages match "zebra" (in all rooms)']


def test_it_is_found_when_memory_has_forgotten_it(company: Company, ann: Peer) -> None:
    say(company, ann, "needle")
    company.room.log._max_messages = 10
    say(company, ann, *map(str, range(100)))
    assert company.room.log.start.id > 1
    assert found(company, ann, "/find needle") == ["#lobby/1 ann: needle"]


def test_who_is_ignored_is_not_found_however_much_they_said(company: Company, ann: Peer) -> None:
    bob = person(company, "bob")
    say(company, ann, "wanted by ann")
    say(company, bob, *["wanted by bob"] * (3 * CANDIDATES))
    run(company, ann, "/ignore bob")
    told(company, ann, "/uptime")
    assert found(company, ann, "/find wanted") == ["#lobby/1 ann: wanted by ann"]
    assert len(found(company, bob, "/find wanted from:BOB")) == MOST_FOUND


def test_what_cannot_be_looked_for_is_refused(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refusal(company, ann, '/find ""') == "Type at least one word to search for"
    errors = ((TookTooLong(), "timed out"), (StoreError("it is damaged"), "cannot be read"))
    for error, why in errors:

        def fail(*_arguments: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(company.hub.archive, "find", fail)
        assert why in refusal(company, ann, "/find deploy")


def test_what_was_said_before_and_after_is_shown(company: Company, ann: Peer) -> None:
    say(company, ann, *map(str, range(1, 41)))
    lines = [line.rpartition(" ")[2] for line in told(company, ann, "/around #Lobby/20")]
    assert lines == [str(number) for number in range(20 - AROUND, 20 + AROUND + 1)]
    assert told(company, ann, "/around lobby/1")[0].endswith("ann: 1")
    assert told(company, ann, "/around lobby/40")[-1].endswith("ann: 40")


@pytest.mark.parametrize("place", ["lobby/999", "nowhere/1", "#lobby/46"])
def test_of_a_place_that_is_not_kept_nothing_is_shown(
    company: Company, ann: Peer, place: str
) -> None:
    say(company, ann, *map(str, range(1, 41)))
    assert "There is no message" in refusal(company, ann, f"/around {place}")


@pytest.mark.parametrize(
    "place", ["lobby", "lobby/", "lobby/0", "lobby/x", "lobby/²", "1/2/3", "/"]
)
def test_what_is_no_place_is_refused_with_the_usage(
    company: Company, ann: Peer, place: str
) -> None:
    assert refusal(company, ann, f"/around {place}").startswith("Usage: /around PLACE")


def test_it_is_shown_in_a_room_that_is_closed(company: Company, ann: Peer) -> None:
    run(company, ann, "/join builds")
    say(company, ann, "needle")
    run(company, ann, "/leave")
    del company.hub.rooms.by_name["builds"]
    (hit,) = found(company, ann, "/find needle")
    place = hit.split()[0]
    assert told(company, ann, f"/around {place}")[-1].endswith("ann: needle")
    assert "builds" not in company.hub.rooms.by_name


def test_it_says_what_is_not_covered_yet(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(company, ann, "needle")
    monkeypatch.setattr(company.hub.history, "complete_index", lambda: Left(1, 2000))
    assert told(company, ann, "/find zebra")[:2] == [
        "Not searched, as not indexed yet: 1 new message; try again later",
        "Not searched, as not indexed yet: 2000 older messages; try again in some minutes",
    ]
