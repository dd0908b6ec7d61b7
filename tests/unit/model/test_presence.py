"""model.presence: who came and who left, told in few lines."""

from collections.abc import Iterable

import pytest

from gchat.model import presence as presences
from gchat.model.events import Left, Passed, RoomEvent
from gchat.model.message import SERVER
from gchat.model.presence import INTERVAL, MOST_ALONE, NAME_PATIENCE, Presence
from gchat.protocol.sentences import sentence_of

NOW = 1000.0


def told(announcements: Iterable[tuple[RoomEvent, int, str]]) -> list[tuple[str, int, str]]:
    """What people read of them, and whom each is about."""
    return [(sentence_of(event, name), about, name) for event, about, name in announcements]


@pytest.fixture
def presence() -> Presence:
    return Presence()


def test_nothing_is_told_if_nobody_came_or_left(presence: Presence) -> None:
    assert presence.delay(NOW) is None
    assert told(presence.tell(NOW)) == []


def test_the_first_is_told_at_once(presence: Presence) -> None:
    presence.join(1, "ann")
    assert presence.delay(NOW) == 0
    assert told(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_what_follows_within_a_second_is_told_together_at_its_end(presence: Presence) -> None:
    presence.join(1, "ann")
    told(presence.tell(NOW))
    presence.join(2, "bob")
    assert presence.delay(NOW + INTERVAL / 4) == INTERVAL * 3 / 4
    presence.join(3, "cy")
    assert told(presence.tell(NOW + INTERVAL)) == [("bob and cy joined", SERVER, "")]
    assert presence.delay(NOW + INTERVAL) is None


def test_after_a_quiet_second_the_next_is_told_at_once(presence: Presence) -> None:
    presence.join(1, "ann")
    told(presence.tell(NOW))
    presence.leave(1, "ann", quits=True)
    assert presence.delay(NOW + INTERVAL * 5) == 0


def test_many_are_one_line(presence: Presence) -> None:
    for number in range(1, 313):
        presence.join(number, f"name{number}")
    assert told(presence.tell(NOW)) == [("name1, name2 and 310 others joined", SERVER, "")]


def test_who_left_is_told_under_the_last_name(presence: Presence) -> None:
    presence.join(1, "ann")
    told(presence.tell(NOW))
    presence.leave(1, "anna", quits=True)
    assert told(presence.tell(NOW)) == [("anna left", 1, "anna")]


def test_who_came_and_went_untold_is_told_as_such_and_only_once(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann", quits=True)
    assert not presence.is_unannounced(1)
    assert told(presence.tell(NOW)) == [("ann came and went", 1, "ann")]
    assert told(presence.tell(NOW)) == []


def test_leaving_passing_and_coming_are_a_line_each_in_this_order(presence: Presence) -> None:
    presence.leave(1, "ann", quits=True)
    presence.join(2, "bob")
    presence.leave(2, "bob", quits=True)
    presence.join(3, "cy")
    assert told(presence.tell(NOW)) == [
        ("ann left", 1, "ann"),
        ("bob came and went", 2, "bob"),
        ("cy joined", 3, "cy"),
    ]


def test_a_new_name_before_the_announcement_is_announced_instead(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1")
    assert presence.rename(1, "ann")
    assert told(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_a_new_name_after_the_announcement_is_news_of_its_own(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1")
    told(presence.tell(NOW))
    assert not presence.rename(1, "ann")
    assert presence.delay(NOW) is None


def test_a_line_about_one_says_whom_and_a_line_about_many_does_not(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(2, "bob", quits=True)
    presence.leave(3, "cy", quits=True)
    found = told(presence.tell(NOW))
    assert found == [("bob and cy left", SERVER, ""), ("ann joined", 1, "ann")]


def test_among_many_those_whom_somebody_ignores_stand_alone(presence: Presence) -> None:
    for number, name in enumerate(("ann", "bob", "cy"), 1):
        presence.leave(number, name, quits=True)
    assert told(presence.tell(NOW, {2})) == [
        ("ann and cy left", SERVER, ""),
        ("bob left", 2, "bob"),
    ]
    presence.leave(1, "ann", quits=True)
    presence.leave(2, "bob", quits=True)
    assert told(presence.tell(NOW, {1, 2})) == [("ann left", 1, "ann"), ("bob left", 2, "bob")]
    presence.leave(2, "bob", quits=True)  # a line that those who ignore him are not sent
    assert told(presence.tell(NOW, {2})) == [("bob left", 2, "bob")]


def test_who_left_and_is_back_is_told_as_both(presence: Presence) -> None:
    """Whoever came between the two does not know them, and the others do."""
    presence.join(1, "ann")
    told(presence.tell(NOW))
    presence.leave(1, "ann", quits=True)
    presence.join(1, "ann")
    assert told(presence.tell(NOW)) == [("ann left", 1, "ann"), ("ann joined", 1, "ann")]


def test_who_came_went_and_came_again_has_joined_and_no_more(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann", quits=True)
    presence.join(1, "ann")
    assert told(presence.tell(NOW)) == [("ann joined", 1, "ann")]


def test_who_passed_under_two_names_is_told_under_both(presence: Presence) -> None:
    presence.join(1, "ann")
    presence.leave(1, "ann", quits=True)
    presence.join(1, "anna")
    presence.leave(1, "anna", quits=True)
    assert told(presence.tell(NOW)) == [("ann and anna came and went", SERVER, "")]


def test_a_new_name_before_the_announcement_is_news_to_who_has_seen_the_old_one(
    presence: Presence,
) -> None:
    presence.join(1, "127.0.0.1:1")
    presence.be_seen()
    assert not presence.rename(1, "ann")
    assert told(presence.tell(NOW)) == [("127.0.0.1:1 joined", 1, "127.0.0.1:1")]


@pytest.mark.parametrize("was_announced", [True, False])
def test_who_is_gone_is_known_until_that_is_told(presence: Presence, was_announced: bool) -> None:
    presence.join(1, "Ann")
    if was_announced:
        told(presence.tell(NOW))
    presence.leave(1, "Ann", quits=True)
    assert presence.has_left("aNN")
    assert not presence.has_left("bob")
    told(presence.tell(NOW))
    assert not presence.has_left("Ann")


def test_what_nobody_needs_to_be_told_is_not_told_later(presence: Presence) -> None:
    presence.join(1, "ann")
    told(presence.tell(NOW))
    presence.leave(1, "ann", quits=True)
    presence.join(2, "bob")
    presence.leave(2, "bob", quits=True)
    presence.join(3, "cy")
    presence.forget()
    assert presence.delay(NOW) is None
    assert not presence.is_unannounced(3)
    assert not presence.has_left("ann")


def test_who_has_left_the_server_is_told_from_who_has_gone_to_another_room(
    presence: Presence,
) -> None:
    presence.leave(1, "ann", quits=True)
    presence.leave(2, "bob", quits=False)
    assert list(presence.tell(NOW)) == [(Left(["ann", "bob"], 0, ["ann"]), SERVER, "")]


def test_of_very_many_whom_somebody_ignores_most_are_only_counted(presence: Presence) -> None:
    people = range(1, MOST_ALONE + 4)
    for number in people:
        presence.join(number, f"name{number}")
    presence.join(99, "ann")
    assert told(presence.tell(NOW, set(people))) == [
        ("ann and 3 others joined", SERVER, ""),
        *((f"name{number} joined", number, f"name{number}") for number in people[:MOST_ALONE]),
    ]


def test_a_first_name_is_waited_for_and_then_told_at_once(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1", nameless_at=NOW)
    assert presence.delay(NOW) == NAME_PATIENCE
    assert told(presence.tell(NOW)) == []
    assert presence.rename(1, "ann")
    assert presence.delay(NOW + INTERVAL) == 0
    assert told(presence.tell(NOW + INTERVAL)) == [("ann joined", 1, "ann")]
    assert presence.delay(NOW + 99) is None


def test_who_takes_no_name_is_told_by_address_in_the_end(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1", nameless_at=NOW)
    presence.join(2, "bob")
    assert presence.delay(NOW) == 0
    assert told(presence.tell(NOW)) == [("bob joined", 2, "bob")]
    assert presence.is_unannounced(1)
    assert presence.delay(NOW + 1) == NAME_PATIENCE - 1
    end = NOW + NAME_PATIENCE
    assert told(presence.tell(end)) == [("127.0.0.1:1 joined", 1, "127.0.0.1:1")]
    assert not presence.nameless


def test_who_says_something_is_told_without_a_name(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1", nameless_at=NOW)
    presence.join(2, "127.0.0.1:2", nameless_at=NOW)
    presence.expect_no_name(2)
    assert told(presence.tell(NOW)) == [("127.0.0.1:2 joined", 2, "127.0.0.1:2")]
    assert presence.nameless == {1}


def test_a_list_that_does_not_name_the_nameless_does_not_show_them(presence: Presence) -> None:
    for number in (1, 2):
        presence.join(number, f"127.0.0.1:{number}", nameless_at=NOW)
    presence.be_seen(but_nameless=True)
    assert presence.rename(1, "ann")
    presence.be_seen()
    assert not presence.rename(2, "bob")


def test_who_leaves_without_a_name_came_and_went(presence: Presence) -> None:
    presence.join(1, "127.0.0.1:1", nameless_at=NOW)
    presence.leave(1, "127.0.0.1:1", quits=True)
    assert told(presence.tell(NOW)) == [("127.0.0.1:1 came and went", 1, "127.0.0.1:1")]
    assert presence.delay(NOW) is None


def test_words_are_told_with_the_one_who_left(presence: Presence) -> None:
    presence.leave(1, "ann", quits=True)
    presence.leave(2, "bob", quits=True, words="see you tomorrow")
    presence.leave(3, "cy", quits=True)
    assert told(presence.tell(NOW)) == [
        ("bob left: see you tomorrow", 2, "bob"),
        ("ann and cy left", SERVER, ""),
    ]
    assert told(presence.tell(NOW)) == []


def test_the_words_of_many_do_not_fill_the_room(presence: Presence) -> None:
    for number in range(1, 101):
        presence.leave(number, f"name{number}", quits=True, words="bye")
    lines = told(presence.tell(NOW))
    assert len(lines) == MOST_ALONE + 1
    assert lines[-1] == ("name9, name10 and 90 others left", SERVER, "")


def test_of_very_many_who_came_and_went_some_are_only_counted(
    presence: Presence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presences, "MOST_PASSED", 2)
    for number in range(1, 6):
        presence.join(number, f"ann{number}")
        presence.leave(number, f"ann{number}", quits=True)
    ((event, about, _),) = presence.tell(NOW)
    assert (event, about) == (Passed(["ann1", "ann2"], 3), SERVER)
    presence.join(9, "bob")
    presence.leave(9, "bob", quits=True)
    assert told(presence.tell(NOW)) == [("bob came and went", 9, "bob")]
