"""Programs that speak JSON and give commands, and the facts that they are answered."""

import json
from datetime import UTC, datetime
from typing import Any

from gchat.hub.sent import Marked
from gchat.model.display import PLAIN
from tests.json_schema import check_sent
from tests.unit.commands.typing_lines import run, shown
from tests.unit.peers import Company, Peer

JSON = PLAIN._replace(json=True)

REF = "mine"


def objects(company: Company, peer: Peer, line: str) -> list[dict[str, Any]]:
    """What a program in the place of `peer` is sent for the command `line`, which has a ref."""
    shown(company, peer)
    peer.client.display, peer.client.marked = JSON, Marked(REF, peer.client)
    run(company, peer, line)
    peer.client.marked = None
    found = [json.loads(line) for line in shown(company, peer)]
    for fields in found:
        check_sent(fields)
    peer.client.display = PLAIN
    return found


def answer(company: Company, peer: Peer, line: str) -> dict[str, Any]:
    """The facts in the one answer to `line`, which must have its ref and some text."""
    found = [each for each in objects(company, peer, line) if each["kind"] == "answer"]
    (fields,) = found
    assert fields.pop("ref") == REF
    assert fields.pop("text")
    assert fields.pop("kind") == "answer"
    return fields


def at(shown: str) -> float:
    """The seconds since the epoch of a time that a program is told."""
    assert shown.endswith("Z")
    return datetime.fromisoformat(shown).astimezone(UTC).timestamp()


def is_about(shown: str, moment: float) -> bool:
    """Whether `shown` is that moment, but for milliseconds and the difference of two clocks."""
    return abs(at(shown) - moment) < 0.1
