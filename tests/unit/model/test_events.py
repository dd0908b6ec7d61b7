"""model.events: what happens in a room is kept as facts, and told in sentences."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.model.events import (
    ABOUT_PRESENCE,
    EVENTS,
    Announced,
    Banned,
    Deleted,
    Joined,
    Kicked,
    Left,
    Muted,
    Passed,
    Renamed,
    RoomEvent,
    ShutdownCancelled,
    ShutdownPlanned,
    TopicSet,
    Unmuted,
    encode,
    event_of,
)
from gchat.model.message import Kind, Message
from gchat.protocol.sentences import sentence

SENTENCES = [
    (Joined(["ann"]), "ann joined"),
    (Joined(["ann", "bob", "cy"]), "ann, bob and cy joined"),
    (Joined(["ann", "bob", "cy", "di"], 3), "ann, bob and 5 others joined"),
    (Joined([], 2), "2 others joined"),
    (Left(["ann", "bob"], 0, ["bob"]), "ann and bob left"),
    (Passed(["ann"]), "ann came and went"),
    (Renamed("127.0.0.1:4711"), "127.0.0.1:4711 is now NAME"),
    (TopicSet("tea"), "NAME set the topic: tea"),
    (TopicSet(""), "NAME cleared the topic"),
    (Deleted(7, "bob", ""), "NAME deleted a message by bob"),
    (Deleted(7, "bob", "a password"), "NAME deleted a message by bob: a password"),
    (Kicked("op", ""), "NAME was kicked by op"),
    (Kicked("op", "enough"), "NAME was kicked by op: enough"),
    (Banned("op", "spam", None), "NAME was banned by op: spam"),
    (Banned("op", "", 7200), "NAME was banned by op for 2 h"),
    (Muted("op", "too loud", 600), "NAME is muted by op for 10 min: too loud"),
    (Unmuted("op"), "op unmuted NAME"),
    (Announced("op", "lunch"), "op announces: lunch"),
    (
        ShutdownPlanned(300, "op", "a disk"),
        "op shuts the server down in 5 min: a disk",
    ),
    (ShutdownPlanned(0, "op", ""), "op shuts the server down now"),
    (ShutdownPlanned(5, "", ""), "The server shuts down in 5 s"),
    (ShutdownCancelled("op", ""), "op cancelled the shutdown"),
]


def entry(event: RoomEvent) -> Message:
    return Message(1, 0, 1.0, "lobby", event.kind, 7, "NAME", encode(event))


@pytest.mark.parametrize(("event", "told"), SENTENCES)
def test_people_are_told_a_sentence(event: RoomEvent, told: str) -> None:
    assert sentence(entry(event)) == told


def test_every_event_has_a_sentence_and_a_kind_of_its_own() -> None:
    classes = set(get_args(RoomEvent))
    assert {type(event) for event, _ in SENTENCES} == classes
    assert len({each.kind for each in classes}) == len(classes)
    assert {each.kind for each in classes} | {Kind.NOTICE, Kind.PRESENCE} == EVENTS
    assert ABOUT_PRESENCE < EVENTS


def test_what_an_older_file_has_is_told_as_it_stands() -> None:
    for kind in (Kind.NOTICE, Kind.PRESENCE):
        assert sentence(Message(1, 0, 1.0, "lobby", kind, 7, "ann", "ann left")) == "ann left"


@given(st.from_type(RoomEvent))  # type: ignore[arg-type]
def test_an_event_comes_back_from_a_log_as_it_was(event: RoomEvent) -> None:
    again = event_of(entry(event))
    assert type(again) is type(event)
    assert encode(again) == encode(event)
    assert "\n" not in encode(event)
