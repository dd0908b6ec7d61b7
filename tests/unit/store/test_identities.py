"""store.sqlite.identities: who can come back, and what is kept for them, outlasts the server."""

import json
from collections.abc import Iterator
from contextlib import closing
from ipaddress import ip_network
from pathlib import Path
from sqlite3 import Connection
from zoneinfo import ZoneInfo

import pytest

from gchat.model.display import Display
from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction
from gchat.store.sqlite import identities
from gchat.store.sqlite.schema import open_file

ANN = Identity(
    7,
    "a" * 64,
    ip_network("2001:db8::/64"),
    "Änn",
    1000.5,
    "büilds",
    Cursor(9, 4),
    own_ahead=2,
    display=Display(time=True, color=True, zone=ZoneInfo("Europe/Berlin"), presence=False),
    ignored=["böb", "cy"],
    person=False,
    rings=True,
    muted=Sanction("op", "too loud", 2000.0),
    correspondent=3,
)
BOB = Identity(8, "b" * 64, ip_network("10.0.0.1"), "bob", 999.0, "lobby", Cursor(0, 0))


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


@pytest.fixture
def file(path: str) -> Iterator[Connection]:
    with closing(open_file(path)) as connection:
        yield connection


def fields(identity: Identity) -> dict[str, object]:
    return {name: getattr(identity, name) for name in Identity.__slots__}


def write(file: Connection, *changed: Identity, forgotten: tuple[int, ...] = ()) -> None:
    identities.write(file, identities.encode(changed), "[]", forgotten)


def private(text: str) -> Private:
    return Private(1.25, "bob", "ann", text)


def test_they_come_back_as_they_were_the_longest_gone_first(path: str) -> None:
    with closing(open_file(path)) as file:
        write(file, ANN, BOB)
    with closing(open_file(path)) as file:
        found = identities.read(file)
    assert list(map(fields, found)) == [fields(BOB), fields(ANN)]


def test_how_far_they_have_got_is_written_alone(file: Connection) -> None:
    write(file, ANN, BOB)
    moved = Identity(7, "", BOB.network, "", 1001.0, "", Cursor(12, 6), own_ahead=1)
    gone = Identity(9, "", BOB.network, "", 1001.0, "", Cursor(12, 6))
    identities.write(file, "[]", identities.encode_places([moved, gone]), [])
    bob, ann = identities.read(file)
    assert fields(bob) == fields(BOB)
    expected = fields(ANN) | {"place": Cursor(12, 6), "own_ahead": 1, "seen": 1001.0}
    assert fields(ann) == expected


def test_places_are_json() -> None:
    assert json.loads(identities.encode_places([ANN, BOB])) == [
        [7, 9, 4, 2, 1000.5],
        [8, 0, 0, 0, 999.0],
    ]
    assert json.loads(identities.encode_places([])) == []


def test_one_that_has_changed_is_written_in_place_of_what_it_was(file: Connection) -> None:
    write(file, BOB)
    write(file, Identity(8, "c" * 64, BOB.network, "robert", 1.0, "lobby", Cursor(1, 1)))
    (found,) = identities.read(file)
    assert (found.name, found.digest) == ("robert", "c" * 64)


def test_who_is_forgotten_is_gone_with_what_was_kept_for_them(file: Connection) -> None:
    write(file, ANN, BOB)
    identities.keep(file, 7, [private("for ann")])
    identities.keep(file, 8, [private("for bob")])
    write(file, forgotten=(7,))
    assert [found.name for found in identities.read(file)] == ["bob"]
    assert identities.take(file, 7) == []
    assert identities.take(file, 8) == [private("for bob")]


def test_private_messages_are_taken_once_and_in_their_order(file: Connection) -> None:
    assert identities.keep(file, 7, [private("öne"), private('"two"')])
    assert identities.keep(file, 7, [private("three")])
    assert identities.take(file, 7) == [private("öne"), private('"two"'), private("three")]
    assert identities.take(file, 7) == []


def test_what_is_kept_for_one_is_bounded(file: Connection) -> None:
    kept = 0
    while identities.keep(file, 7, [private("x" * 100)], 1000):
        kept += 1
    assert kept == 1000 // (100 + identities.PRIVATE_BYTES) + 1
    assert identities.keep(file, 8, [private("another's")], 1000)
    assert identities.keep(file, 7, [private("what it was owed")])  # without a bound
    assert len(identities.take(file, 7)) == kept + 1
