"""model.presence: who came and who left, told in few lines."""

import pytest

from gchat.model.message import SERVER
from gchat.model.presence import INTERVAL, Presence

NOW = 1000.0


@pytest.fixture
def presence() -> Presence:
    return Presence()


def test_nothing_is_told_if_nobody_came_or_left(presence: Presence) -> None:
    assert presence.delay(NOW) is None
    assert list(presence.tell(NOW)) == []


def test_the_first_is_told_at_once(presence: Presence) -> None:
    presence.join(1, "ann")
    assert presence.delay(NOW) == 0
    assert list(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_what_follows_within_a_second_is_told_together_at_its_end(presence: Presence) -> None:
    presence.join(1, "ann")
    list(presence.tell(NOW))
    presence.join(2, "bob")
    assert presence.delay(NOW + INTERVAL / 4) == INTERVAL * 3 / 4
    presence.join(3, "cy")
    assert list(presence.tell(NOW + INTERVAL)) == [("bob and cy joined", SERVER, "")]
    assert presence.delay(NOW + INTERVAL) is None


def test_after_a_quiet_second_the_next_is_told_at_once(presence: Presence) -> None:
    presence.join(1, "ann")
    list(presence.tell(NOW))
    presence.leave(1, "ann")
    assert presence.delay(NOW + INTERVAL * 5) == 0


def test_many_are_one_line(presence: Presence) -> None:
    for number in range(1, 313):
        presence.join(number, f"name{number}")
    assert list(presence.tell(NOW)) == [("name1, name2 and 310 others joined", SERVER, "")]


def test_who_left_is_told_under_the_last_name(presence: Presence) -> None:
    presence.join(1, "ann")
    list(presence.tell(NOW))
    presence.leave(1, "anna")
    assert list(presence.tell(NOW)) == [("anna left", 1, "anna")]


def test_who_came_and_went_untold_is_told_as_such_and_only_once(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann")
    assert not presence.is_unannounced(1)
    assert list(presence.tell(NOW)) == [("ann came and went", 1, "ann")]
    assert list(presence.tell(NOW)) == []


def test_leaving_passing_and_coming_are_a_line_each_in_this_order(presence: Presence) -> None:
    presence.leave(1, "ann")
    presence.join(2, "bob")
    presence.leave(2, "bob")
    presence.join(3, "cy")
    assert list(presence.tell(NOW)) == [
        ("ann left", 1, "ann"),
        ("bob came and went", 2, "bob"),
        ("cy joined", 3, "cy"),
    ]


def test_a_new_name_before_the_announcement_is_announced_instead(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1")
    assert presence.rename(1, "ann")
    assert list(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_a_new_name_after_the_announcement_is_news_of_its_own(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1")
    list(presence.tell(NOW))
    assert not presence.rename(1, "ann")
    assert presence.delay(NOW) is None


def test_a_line_about_one_says_whom_and_a_line_about_many_does_not(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(2, "bob")
    presence.leave(3, "cy")
    told = list(presence.tell(NOW))
    assert told == [("bob and cy left", SERVER, ""), ("ann joined", 1, "ann")]


def test_among_many_some_are_only_counted(presence: Presence) -> None:
    for number, name in enumerate(("ann", "bob", "cy"), 1):
        presence.leave(number, name)
    assert list(presence.tell(NOW, {2})) == [("ann, cy and 1 other left", SERVER, "")]
    presence.leave(1, "ann")
    presence.leave(2, "bob")
    assert list(presence.tell(NOW, {1, 2})) == [("2 others left", SERVER, "")]
    presence.leave(2, "bob")  # a line that those who ignore him are not sent
    assert list(presence.tell(NOW, {2})) == [("bob left", 2, "bob")]


def test_who_left_and_is_back_is_told_as_both(presence: Presence) -> None:
    """Whoever came between the two does not know them, and the others do."""
    presence.join(1, "ann")
    list(presence.tell(NOW))
    presence.leave(1, "ann")
    presence.join(1, "ann")
    assert list(presence.tell(NOW)) == [("ann left", 1, "ann"), ("ann joined", 1, "ann")]


def test_who_came_went_and_came_again_has_joined_and_no_more(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann")
    presence.join(1, "ann")
    assert list(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_who_passed_under_two_names_is_told_under_both(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann")
    presence.join(1, "anna")
    presence.leave(1, "anna")
    assert list(presence.tell(NOW)) == [("ann and anna came and went", SERVER, "")]


def test_a_new_name_before_the_announcement_is_news_to_who_has_seen_the_old_one(
    presence: Presence,
) -> None:
    presence.join(1, "127.0.0.1:1")
    presence.be_seen()
    assert not presence.rename(1, "ann")
    assert list(presence.tell(NOW)) == [("127.0.0.1:1 joined", 1, "127.0.0.1:1")]


@pytest.mark.parametrize("was_announced", [True, False])
def test_who_is_gone_is_known_until_that_is_told(presence: Presence, was_announced: bool) -> None:
    presence.join(1, "Ann")
    if was_announced:
        list(presence.tell(NOW))
    presence.leave(1, "Ann")
    assert presence.has_left("aNN")
    assert not presence.has_left("bob")
    list(presence.tell(NOW))
    assert not presence.has_left("Ann")


def test_what_nobody_needs_to_be_told_is_not_told_later(presence: Presence) -> None:
    presence.join(1, "ann")
    list(presence.tell(NOW))
    presence.leave(1, "ann")
    presence.join(2, "bob")
    presence.leave(2, "bob")
    presence.join(3, "cy")
    presence.forget()
    assert presence.delay(NOW) is None
    assert not presence.is_unannounced(3)
    assert not presence.has_left("ann")
