"""/bell: a sound when somebody says your name, or something to you alone."""

import json
import time

import pytest

from gchat.hub import bells
from tests.unit.commands.typing_lines import BELL, person, run, shown, told
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def listening(company: Company, ann: Peer) -> Peer:
    """Ann, who wants a bell."""
    assert told(company, ann, "/bell on") == ["The bell is on"]
    return ann


def _again(peer: Peer) -> None:
    """As if it had not rung for long."""
    assert peer.client.rings is not None
    peer.client.rings = 0.0


@pytest.mark.parametrize(
    "text", ["ann", "Ann: hello", "is ANN here?", "(ann)", "ask @ann.", "“ann” --", "a\u3000ann"]
)
def test_the_bell_rings_when_the_name_is_said(
    text: str, company: Company, listening: Peer, bob: Peer
) -> None:
    company.say(bob, text)
    assert "".join(shown(company, listening)).count(BELL) == 1


@pytest.mark.parametrize("text", ["hello", "anna", "joann", "an n", "ann2", "ann-marie"])
def test_the_bell_does_not_ring_for_other_words(
    text: str, company: Company, listening: Peer, bob: Peer
) -> None:
    company.say(bob, text)
    assert BELL not in "".join(shown(company, listening))


def test_the_bell_rings_for_an_action_and_for_what_is_said_to_one_alone(
    company: Company, listening: Peer, bob: Peer
) -> None:
    run(company, bob, "/me greets ann")
    assert "".join(shown(company, listening)).count(BELL) == 1
    _again(listening)
    run(company, bob, "/msg ann psst")
    assert "".join(shown(company, listening)).count(BELL) == 1


@pytest.mark.placed
def test_the_bell_rings_at_most_once_in_a_while(
    company: Company, listening: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    rung = []
    for passed in (
        0.0,
        0.1,
        bells.BELL_PAUSE - 0.1,
        bells.BELL_PAUSE + 0.1,
        bells.BELL_PAUSE + 0.2,
    ):
        monkeypatch.setattr(time, "monotonic", lambda at=now + passed: at)
        company.say(bob, "ann ann", "ann")
        run(company, bob, "/msg ann psst")
        rung.append("".join(shown(company, listening)).count(BELL))
    assert rung == [1, 0, 0, 1, 0]


def test_the_bell_rings_for_nobody_else_and_not_for_oneself(
    company: Company, listening: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, cy, "/bell on")
    shown(company, cy)
    company.say(listening, "I am ann")
    assert shown(company, listening) == []
    company.say(bob, "ann?")
    assert "".join(shown(company, cy)) == "ann: I am annbob: ann?"


def test_the_bell_does_not_ring_from_another_room_or_for_a_former_name(
    company: Company, listening: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, cy, "/join den")
    shown(company, listening)
    company.say(cy, "ann")
    run(company, listening, "/nick anna")
    company.say(bob, "ann")
    assert BELL not in "".join(shown(company, listening))


def test_the_bell_is_silent_once_it_is_off_and_for_who_is_ignored(
    company: Company, listening: Peer, bob: Peer
) -> None:
    run(company, listening, "/bell off")
    company.say(bob, "ann")
    run(company, bob, "/msg ann psst")
    run(company, listening, "/bell on")
    run(company, listening, "/ignore bob")
    company.say(bob, "ann")
    assert BELL not in "".join(shown(company, listening))


def test_the_bell_does_not_ring_for_who_has_not_read_for_long(company: Company, bob: Peer) -> None:
    slow = person(company, "slow", 2048)
    run(company, slow, "/bell on")
    company.say(bob, *["x" * 100] * 1000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    company.say(bob, "slow")
    assert BELL not in "".join(shown(company, slow))


@pytest.mark.placed
@pytest.mark.parametrize("order", [("/bell on", "/json on"), ("/json on", "/bell on")])
def test_a_json_client_is_never_sent_a_bell(
    order: tuple[str, str], company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, order[0])
    shown(company, ann)
    run(company, ann, order[1])
    shown(company, ann)
    company.say(bob, "ann")
    run(company, bob, "/msg ann psst")
    lines = shown(company, ann)
    assert BELL not in "".join(lines)
    assert [json.loads(line)["kind"] for line in lines] == ["say", "private"]
