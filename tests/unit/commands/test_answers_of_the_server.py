"""What programs that speak JSON are answered, as facts: about the server, limits and sanctions."""

import platform
import time
from typing import Any

import pytest

from gchat import __version__
from gchat.commands import admin
from gchat.config.limits import MEANINGS
from gchat.hub.direct_messages import PRIVATE_LIMIT
from gchat.hub.owed import OWED_LIMIT
from tests.unit.commands import typing_lines
from tests.unit.commands.asking import answer, is_about, objects
from tests.unit.commands.typing_lines import person, run, shown
from tests.unit.peers import Company, Peer


def test_why_tells_limits_as_numbers_and_what_is_not_limited_as_null(
    company: Company, ann: Peer, op: Peer
) -> None:
    limits = company.hub.settings.limits
    limits.rate, limits.burst, limits.idle_timeout = 7, 70, 0
    run(company, op, "/mute ann 10m spam")
    shown(company, ann)
    found = answer(company, ann, "/why")
    assert is_about(found.pop("since"), time.time())
    assert found.pop("muted") == {"network": None, "by": "op", "why": "spam", "term": 600}
    assert found == {
        "answer": "why",
        "name": "ann",
        "room": "lobby",
        "rooms": ["lobby"],
        "behind": 0,
        "missed": 0,
        "operator": False,
        "max_line": company.hub.settings.max_line,
        "burst": 70,
        "rate": 7,
        "idle_timeout": None,
        "unread_answers": 0,
        "unread_answers_limit": OWED_LIMIT,
        "unread_privates": 0,
        "unread_privates_limit": PRIVATE_LIMIT,
    }
    limits.rate, limits.idle_timeout = 0, 90
    found = answer(company, op, "/why")
    assert (found["burst"], found["rate"], found["idle_timeout"]) == (None, None, 90)
    assert (found["muted"], found["operator"]) == (None, True)


def test_the_server_tells_of_itself(company: Company, ann: Peer) -> None:
    found = answer(company, ann, "/uptime")
    assert is_about(found["since"], time.time() - company.hub.clock.elapsed())
    assert found["seconds"] == int(company.hub.clock.elapsed())
    python = platform.python_version()
    assert answer(company, ann, "/version") == {
        "answer": "version",
        "gchat": __version__,
        "python": python,
    }
    assert answer(company, ann, "/invite") == {
        "answer": "invite",
        "hosts": ["127.0.0.1"],
        "port": 7878,
        "public": False,
        "plain": True,
        "tls": False,
        "fingerprint": "",
        "page": "",
    }


def test_operators_are_told_bans_and_mutes_with_their_terms(
    company: Company, op: Peer, ann: Peer
) -> None:
    run(company, op, "/ban 10.9.0.0/16")
    run(company, op, "/mute ann 2h too loud")
    assert answer(company, op, "/bans") == {
        "answer": "bans",
        "bans": [{"network": "10.9.0.0/16", "by": "op", "why": "", "term": None}],
        "bans_total": 1,
        "mutes": [{"network": "10.1.0.1", "by": "op", "why": "too loud", "term": 7200}],
        "mutes_total": 1,
        "kept": company.hub.store.is_kept,
    }


def test_operators_are_told_limits(company: Company, op: Peer) -> None:
    found = answer(company, op, "/limits")["limits"]
    assert {each["name"]: each["value"] for each in found} == {
        name: getattr(company.hub.settings.limits, name.replace("-", "_")) for name in MEANINGS
    }
    (limit,) = answer(company, op, "/limits idle-timeout 90")["limits"]
    assert (limit["name"], limit["value"]) == ("idle-timeout", 90)


def test_operators_are_told_statistics(
    company: Company, op: Peer, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin, "MEASURED", 0.01)
    company.say(ann, "hello")
    found = answer(company, op, "/stats")
    assert found["answer"] == "stats"
    assert (found["clients"], found["rooms"], found["messages"]) == (2, 1, 1)
    assert (found["longest_lag_of"], found["trouble"]) == ("", company.hub.store.trouble)
    assert found["memory"] > 2**20


def test_operators_are_told_what_they_impose(company: Company, op: Peer, ann: Peer) -> None:
    (told,) = told_in(company, op, "/ban 10.9.0.0/16 2h spam", "ban")
    assert told["ban"] == {"network": "10.9.0.0/16", "by": "op", "why": "spam", "term": 7200}
    (told,) = told_in(company, op, "/mute ann", "mute")
    mute = {"network": "10.1.0.1", "by": "op", "why": "", "term": None}
    assert (told["name"], told["mute"]) == ("ann", mute)


def test_a_mute_of_a_user_alone_has_no_network(company: Company, op: Peer, ann: Peer) -> None:
    typing_lines.at(person(company, "cy"), "10.1.0.1")
    (told,) = told_in(company, op, "/mute ann 10m", "mute")
    assert told["mute"] == {"network": None, "by": "op", "why": "", "term": 600}


def told_in(company: Company, peer: Peer, line: str, answer: str) -> list[dict[str, Any]]:
    """What a program is told in answers of this name."""
    return [each for each in objects(company, peer, line) if each.get("answer") == answer]
