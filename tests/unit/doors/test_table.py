"""doors.table: which ways in are open."""

import pytest

from gchat.doors import table
from gchat.doors.plain import PlainDoor
from gchat.doors.table import CannotOpen, Way, choose, hint
from gchat.protocol.first_bytes import Protocol

MISSING = Way("ssh", Protocol.SSH, PlainDoor, "no_such_package", "ssh")


@pytest.fixture(autouse=True)
def _one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "WAYS", (*table.WAYS, MISSING))


def test_all_doors_are_open_of_which_everything_is_installed() -> None:
    assert [way.name for way in choose(())] == [way.name for way in table.WAYS if way != MISSING]


def test_those_that_are_named_are_open_and_no_others() -> None:
    assert [way.name for way in choose(["plain"])] == ["plain"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tea", r"there is no door tea; the doors are plain, "),
        ("ssh", r"the door ssh cannot be opened; pip install no_such_package .or 'gchat\[ssh\]'. "),
    ],
)
def test_a_door_that_cannot_be_opened_is_refused_with_what_to_do(name: str, why: str) -> None:
    with pytest.raises(CannotOpen, match=why):
        choose(["plain", name])


def test_clients_are_told_what_could_be_installed_for_them() -> None:
    assert "pip install no_such_package" in hint(Protocol.SSH)
    assert hint(Protocol.CHAT) == ""
