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
from gchat.model.identities import Identity, LeftRoom, RememberedPlace
from gchat.model.message import Private
from gchat.model.room_log import Cursor
from gchat.model.sanctions import Sanction
from gchat.store.sqlite import identities, privates
from gchat.store.sqlite.schema import open_file

ANN = Identity(
    7,
    "a" * 64,
    ip_network("2001:db8::/64"),
    "Änn",
    1000.5,
    [
        RememberedPlace("büilds", 3, Cursor(9, 4), own_ahead=2),
        RememberedPlace("tea", 5, Cursor(1, 1)),
    ],
    left=[LeftRoom("cake", 5, 3, 4, "büilds", 8)],
    display=Display(time=True, color=True, zone=ZoneInfo("Europe/Berlin"), presence=False),
    ignored=["böb", "cy"],
    person=False,
    rings=True,
    muted=Sanction("op", "too loud", 2000.0),
    correspondent=3,
)
FOR_ANN, FOR_BOB = Private(1.25, "cy", "Änn", "psst", 1), Private(1.5, "cy", "bob", "psst", 2)
LOBBY = RememberedPlace("lobby", 3, Cursor(0, 0))
BOB = Identity(8, "b" * 64, ip_network("10.0.0.1"), "bob", 999.0, [LOBBY])


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
    identities.write(file, identities.encode(changed), identities.encode_places(changed), forgotten)


def test_they_come_back_as_they_were_the_longest_gone_first(path: str) -> None:
    with closing(open_file(path)) as file:
        write(file, ANN, BOB)
    with closing(open_file(path)) as file:
        found = identities.read(file)
    assert list(map(fields, found)) == [fields(BOB), fields(ANN)]


def test_how_far_they_have_got_is_written_alone(file: Connection) -> None:
    write(file, ANN, BOB)
    tea = ANN.places[1]
    place = RememberedPlace("büilds", 4, Cursor(12, 6), own_ahead=1)
    moved = Identity(7, "", BOB.network, "", 1001.0, [place, tea])
    gone = Identity(9, "", BOB.network, "", 1001.0, [place])
    identities.write(file, "[]", identities.encode_places([moved, gone]), [])
    bob, ann = identities.read(file)
    assert fields(bob) == fields(BOB)
    expected = fields(ANN) | {"places": [place, tea], "seen": 1001.0}
    assert fields(ann) == expected


def test_places_are_json() -> None:
    assert json.loads(identities.encode_places([ANN, BOB])) == [
        [7, 1000.5, 0, "büilds", 3, 9, 4, 2],
        [7, 1000.5, 1, "tea", 5, 1, 1, 0],
        [8, 999.0, 0, "lobby", 3, 0, 0, 0],
    ]
    assert json.loads(identities.encode_places([])) == []


def test_one_that_has_changed_is_written_in_place_of_what_it_was(file: Connection) -> None:
    write(file, BOB)
    elsewhere = [RememberedPlace("builds", 3, Cursor(1, 1))]
    write(file, Identity(8, "c" * 64, BOB.network, "robert", 1.0, elsewhere))
    (found,) = identities.read(file)
    assert (found.name, found.digest, found.places) == ("robert", "c" * 64, elsewhere)


def test_who_is_forgotten_is_gone_with_what_was_kept_for_them(file: Connection) -> None:
    write(file, ANN, BOB)
    privates.write(file, [(7, FOR_ANN), (8, FOR_BOB)], [])
    write(file, forgotten=(7,))
    assert [found.name for found in identities.read(file)] == ["bob"]
    assert privates.read(file, 7) == []
    assert privates.read(file, 8) == [FOR_BOB]


def test_all_but_those_who_are_known_are_gone_likewise(file: Connection) -> None:
    write(file, ANN, BOB)
    privates.write(file, [(7, FOR_ANN), (8, FOR_BOB)], [])
    identities.delete_others(file, lambda: [8, 9])
    assert [found.name for found in identities.read(file)] == ["bob"]
    assert file.execute("SELECT DISTINCT number FROM places").fetchall() == [(8,)]
    assert privates.read(file, 7) == []
    assert privates.read(file, 8) == [FOR_BOB]
