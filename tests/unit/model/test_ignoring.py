"""model.ignoring: whom a client does not want to hear."""

import pytest

from gchat.model.ignoring import MAX_GONE, MAX_IGNORED, NOBODY, Followed, IgnoreList, TooManyIgnored

OWNER = 1
CLIENTS = frozenset(range(20))


def following(*numbers: int) -> Followed:
    followed = Followed()
    for number in numbers:
        followed.add(number)
    return followed


@pytest.fixture
def bob() -> Followed:
    """What the name `bob` stands for."""
    return following(7)


@pytest.fixture
def ignores(bob: Followed) -> IgnoreList:
    ignores = IgnoreList(OWNER)
    ignores.add("Bob", bob)
    return ignores


def test_an_empty_list_hides_nobody() -> None:
    for ignores in (NOBODY, IgnoreList(OWNER)):
        assert not ignores.hides(7, "bob")
        assert ignores.among(CLIENTS) == frozenset()
        assert ignores.key_of("bob", 7) is None


def test_a_client_is_hidden_whatever_it_is_called(ignores: IgnoreList) -> None:
    assert ignores.hides(7, "bob")
    assert ignores.hides(7, "robert")
    assert not ignores.hides(8, "robert")
    assert ignores.among(CLIENTS) == {7}
    assert ignores.among(frozenset({8})) == frozenset()


def test_a_name_is_hidden_whoever_has_had_it_in_any_case(ignores: IgnoreList) -> None:
    assert ignores.hides(8, "BOB")
    assert ignores.among(CLIENTS) == {7}


def test_who_takes_the_name_later_is_followed(ignores: IgnoreList, bob: Followed) -> None:
    bob.add(8)
    assert ignores.among(CLIENTS) == {7, 8}
    assert ignores.hides(8, "robert")


def test_one_never_ignores_oneself(ignores: IgnoreList, bob: Followed) -> None:
    bob.add(OWNER)
    assert ignores.among(CLIENTS) == {7}
    assert not ignores.hides(OWNER, "bob")


def test_names_are_kept_as_they_were_spelled(ignores: IgnoreList) -> None:
    ignores.add("Ann", following())
    assert ignores.names == {"bob": "Bob", "ann": "Ann"}
    assert ignores.remove("bob") == "Bob"
    assert ignores.names == {"ann": "Ann"}


def test_who_is_no_longer_ignored_is_heard(ignores: IgnoreList, bob: Followed) -> None:
    bob.add(8)
    ignores.remove("bob")
    assert not ignores.hides(7, "bob")
    assert ignores.among(CLIENTS) == frozenset()


def test_who_is_ignored_under_two_names_is_hidden_until_both_are_gone(ignores: IgnoreList) -> None:
    ignores.add("robert", following(7))
    ignores.remove("bob")
    assert ignores.among(CLIENTS) == {7}
    ignores.remove("robert")
    assert ignores.among(CLIENTS) == frozenset()


def test_an_entry_is_found_by_its_name_or_by_who_it_stands_for(ignores: IgnoreList) -> None:
    assert ignores.key_of("BOB", None) == "bob"
    assert ignores.key_of("robert", 7) == "bob"
    assert ignores.key_of("robert", None) is None
    assert ignores.key_of("robert", 8) is None


def test_the_list_is_bounded_but_who_is_on_it_can_be_added_again() -> None:
    ignores = IgnoreList(OWNER)
    for number in range(MAX_IGNORED):
        ignores.add(f"name{number}", following())
    with pytest.raises(TooManyIgnored):
        ignores.add("another", following())
    assert not ignores.hides(1000, "another")
    ignores.add("NAME1", following(1000))
    assert ignores.hides(1000, "x")
    ignores.remove("name0")
    ignores.add("another", following())


def test_of_very_many_who_are_gone_the_last_are_known(bob: Followed) -> None:
    gone = range(100, 100 + 2 * MAX_GONE)
    for number in gone:
        bob.add(number)
        bob.leave(number)
    assert bob.numbers == {7, *gone[-MAX_GONE:]}  # 7 is still there
    assert len(bob._gone) == MAX_GONE


def test_one_who_comes_back_is_known_as_long_as_they_are_here() -> None:
    followed = Followed()
    for number in (1, 2):
        followed.add(number)
        followed.leave(number)
    followed.add(1)
    for number in range(10, 10 + MAX_GONE):
        followed.add(number)
        followed.leave(number)
    assert 1 in followed.numbers
    assert 2 not in followed.numbers
