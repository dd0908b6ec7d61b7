"""/token, /resume, /forget: what they tell and refuse. What comes back is in hub/resumption."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.commands import arguments
from gchat.hub import membership
from gchat.hub.checkpoint import leave
from gchat.hub.password_attempts import RULE
from gchat.jobs.recorder import Recorder
from gchat.model import identities as identities_module
from gchat.model.message import Kind
from gchat.model.tokens import make_token
from gchat.store.errors import StoreError
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import DEADLINE, Company, Peer
from tests.unit.store.entries import batches, entry


@pytest.fixture(autouse=True)
def _no_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "PENALTY", 0.0)


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Company]:
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        yield company
    store.close()


def test_a_token_comes_with_the_first_name_and_is_shown_when_asked_for(company: Company) -> None:
    peer = person(company)
    first, how = told(company, peer, "/nick ann")
    assert first == "You are now ann"
    assert how == "You can come back after a lost connection: /token shows how"
    assert peer.client.token
    second = f"To come back after a lost connection: /resume {peer.client.token}"
    assert told(company, peer, "/nick anna") == ["You are now anna"]
    assert company.hub.identities.called("anna") is company.hub.identities.of(peer.client.number)
    assert told(company, peer, "/token") == [second]


def test_a_program_is_given_one_only_if_it_asks(company: Company) -> None:
    program = a_program(company, "ci")
    run(company, program, "/nick bot")
    assert shown(company, program) == []
    assert company.hub.identities.called("bot") is None
    (line,) = told(company, program, "/token")
    assert line.endswith(program.client.token)
    assert company.hub.identities.called("bot")


def test_who_has_no_name_has_nothing_to_come_back_to(company: Company) -> None:
    assert refusal(company, person(company), "/token") == (
        "Set a name with /nick first: the token is for that name"
    )


def test_a_wrong_token_is_refused_and_after_some_none_is_looked_at(company: Company) -> None:
    ann, other = person(company, "ann"), person(company)
    run(company, ann, "/token")
    for _ in range(int(RULE.burst)):
        assert refusal(company, other, f"/resume {make_token()}") == (
            "Unknown or expired token (tokens last 12 h after you leave). "
            "/nick NAME gives you a new one."
        )
    why = refusal(company, other, f"/resume {ann.client.token}")
    assert why.startswith("Too many wrong tokens from your address; try again in")


def test_ones_own_token_brings_nothing_back(company: Company) -> None:
    ann = person(company, "ann")
    run(company, ann, "/token")
    assert refusal(company, ann, f"/resume {ann.client.token}") == "You are ann already"


def test_without_a_history_file_nobody_comes_back() -> None:
    with Company() as company:
        ann = person(company)
        assert told(company, ann, "/nick ann") == ["You are now ann"]
        for line in ("/token", "/resume lusab-babad-gutih-tugad"):
            assert refusal(company, ann, line) == (
                "There are no tokens: this server has no history file"
            )


def test_one_for_whom_there_is_no_room_has_a_name_and_is_told_that_it_gets_no_token(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = person(company, "ann"), person(company)
    run(company, ann, "/token")
    monkeypatch.setattr(identities_module, "MOST", 1)
    why = (
        "too many names are reserved (limit 1). You can chat, but not come back with /resume; try "
        "/token later"
    )
    assert told(company, bob, "/nick bob") == ["You are now bob", f"You get no token: {why}"]
    assert refusal(company, bob, "/token") == f"No token: {why}"
    assert not bob.client.token


def test_an_operator_frees_the_name_of_one_that_has_left(company: Company) -> None:
    ann, bob, op = (person(company, name) for name in ("ann", "bob", "op"))
    op.client.operator = True
    run(company, ann, "/token")
    assert refusal(company, op, "/release ann") == "ann is here; /kick ann disconnects them"
    token = ann.client.token
    leave(company.hub, ann.client)
    membership.part(company.hub, ann.client, "test")
    membership.remove(company.hub, ann.client)
    assert "is reserved for a user who has left" in refusal(company, bob, "/nick ann")
    assert "for operators" in refusal(company, bob, "/release ann")
    assert told(company, op, "/release ANN") == ["The name ann is free"]
    assert refusal(company, op, "/release ann") == "The name ann is not reserved"
    assert told(company, bob, "/nick ann")[0] == "You are now ann"
    assert "Unknown or expired token" in refusal(company, op, f"/resume {token}")


# /forget


def test_what_one_has_said_is_deleted_in_every_room_and_nothing_else(company: Company) -> None:
    company.start(Recorder(company.hub).run)
    ann, bob = person(company, "ann"), person(company, "bob")
    company.say(ann, "mine", "mine too")
    company.say(bob, "not mine")
    membership.move(company.hub, ann.client, "builds")
    company.say(ann, "mine there")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    shown(company, ann)
    assert told(company, ann, "/forget yes") == ["Deleted 3 messages of yours"]
    assert told(company, ann, "/forget yes") == ["You have no messages to delete"]
    for room, left in (("lobby", ["not mine"]), ("builds", [])):
        for log in (company.hub.rooms.by_name[room].log, company.hub.history.open(room)):
            assert [one.text for one in log.after(0, 100) if one.is_spoken] == left


def test_it_holds_for_what_was_said_before_a_restart(company: Company) -> None:
    hub, old = company.hub, 7
    entries = [
        entry(1, 1, 1.0, "builds", Kind.SAY, old, "ann", "mine"),
        entry(2, 2, 2.0, "builds", Kind.SAY, 8, "bob", "his"),
    ]
    hub.store.append(batches(*entries))
    ann = person(company, "ann")
    ann.client.number = old
    assert told(company, ann, "/forget yes") == ["Deleted 1 message of yours"]
    assert [one.text for one in hub.history.open("builds").after(0, 9)] == ["", "his"]


def test_without_a_file_it_deletes_from_memory() -> None:
    with Company() as company:
        ann = person(company, "ann")
        company.say(ann, "mine")
        assert told(company, ann, "/forget yes") == ["Deleted 1 message of yours"]
        assert told(company, ann, "/find mine") == ['No messages match "mine" (in all rooms)']


def asked(company: Company, peer: Peer) -> str:
    """What `peer` is told when it asks what would be deleted."""
    (line,) = told(company, peer, "/forget")
    return line


def test_without_yes_nothing_is_deleted_but_counted(company: Company) -> None:
    company.start(Recorder(company.hub).run)
    ann = person(company, "ann")
    assert asked(company, ann) == "You have no messages to delete"
    company.say(ann, "mine")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    end = "of yours for good? /forget yes does it"
    assert asked(company, ann) == f"Delete 1 message {end}"
    company.say(ann, "mine too")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    assert asked(company, ann) == f"Delete 2 messages {end}"
    for log in (company.room.log, company.hub.history.open("lobby")):
        assert [one.text for one in log.after(0, 9)] == ["mine", "mine too"]
    assert told(company, ann, "/forget YES") == ["Deleted 2 messages of yours"]
    assert asked(company, ann) == "You have no messages to delete"


@pytest.mark.parametrize("typed", ["no", "all", "yes please", "yes.", "y", "me", "bob"])
def test_anything_but_yes_deletes_nothing(typed: str, company: Company) -> None:
    company.start(Recorder(company.hub).run)
    ann = person(company, "ann")
    company.say(ann, "mine")
    why = "Usage: /forget [yes], for example: /forget"
    assert refusal(company, ann, f"/forget {typed}") == why
    assert [one.text for one in company.room.log.after(0, 9)] == ["mine"]


def test_what_cannot_be_counted_is_not_deleted(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(company.hub.archive, "find_of", fail)
    why = refusal(company, person(company, "ann"), "/forget")
    assert why.startswith("Cannot count your messages in the history file: ")
    assert "Nothing was deleted" in why


def test_who_cannot_be_forgotten_is_told_why(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(company.hub.archive, "find_of", full)
    assert refusal(company, person(company, "ann"), "/forget yes") == (
        "Some of your messages could not be deleted from the history file: the disk is full. "
        "Try again later."
    )
