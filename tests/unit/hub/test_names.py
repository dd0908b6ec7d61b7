"""hub.names: one name each, and who ignores whom by name."""

import pytest

from gchat.hub.client import Client
from gchat.hub.names import Names, NameTaken
from gchat.model.ignoring import MAX_GONE, MAX_IGNORED, NOBODY, TooManyIgnored
from gchat.text.naming import MAX_NAME, as_name
from tests.unit.peers import Company


@pytest.fixture
def names(company: Company) -> Names:
    return company.hub.names


@pytest.fixture
def ann(company: Company) -> Client:
    return company.join("ann").client


@pytest.fixture
def bob(company: Company) -> Client:
    return company.join("bob").client


@pytest.fixture
def cy(company: Company) -> Client:
    return company.join("cy").client


def ignored_by(client: Client) -> frozenset[int]:
    return client.ignores.among(frozenset(range(100)))


def test_who_has_no_name_yet_is_found_by_the_address(company: Company, names: Names) -> None:
    client = company.join().client
    assert names.holder(client.address) is client
    names.take(client, "ann")
    assert names.holder(client.address) is None
    assert names.holder("ann") is client


def test_of_two_with_the_same_address_the_first_is_found(company: Company, names: Names) -> None:
    first, second = company.join().client, company.join().client
    second.name = second.address = first.address
    names.arrive(second)
    assert names.holder(first.address) is first
    names.take(second, "bob")
    assert names.holder(first.address) is first
    names.release(second)
    assert names.holder(first.address) is first


def test_a_holder_is_found_in_any_case(names: Names, ann: Client) -> None:
    names.take(ann, "Straße")
    assert names.holder("STRASSE") is ann
    assert names.holder("ann") is None


def test_a_name_that_is_taken_says_by_whom_and_changes_nothing(
    names: Names, ann: Client, bob: Client
) -> None:
    with pytest.raises(NameTaken) as taken:
        names.take(bob, "ANN")
    assert taken.value.holder is ann
    assert taken.value.free == "ANN2"
    assert (names.holder("ann"), names.holder("bob")) == (ann, bob)


@pytest.mark.parametrize("name", ["ann", "a" * MAX_NAME, "é" * MAX_NAME, "1-2"])
def test_however_many_of_a_name_are_taken_a_free_one_is_found(
    company: Company, names: Names, name: str
) -> None:
    for _ in range(12):
        free = names.free(name)
        assert as_name(free) == free
        assert names.holder(free) is None
        names.take(company.join().client, free)


@pytest.mark.parametrize("name", ["аnn", "АNN", "ɑnn"])
def test_a_name_that_looks_like_somebodys_is_taken_until_they_have_another(
    names: Names, ann: Client, bob: Client, name: str
) -> None:
    with pytest.raises(NameTaken) as taken:
        names.take(bob, name)
    assert taken.value.holder is ann
    names.take(ann, name)  # one's own
    names.take(ann, "cleo")
    assert not list(names._looks.of(name))
    names.take(bob, name)
    with pytest.raises(NameTaken):
        names.take(ann, "ann")
    names.release(bob)
    names.take(ann, "ann")


def test_names_in_ascii_that_only_resemble_each_other_are_two(
    names: Names, ann: Client, bob: Client
) -> None:
    names.take(ann, "com")
    names.take(bob, "corn")
    assert (names.holder("com"), names.holder("corn")) == (ann, bob)


# Those who have left


def test_of_one_who_had_a_name_and_left_it_is_known_where_from(names: Names, ann: Client) -> None:
    assert names.departed("ann") is None
    names.release(ann)
    assert names.departed("ANN") == ann.network
    assert names.departed("bob") is None


def test_of_one_who_had_only_an_address_nothing_is_kept(company: Company, names: Names) -> None:
    client = company.join().client
    names.release(client)
    assert names.departed(client.name) is None


def test_of_two_who_left_under_one_name_the_later_is_known(
    names: Names, ann: Client, bob: Client
) -> None:
    bob.address = "10.0.0.7:5000"
    names.release(ann)
    names.take(bob, "ann")
    names.release(bob)
    assert names.departed("ann") == bob.network


def test_who_leaves_again_is_known_as_the_last_one(
    names: Names, ann: Client, bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.hub.names.MAX_DEPARTED", 2)
    for client, name in ((ann, "ann"), (bob, "bob"), (ann, "ann"), (bob, "carl")):
        names.take(client, name)
        names.release(client)
    assert [name for name in ("ann", "bob", "carl") if names.departed(name)] == ["ann", "carl"]


def test_only_so_many_are_known_who_have_left_and_the_first_is_forgotten(
    names: Names, ann: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.hub.names.MAX_DEPARTED", 3)
    for number in range(10):
        names.take(ann, f"ann{number}")
        names.release(ann)
        assert len(names._departed) <= 3
    assert [number for number in range(10) if names.departed(f"ann{number}")] == [7, 8, 9]


# Ignoring


def test_who_ignores_nobody_has_the_list_of_all_who_do(names: Names, ann: Client) -> None:
    names.ignore(ann, "bob")
    assert ann.ignores is not NOBODY
    names.stop_ignoring(ann, "bob")
    assert ann.ignores is NOBODY
    assert not NOBODY.names


def test_who_takes_another_name_is_ignored_all_the_same(
    names: Names, ann: Client, bob: Client
) -> None:
    names.ignore(ann, "BOB")
    names.take(bob, "robert")
    assert ignored_by(ann) == {bob.number}


def test_who_comes_under_an_ignored_name_is_ignored(names: Names, ann: Client, cy: Client) -> None:
    names.ignore(ann, "bob")
    assert ignored_by(ann) == frozenset()
    names.take(cy, "Bob")
    assert ignored_by(ann) == {cy.number}


def test_who_ignores_others_is_not_ignored_for_it(names: Names, ann: Client, bob: Client) -> None:
    names.ignore(ann, "bob")
    assert bob.ignores is NOBODY


def test_one_who_takes_a_name_that_it_ignores_hears_itself(names: Names, ann: Client) -> None:
    names.ignore(ann, "bob")
    names.take(ann, "bob")
    assert ignored_by(ann) == frozenset()


def test_ignoring_can_be_ended_under_the_old_name_or_the_new_one(
    names: Names, ann: Client, bob: Client
) -> None:
    for name in ("bob", "robert"):
        names.take(bob, "bob")
        names.ignore(ann, "bob")
        names.take(bob, "robert")
        assert names.stop_ignoring(ann, name) == "bob"
        assert ann.ignores is NOBODY


def test_who_is_not_ignored_cannot_be_unignored(names: Names, ann: Client, bob: Client) -> None:
    assert names.stop_ignoring(ann, "bob") is None
    names.ignore(ann, "cy")
    assert names.stop_ignoring(ann, "bob") is None
    assert ann.ignores.names == {"cy": "cy"}


def test_who_ignores_a_name_no_longer_is_told_of_nobody_who_takes_it(
    names: Names, ann: Client, bob: Client, cy: Client
) -> None:
    names.ignore(ann, "dora")
    names.ignore(bob, "dora")
    names.stop_ignoring(ann, "dora")
    names.take(cy, "dora")
    assert ann.ignores is NOBODY
    assert ignored_by(bob) == {cy.number}


def test_a_full_list_leaves_everything_as_it_was(names: Names, ann: Client, cy: Client) -> None:
    for number in range(MAX_IGNORED):
        names.ignore(ann, f"name{number}")
    with pytest.raises(TooManyIgnored):
        names.ignore(ann, "dora")
    names.take(cy, "dora")
    assert ignored_by(ann) == frozenset()
    assert names.stop_ignoring(ann, "dora") is None


def test_nothing_is_kept_of_who_has_left(names: Names, ann: Client, bob: Client) -> None:
    names.ignore(ann, "bob")
    names.ignore(ann, "dora")
    names.ignore(bob, "dora")
    names.release(ann)
    names.release(bob)
    assert not names._holders
    assert not names._ignorers


def test_an_address_that_is_ignored_is_when_it_comes_back(
    company: Company, names: Names, ann: Client
) -> None:
    names.ignore(ann, f"127.0.0.1:{40000 + ann.number + 1}")
    back = company.join().client
    assert ignored_by(ann) == {back.number}


def test_as_whom_one_is_ignored_is_known_while_it_may_come_back_and_no_longer(
    company: Company, names: Names, ann: Client
) -> None:
    names.ignore(ann, "mallory")
    numbers = []
    for _ in range(2 * MAX_GONE):
        client = company.join("mallory").client
        numbers.append(client.number)
        names.release(client)
    assert names._known_as.keys() == set(numbers[-MAX_GONE:])
    names.stop_ignoring(ann, "mallory")
    assert not names._known_as
    assert not names._ignored_as
