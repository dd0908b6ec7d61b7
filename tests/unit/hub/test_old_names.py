"""Names in history files of earlier versions that nobody could take now stay their owners'."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.model.identities import Identity, RememberedPlace
from gchat.model.room_log import Cursor
from gchat.model.tokens import digest, make_token
from gchat.store.sqlite.store import SqliteStore
from gchat.text.naming import NotAName, as_name
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.peers import DEADLINE, HOME, Company, Peer

RESERVED, MIXED, CYRILLIC, LATIN = "server", "bоb", "сосо", "coco"
"""Names that are reserved now, that mix scripts, and two that look alike."""

TOKENS = {name: make_token() for name in (RESERVED, MIXED, CYRILLIC, LATIN)}


def store_with(path: str) -> SqliteStore:
    """A store in which the owners of TOKENS may come back."""
    store = SqliteStore(path)
    known = [
        Identity(
            number, digest(token), HOME, name, 2e9, [RememberedPlace("lobby", 1, Cursor(0, 0))]
        )
        for number, (name, token) in enumerate(TOKENS.items(), 1)
    ]
    store.directory.write_identities(known, [], [])
    return store


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = str(tmp_path / "chat.db")
    store_with(path).close()
    return path


@pytest.fixture
def company(path: str) -> Iterator[Company]:
    store = SqliteStore(path)
    store.directory.first_number = len(TOKENS) + 1
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
        Checkpointer(company.hub).write()
    store.close()


def back(company: Company, name: str) -> Peer:
    peer = person(company)
    assert told(company, peer, f"/resume {TOKENS[name]}")[0].startswith(
        f"Welcome back! You are {name} in #lobby"
    )
    return peer


@pytest.mark.parametrize("name", [RESERVED, MIXED])
def test_none_of_them_can_be_taken_now(name: str) -> None:
    with pytest.raises(NotAName):
        as_name(name)


@pytest.mark.parametrize("name", TOKENS)
def test_their_owners_come_back_speak_and_are_written_to(company: Company, name: str) -> None:
    bob, owner = person(company, "robert"), back(company, name)
    company.say(owner, "it is me")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    assert shown(company, bob)[-1] == f"{name}: it is me"
    run(company, bob, f"/msg {name} hello")
    assert shown(company, owner)[-1] == f"robert -> {name}: hello"


def test_two_that_look_alike_are_there_at_the_same_time(company: Company) -> None:
    latin, cyrillic = back(company, LATIN), back(company, CYRILLIC)
    assert (latin.client.name, cyrillic.client.name) == (LATIN, CYRILLIC)
    for name, peer in ((LATIN, latin), (CYRILLIC, cyrillic)):
        assert company.hub.names.holder(name) is peer.client


@pytest.mark.parametrize("is_here", [True, False])
@pytest.mark.parametrize(("name", "like"), [(MIXED, "bob"), (CYRILLIC, "COCO"), (LATIN, "СОСО")])
def test_nobody_takes_one_that_looks_like_them(
    company: Company, name: str, like: str, is_here: bool
) -> None:
    robert = person(company, "robert")
    if is_here:
        back(company, name)
    why = refusal(company, robert, f"/nick {like}")
    assert why.startswith(f"The name {like} ")
    assert robert.client.name == "robert"


@pytest.mark.parametrize("name", TOKENS)
def test_they_may_take_another_name_which_is_theirs_after_a_restart(
    path: str, company: Company, name: str
) -> None:
    owner = back(company, name)
    assert told(company, owner, "/nick samuel")[-1] == "You are now samuel"
    identity = company.hub.identities.shown(TOKENS[name])
    assert identity
    assert company.hub.identities.called("samuel") is identity
    Checkpointer(company.hub).write()
    (kept,) = (one for one in company.hub.directory.identities() if one.number == identity.number)
    assert kept.name == "samuel"


@pytest.mark.parametrize("order", [(LATIN, CYRILLIC), (CYRILLIC, LATIN)])
def test_when_they_are_forgotten_nothing_is_left_of_them(
    company: Company, order: tuple[str, str]
) -> None:
    identities, robert = company.hub.identities, person(company, "robert")
    for name in order:
        identity = identities.shown(TOKENS[name])
        assert identity
        assert "is reserved" in refusal(company, robert, "/nick coco")
        identities.forget(identity)
    assert told(company, robert, "/nick coco")[-1].startswith("You ")
    assert robert.client.name == "coco"
