"""hub.welcome: what somebody is shown who comes into a room."""

import re
import time
from pathlib import Path
from typing import Any

import pytest

from gchat.config.motd import Motd
from gchat.hub import membership
from gchat.hub.client import Client
from gchat.hub.naming import rename
from gchat.hub.welcome import (
    BEGINNING,
    LONGEST_SHOWN,
    MOST_LOOKED_AT,
    NAMES_SHOWN,
    REPLAY_CHARACTERS,
    replay,
    topic_of,
    welcome,
    welcome_to_room,
)
from gchat.jobs.recorder import Recorder
from gchat.model.display import TELNET
from gchat.model.events import Announced
from gchat.model.message import Kind, Topic
from gchat.model.room_log import Cursor
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import run
from tests.unit.peers import DEADLINE, Company, Peer

WELCOME_LINES = 4
"""Lines before the message of the day, the topic and the replay."""


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
        " * Welcome to gchat! You are cy in #lobby, with ann.",
        " * Everybody in this room sees what you type.",
        " * /redraw on keeps what you type apart from what others say.",
        " * /nick NAME sets your name, /help lists the commands.",
    ]


def test_a_telnet_is_not_told_of_redrawing(company: Company) -> None:
    telnet = newcomer(company)
    telnet.client.display = TELNET
    assert not any("/redraw" in line for line in shown(company, telnet))


def test_who_was_seen_is_known_by_their_name(company: Company, ann: Peer) -> None:
    company.room.presence.join(ann.client.number, "ann")
    shown(company, newcomer(company))
    assert not company.room.presence.rename(ann.client.number, "anna")


def test_of_many_only_some_are_named(company: Company) -> None:
    for number in range(NAMES_SHOWN + 5):
        company.join(f"name{number}")
    assert shown(company, newcomer(company))[0].endswith(f"name{NAMES_SHOWN - 1} and 5 others.")


def test_of_thousands_who_have_no_name_yet_few_are_looked_at(company: Company, ann: Peer) -> None:
    looked_at = []

    class Looked(dict[int, Client]):
        def items(self) -> Any:
            for number, client in super().items():
                looked_at.append(number)
                yield number, client

    room, many = company.room, range(1000, 1000 + 10 * MOST_LOOKED_AT)
    room.clients = Looked(dict.fromkeys(many, ann.client))
    for number in many:
        room.presence.join(number, f"127.0.0.1:{number}", time.monotonic())
    assert shown(company, newcomer(company))[0].endswith(f", with {len(many)} others.")
    assert len(looked_at) <= MOST_LOOKED_AT


@pytest.mark.placed
def test_the_message_of_the_day_the_topic_and_what_was_said_follow_in_this_order(
    company: Company, ann: Peer, tmp_path: Path
) -> None:
    file = tmp_path / "motd"
    file.write_text("be kind\nbe brief\n")
    company.hub.settings.motd = Motd(str(file))
    company.room.topic = Topic("the weather", ann.client.number, "ann")
    company.say(ann, "it rains")
    lines = shown(company, newcomer(company))[WELCOME_LINES:]
    assert lines[:3] == [" * be kind", " * be brief", " * Topic: the weather"]
    assert lines[3].endswith("] ann: it rains")
    assert len(lines) == 4


@pytest.mark.placed
def test_what_people_said_last_is_shown_without_notices(company: Company, ann: Peer) -> None:
    company.hub.settings.replay = 3
    company.say(ann, *"1234")
    company.hub.notify(company.room, Announced("op", "somebody left"))
    company.hub.say(ann.client, ["5"], Kind.ACTION)
    company.wait_until_placed()
    lines = shown(company, newcomer(company))[WELCOME_LINES:]
    assert [line.split("]")[1] for line in lines] == [" ann: 3", " ann: 4", " ** ann 5"]


def test_with_no_replay_nothing_is_shown_again(company: Company, ann: Peer) -> None:
    company.hub.settings.replay = 0
    company.say(ann, "before")
    assert len(shown(company, newcomer(company))) == WELCOME_LINES


@pytest.mark.placed
def test_what_was_said_since_it_came_is_not_shown_again(company: Company, ann: Peer) -> None:
    company.say(ann, "before")
    peer = newcomer(company)
    company.say(ann, "meanwhile")
    lines = shown(company, peer)[WELCOME_LINES:]
    assert [line.partition("] ")[2] for line in lines] == ["ann: before"]
    membership.listen(company.hub, peer.client)
    assert peer.read_lines(1) == ["ann: meanwhile"]


@pytest.mark.placed
@pytest.mark.parametrize(
    "length", [1, 100, LONGEST_SHOWN, LONGEST_SHOWN + 1, REPLAY_CHARACTERS, 60_000]
)
def test_what_is_shown_again_is_bounded_and_never_nothing(
    length: int, company: Company, ann: Peer
) -> None:
    company.hub.settings.replay = 1000
    company.room.log.start = company.room.log.end = Cursor(10**14, 0)
    company.say(ann, *["x" * length] * 5000)
    texts = [
        line.partition("ann: ")[2] for line in shown(company, newcomer(company))[WELCOME_LINES:]
    ]
    assert len(texts) == min(1000, REPLAY_CHARACTERS // min(length, LONGEST_SHOWN))
    assert sum(map(len, texts)) <= REPLAY_CHARACTERS


@pytest.mark.placed
@pytest.mark.parametrize("kind", [Kind.SAY, Kind.ACTION])
def test_of_a_long_message_the_beginning_is_shown_with_how_to_see_all_of_it(
    kind: str, company: Company, ann: Peer
) -> None:
    text = "é" * 61_234
    company.say(ann, "first", "x" * LONGEST_SHOWN)
    company.hub.say(ann.client, [text], kind)
    company.wait_until_placed()
    number = company.room.log.end.id
    company.say(ann, "last")
    lines = shown(company, newcomer(company))[WELCOME_LINES:]
    assert [line.rpartition("ann")[2] for line in (lines[0], lines[1], lines[3])] == [
        ": first",
        f": {'x' * LONGEST_SHOWN}",
        ": last",
    ]
    mark = f"… (61234 characters; /around {number} shows all)"
    assert lines[2].endswith(f"{'é' * BEGINNING}{mark}")
    assert lines[2].count("é") == BEGINNING


@pytest.mark.parametrize("keeps", [False, True])
def test_what_was_shown_in_part_is_shown_whole_as_the_mark_says(
    keeps: bool, tmp_path: Path
) -> None:
    store = SqliteStore(str(tmp_path / "chat.db")) if keeps else None
    with Company(store=store) as company:
        if keeps:
            company.start(Recorder(company.hub).run)
            company.room.log._max_messages = 100
        text = "x" * 61_234
        ann, reader = company.join("ann"), company.join("reader")
        company.say(ann, "first", text, "last")
        company.hub.pending_writes.wait_for_all(DEADLINE)
        peer = company.join("cy", listens=False)
        replay(company.hub, peer.client, company.room)
        (found,) = re.findall(r"; (/around \d+) shows all\)", "".join(peer.read_lines(3)))
        if keeps:  # it is in the file alone by then
            company.say(ann, *["much"] * 500)
            company.hub.pending_writes.wait_for_all(DEADLINE)
            assert company.room.log.start.id > 2
        run(company, reader, found)
        assert reader.read_until("/2 ann: xxx")[-1].endswith(f" ann: {text}")
    if store:
        store.close()


def test_who_is_ignored_is_not_shown_again_nor_is_their_topic(company: Company, ann: Peer) -> None:
    bob = company.join("bob")
    company.say(ann, "hidden")
    company.say(bob, "seen")
    company.room.topic = Topic("hidden", ann.client.number, "ann")
    peer = newcomer(company)
    company.hub.names.ignore(peer.client, "ann")
    rename(company.hub, ann.client, "anna")
    assert not any("hidden" in line for line in shown(company, peer))
    assert topic_of(company.room, peer.client) == ""
    assert topic_of(company.room, bob.client) == "hidden"


@pytest.mark.placed
def test_in_another_room_one_is_told_where_one_is(company: Company, ann: Peer) -> None:
    company.room.topic = Topic("the weather", ann.client.number, "ann")
    company.say(ann, "it rains")
    peer = newcomer(company)
    welcome_to_room(company.hub, peer.client)
    assert peer.read_lines(2) == [" * You are in #lobby, with ann", " * Topic: the weather"]
    assert peer.read_line().endswith("] ann: it rains\n")


def test_a_room_without_a_topic_has_an_empty_one(company: Company, ann: Peer) -> None:
    assert topic_of(company.room, ann.client) == ""
