"""chat.welcome: what somebody is shown who comes into a room."""

from pathlib import Path

import pytest

from chat.message import Kind
from chat.motd import Motd
from chat.topic import Topic
from chat.welcome import NAMES_SHOWN, REPLAY_CHARACTERS, topic_of, welcome, welcome_to_room
from tests.unit.peers import Company, Peer


@pytest.fixture
def ann(company: Company) -> Peer:
    return company.join("ann")


def newcomer(company: Company) -> Peer:
    """Somebody who has not begun to listen."""
    return company.join("cy", listens=False)


def shown(company: Company, peer: Peer) -> list[str]:
    """What the newcomer sees by a welcome."""
    welcome(company.hub, peer.client)
    company.hub.tell(peer.client, "end")
    return peer.read_until("end")[:-1]


def test_it_says_who_and_where_one_is_and_who_else(company: Company, ann: Peer) -> None:
    assert shown(company, newcomer(company)) == [
        " * welcome to gchat! You are cy in #lobby, with ann.",
        " * What you type, everybody here sees. /nick NAME names you; /help helps.",
    ]


def test_who_was_seen_is_known_by_their_name(company: Company, ann: Peer) -> None:
    company.room.presence.join(ann.client.number, "ann")
    shown(company, newcomer(company))
    assert not company.room.presence.rename(ann.client.number, "anna")


def test_of_many_only_some_are_named(company: Company) -> None:
    for number in range(NAMES_SHOWN + 5):
        company.join(f"name{number}")
    assert shown(company, newcomer(company))[0].endswith(f"name{NAMES_SHOWN - 1} and 5 others.")


def test_the_message_of_the_day_the_topic_and_what_was_said_follow_in_this_order(
    company: Company, ann: Peer, tmp_path: Path
) -> None:
    file = tmp_path / "motd"
    file.write_text("be kind\nbe brief\n")
    company.hub.settings.motd = Motd(str(file))
    company.room.topic = Topic("the weather", ann.client.number, "ann")
    company.say(ann, "it rains")
    lines = shown(company, newcomer(company))[2:]
    assert lines[:3] == [" * be kind", " * be brief", " * topic: the weather"]
    assert lines[3].endswith("] ann: it rains")
    assert len(lines) == 4


def test_what_people_said_last_is_shown_without_notices(company: Company, ann: Peer) -> None:
    company.hub.settings.replay = 3
    company.say(ann, *"1234")
    company.hub.notify(company.room, "somebody left")
    company.hub.say(ann.client, ["5"], Kind.ACTION)
    lines = shown(company, newcomer(company))[2:]
    assert [line.split("]")[1] for line in lines] == [" ann: 3", " ann: 4", " ** ann 5"]


def test_with_no_replay_nothing_is_shown_again(company: Company, ann: Peer) -> None:
    company.hub.settings.replay = 0
    company.say(ann, "before")
    assert len(shown(company, newcomer(company))) == 2


def test_what_was_said_since_it_came_is_not_shown_again(company: Company, ann: Peer) -> None:
    company.say(ann, "before")
    peer = newcomer(company)
    company.say(ann, "meanwhile")
    lines = shown(company, peer)[2:]
    assert [line.partition("] ")[2] for line in lines] == ["ann: before"]
    company.hub.listen(peer.client)
    assert peer.read_lines(1) == ["ann: meanwhile"]


def test_what_is_shown_again_is_bounded(company: Company, ann: Peer) -> None:
    company.say(ann, "x" * REPLAY_CHARACTERS, "y" * (REPLAY_CHARACTERS - 1), "z")
    lines = shown(company, newcomer(company))[2:]
    assert [line[-1] for line in lines] == ["y", "z"]


def test_who_is_ignored_is_not_shown_again_nor_is_their_topic(company: Company, ann: Peer) -> None:
    bob = company.join("bob")
    company.say(ann, "hidden")
    company.say(bob, "seen")
    company.room.topic = Topic("hidden", ann.client.number, "ann")
    peer = newcomer(company)
    company.hub.names.ignore(peer.client, "ann")
    company.hub.rename(ann.client, "anna")
    assert not any("hidden" in line for line in shown(company, peer))
    assert topic_of(company.room, peer.client) == ""
    assert topic_of(company.room, bob.client) == "hidden"


def test_in_another_room_one_is_told_where_one_is(company: Company, ann: Peer) -> None:
    company.room.topic = Topic("the weather", ann.client.number, "ann")
    company.say(ann, "it rains")
    peer = newcomer(company)
    welcome_to_room(company.hub, peer.client)
    assert peer.read_lines(2) == [" * you are in #lobby, with ann", " * topic: the weather"]
    assert peer.read_line().endswith("] ann: it rains\n")


def test_a_room_without_a_topic_has_an_empty_one(company: Company, ann: Peer) -> None:
    assert topic_of(company.room, ann.client) == ""
