"""hub.naming: names are taken, refused and free again, and the others are told."""

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gchat.hub import membership
from gchat.hub.names import NameTaken
from gchat.hub.naming import rename
from gchat.model import presence
from gchat.text.naming import MAX_NAME, NotAName, as_name
from tests.unit.hub.told import announce, log_of
from tests.unit.peers import Company


def test_a_new_name_is_told_to_the_others_only(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "NAME_PATIENCE", 0.0)
    ann, bob = company.join(), company.join("bob")
    announce(ann, company=company)
    before = ann.client.address
    assert bob.read_lines(1) == [f" * {before} joined"]
    rename(company.hub, ann.client, "ann")
    assert bob.read_lines(1) == [f" * {before} is now ann"]
    company.say(bob, "hello")
    assert ann.read_lines(1) == ["bob: hello"]


def test_the_same_name_again_is_no_news(quiet: Company) -> None:
    quiet.join("bob")
    ann = quiet.join("ann")
    announce(ann, company=quiet)
    rename(quiet.hub, ann.client, "ann")
    assert log_of(quiet) == ["ann joined"]


def test_a_taken_name_is_refused_in_any_case_with_a_free_one(quiet: Company) -> None:
    quiet.join("Ann")
    quiet.join("ann2")
    bob = quiet.join("bob")
    with pytest.raises(NameTaken) as taken:
        rename(quiet.hub, bob.client, "aNN")
    assert taken.value.free == "aNN3"
    assert bob.client.name == "bob"
    rename(quiet.hub, bob.client, taken.value.free)


def test_ones_own_name_can_be_written_in_another_case(quiet: Company) -> None:
    ann = quiet.join("ann")
    rename(quiet.hub, ann.client, "ANN")
    assert ann.client.name == "ANN"
    assert quiet.hub.names.holder("ann") is ann.client


def test_a_name_is_free_again_when_its_owner_takes_another_or_leaves(quiet: Company) -> None:
    ann, bob = quiet.join("ann"), quiet.join("bob")
    rename(quiet.hub, ann.client, "anna")
    rename(quiet.hub, bob.client, "ann")
    membership.part(quiet.hub, bob.client, "test")
    rename(quiet.hub, ann.client, "ann")
    membership.part(quiet.hub, ann.client, "test")
    assert quiet.hub.names.holder("ann") is None


@settings(deadline=None, max_examples=100)
@given(st.text("a1.-é\u0301", min_size=1, max_size=MAX_NAME))
@example("1.222222222222222222222a")
def test_a_free_name_that_is_offered_is_a_name_and_free(text: str) -> None:
    try:
        name = as_name(text)
    except NotAName:
        assume(False)
    with Company(broadcasting=False) as company:
        company.join(name)
        other = company.join()
        with pytest.raises(NameTaken) as taken:
            rename(company.hub, other.client, name)
        assert as_name(taken.value.free) == taken.value.free
        rename(company.hub, other.client, taken.value.free)
