"""model.identities: who can come back, and what is bounded about that."""

from ipaddress import ip_network

import pytest

from gchat.model import identities as identities_module
from gchat.model.identities import SHORT_STAY, Identities, Identity, TooManyIdentities
from gchat.model.room_log import Cursor
from gchat.model.tokens import digest

HERE, THERE = ip_network("10.0.0.1"), ip_network("10.0.0.2")
NOBODY_HERE: set[int] = set()


def identity(number: int, name: str = "", network: object = HERE, seen: float = 0.0) -> Identity:
    name = name or f"name{number}"
    return Identity(number, digest(f"token {name}"), network, name, seen, "lobby", Cursor(0, 0))  # type: ignore[arg-type]


@pytest.fixture
def identities() -> Identities:
    return Identities()


def test_one_is_found_by_its_number_its_token_and_its_name(identities: Identities) -> None:
    ann = identity(1, "Ann")
    identities.add(ann, NOBODY_HERE)
    assert identities.of(1) is ann
    assert identities.shown("token Ann") is ann
    assert identities.shown("TOKEN  ann") is ann
    assert identities.called("ann") is ann
    assert identities.of(2) is identities.shown("token bob") is identities.called("bob") is None
    assert identities.changed == {1: ann}


def test_those_that_there_were_before_are_known_and_need_not_be_written() -> None:
    ann = identity(1, "ann")
    identities = Identities([ann])
    assert identities.shown("token ann") is ann
    assert not identities.changed


def test_another_name_sets_the_one_before_free(identities: Identities) -> None:
    ann = identity(1, "ann")
    identities.add(ann, NOBODY_HERE)
    identities.changed.clear()
    identities.rename(ann, "Anna")
    assert identities.called("ann") is None
    assert identities.called("anna") is ann
    assert identities.changed == {1: ann}
    identities.rename(ann, "ANNA")
    assert identities.called("anna") is ann


def test_a_name_that_looks_like_anothers_is_known_as_such_while_it_has_it(
    identities: Identities,
) -> None:
    ann = identity(1, "ann")
    identities.add(ann, NOBODY_HERE)
    assert identities.like("аnn") == [ann]
    assert identities.like("ann") == []
    identities.rename(ann, "bob")
    assert identities.like("аnn") == []
    assert identities.like("bоb") == [ann]
    identities.forget(ann)
    assert identities.like("bоb") == []


def test_one_that_is_forgotten_is_found_by_nothing(identities: Identities) -> None:
    ann = identity(1, "ann")
    identities.add(ann, NOBODY_HERE)
    identities.leave(ann, 1.0)
    identities.moved[1] = ann
    identities.forget(ann)
    assert identities.of(1) is identities.shown("token ann") is identities.called("ann") is None
    assert not identities.changed
    assert not identities.moved
    assert list(identities.forgotten) == [1]


def test_who_was_gone_for_longer_than_names_are_kept_is_forgotten(identities: Identities) -> None:
    gone, back, here = (identity(number) for number in (1, 2, 3))
    for one in (gone, back, here):
        identities.add(one, NOBODY_HERE)
    identities.leave(gone, 100.0)
    identities.leave(back, 101.0)
    identities.changed.clear()
    identities.expire(200.0, 100.0, {3})
    assert list(identities.forgotten) == [1]
    assert identities.of(2) is back
    assert identities.of(3) is here
    assert here.seen == 200.0
    assert identities.changed == {3: here}


def test_when_there_are_too_many_the_longest_gone_is_forgotten(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities_module, "MOST", 3)
    for number in (1, 2, 3):
        identities.add(identity(number, network=ip_network(f"10.0.1.{number}")), NOBODY_HERE)
    identities.leave(identities.of(1), 5.0)  # type: ignore[arg-type]
    identities.add(identity(4), {2})
    assert list(identities.forgotten) == [3]
    with pytest.raises(TooManyIdentities):  # those who are there are not forgotten
        identities.add(identity(5), {2, 1, 4})
    assert list(identities.forgotten) == [3]
    assert identities.of(5) is None


def test_one_network_has_no_more_than_its_share(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities_module, "MOST_OF_A_NETWORK", 2)
    for number, network in ((1, THERE), (2, HERE), (3, HERE), (4, HERE), (5, THERE)):
        identities.add(identity(number, network=network), NOBODY_HERE)
    assert list(identities.forgotten) == [2]
    identities.forget(identities.of(3))  # type: ignore[arg-type]
    identities.add(identity(6), NOBODY_HERE)
    assert list(identities.forgotten) == [2, 3]


def test_newcomers_push_out_each_other_and_nobody_with_mail_or_a_long_stay(
    identities: Identities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identities_module, "MOST_OF_A_NETWORK", 4)
    away, reader, old = identity(1, "away"), identity(2, "reader"), identity(3, "old")
    for each in (away, reader, old):
        identities.add(each, NOBODY_HERE)
    away.has_mail = reader.has_mail = True
    identities.leave(away, 1.0)
    identities.leave(old, SHORT_STAY)
    for number in range(10, 30):
        identities.add(identity(number), NOBODY_HERE)
        identities.leave(identities.of(number), 2.0)  # type: ignore[arg-type]
    assert [identities.of(number) for number in (1, 2, 3)] == [away, reader, old]
    identities.of(29).has_mail = True  # type: ignore[union-attr]
    with pytest.raises(TooManyIdentities) as refused:
        identities.add(identity(30), NOBODY_HERE)
    assert refused.value.limit == 4
    assert identities.called("name30") is None
