"""Nothing that an ignored person does reaches who ignores them, by any command at all."""

from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest

from gchat.commands import TABLE, Command, Refused
from gchat.hub import membership
from gchat.hub.client import Dismissed
from gchat.model import presence
from gchat.model.ignoring import MAX_GONE
from gchat.protocol.json_requests import read_request
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.peers import Company, Peer

WANTED_NO_MORE = "unwanted"
NEW_NAME = "robert"

Disguise = Callable[[Company, Peer], Peer]


def _as_they_are(company: Company, bob: Peer) -> Peer:
    return bob


def _under_a_new_name(company: Company, bob: Peer) -> Peer:
    run(company, bob, "/nick bert")
    return bob


def _in_another_case(company: Company, bob: Peer) -> Peer:
    run(company, bob, "/nick BOB")
    return bob


def _come_back_under_the_same_name(company: Company, bob: Peer) -> Peer:
    membership.part(company.hub, bob.client, "test")
    return person(company, "Bob")


def _come_back_and_renamed(company: Company, bob: Peer) -> Peer:
    return _under_a_new_name(company, _come_back_under_the_same_name(company, bob))


def _come_back_many_times(company: Company, bob: Peer) -> Peer:
    for _ in range(MAX_GONE + 1):
        bob = _come_back_under_the_same_name(company, bob)
    return bob


def _as_a_program(company: Company, bob: Peer) -> Peer:
    bob.client.person = False
    return bob


def _in_json(company: Company, bob: Peer) -> Peer:
    run(company, bob, "/json")
    return bob


DISGUISES = [
    _as_they_are,
    _under_a_new_name,
    _in_another_case,
    _come_back_under_the_same_name,
    _come_back_and_renamed,
    _come_back_many_times,
    _as_a_program,
    _in_json,
]


def attempts(entry: Command) -> list[str]:
    """Lines that try to bring WANTED_NO_MORE to Ann with a command, whatever it takes."""
    candidates = {
        "NAME": ["ann", NEW_NAME],
        "[NAME]": ["ann", ""],
        "ROOM": ["den", "lobby"],
        "[ROOM]": ["den", ""],
    }
    values = [
        candidates.get(argument, [f"ann {WANTED_NO_MORE}", WANTED_NO_MORE, "on"])
        for argument in entry.arguments.split()
    ]
    return [f"{entry.name} {' '.join(chosen)}".rstrip() for chosen in product(*values)]


def attempt(company: Company, peer: Peer, line: str) -> None:
    """Try it; it may be refused, and may be to leave."""
    try:
        run(company, peer, line)
    except Refused:
        pass
    except Dismissed:
        if peer.client.number in company.hub.room_of(peer.client).clients:  # else it has left
            membership.part(company.hub, peer.client, "quit")


def looked_up(company: Company, peer: Peer) -> list[str]:
    """What is shown to who looks in every way at what was said."""
    for line in (
        *("/history 1000", "/since 1h", f"/find {WANTED_NO_MORE[:-1]}", "/topic", "/rooms"),
        *("/join den", "/topic", "/history", "/leave"),  # and is shown what was said last
    ):
        with suppress(Refused):
            run(company, peer, line)
    return shown(company, peer)


@pytest.fixture(params=["text", "JSON"])
def ignorer(request: pytest.FixtureRequest, company: Company) -> Peer:
    """Ann, who has said something to Bob and then ignores him, and wants a bell."""
    ann, bob = person(company, "ann"), person(company, "bob")
    run(company, ann, "/bell on")
    run(company, ann, "/msg bob hello")
    if request.param == "JSON":
        run(company, ann, "/json on")
    run(company, ann, "/ignore bob")
    shown(company, bob)
    return ann


def _bob(company: Company) -> Peer:
    return next(peer for peer in company.peers if peer.client.name == "bob")


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda d: d.__name__)
def test_who_is_ignored_reaches_nobody_by_any_command(
    entry: Command, disguise: Disguise, company: Company, ignorer: Peer
) -> None:
    bob = disguise(company, _bob(company))
    shown(company, ignorer)
    for line in attempts(entry):
        attempt(company, bob, line)
        assert shown(company, ignorer) == [], f"after {line}"
        found = looked_up(company, ignorer)
        assert found
        assert not any(WANTED_NO_MORE in each for each in found), f"after {line}"


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda d: d.__name__)
def test_who_is_ignored_reaches_nobody_by_talking(
    disguise: Disguise, company: Company, ignorer: Peer
) -> None:
    company.say(_bob(company), f"{WANTED_NO_MORE} before")
    bob = disguise(company, _bob(company))
    shown(company, ignorer)
    company.say(bob, f"{WANTED_NO_MORE}, ann")
    attempt(company, bob, "/join den")
    company.say(bob, f"{WANTED_NO_MORE}, ann")
    assert shown(company, ignorer) == []
    assert not any(WANTED_NO_MORE in line for line in looked_up(company, ignorer))


@pytest.mark.parametrize(
    "request_",
    [
        b'{"text": "unwanted"}',
        b'{"text": "unwanted", "kind": "action"}',
        b'{"text": "unwanted", "to": "ann"}',
        b'{"command": "/topic unwanted"}',
    ],
)
def test_who_is_ignored_reaches_nobody_in_json(
    request_: bytes, company: Company, ignorer: Peer
) -> None:
    bob = _bob(company)
    run(company, bob, "/json on")
    shown(company, ignorer)
    line = read_request(request_).line
    if line.startswith("/"):
        attempt(company, bob, line)
    else:
        company.say(bob, line)
    assert shown(company, ignorer) == []
    assert not any(WANTED_NO_MORE in line for line in looked_up(company, ignorer))


def test_without_being_ignored_the_same_attempts_reach_her(company: Company) -> None:
    """So that the tests before would notice if one did."""
    reaching = set()
    found = set()
    for entry in TABLE.values():
        with Company() as other:
            ann, bob = person(other, "ann"), person(other, "bob")
            run(other, ann, "/msg bob hello")
            shown(other, ann)
            for line in attempts(entry):
                attempt(other, bob, line)
                if shown(other, ann):
                    reaching.add(entry.name)
                if any(WANTED_NO_MORE in each for each in looked_up(other, ann)):
                    found.add(entry.name)
    assert {"/nick", "/me", "/msg", "/reply", "/topic", "/join", "/quit"} <= reaching
    assert {"/me", "/topic"} <= found


def test_a_private_message_from_who_is_ignored_does_not_become_what_one_replies_to(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, cy, "/msg ann hello")
    run(company, ann, "/ignore bob")
    attempt(company, bob, "/msg ann unwanted")
    run(company, ann, "/reply hello, cy")
    assert shown(company, cy)[-1] == "ann -> cy: hello, cy"


def test_away_of_one_who_is_ignored_is_told_to_nobody_who_ignores_them(
    company: Company, ignorer: Peer
) -> None:
    run(company, _bob(company), f"/away {WANTED_NO_MORE}")
    shown(company, ignorer)
    assert WANTED_NO_MORE not in refusal(company, ignorer, "/msg bob are you there?")
    assert WANTED_NO_MORE not in refusal(company, ignorer, "/nick bob")


def test_a_topic_that_was_set_before_is_hidden_as_well(company: Company, ann: Peer) -> None:
    bob = person(company, "bob")
    run(company, bob, f"/topic {WANTED_NO_MORE}")
    run(company, ann, "/ignore bob")
    shown(company, ann)
    assert told(company, ann, "/topic") == ["#lobby has no topic"]
    assert not any(WANTED_NO_MORE in line for line in looked_up(company, ann))
    run(company, ann, "/unignore bob")
    shown(company, ann)
    assert told(company, ann, "/topic") == [f"Topic: {WANTED_NO_MORE}"]


def test_among_many_who_come_together_the_name_of_who_is_ignored_is_not_told(
    company: Company, monkeypatch: pytest.MonkeyPatch, ignorer: Peer
) -> None:
    bob, cy = _bob(company), person(company, "cy")
    run(company, bob, "/join den")
    run(company, cy, "/join den")
    run(company, bob, f"/nick {WANTED_NO_MORE}")
    shown(company, ignorer)
    monkeypatch.setattr(presence, "INTERVAL", 0.05)
    membership.announce(company.hub, person(company, "first").client)
    run(company, bob, "/leave")
    run(company, cy, "/leave")
    seen = ignorer.read_until("cy")
    assert not any(WANTED_NO_MORE in line for line in seen)
