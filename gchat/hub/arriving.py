"""What comes from a store that several servers share: rooms see it, in its order."""

from dataclasses import asdict

import gevent

from gchat.hub import asking
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.placing import insert, pass_over
from gchat.hub.room import Room
from gchat.model.events import Announced, TopicSet, event_of
from gchat.model.events import Deleted as DeletedEvent
from gchat.model.message import SPOKEN, Topic, Utterance
from gchat.model.runs import KIND, NAME, REF, SENDER, TEXT, TIME, Run, messages_of
from gchat.store.base import Placed
from gchat.store.shared import (
    Arrived,
    Deleted,
    Forked,
    Informed,
    Letter,
    News,
    SharedStore,
    Skipped,
)
from gchat.text.phrases import counted


def take(hub: Hub, news: News) -> None:
    """Have the room that `news` is about see it, if it is open; or whom else it is for."""
    if isinstance(news, Informed):
        if news.kind == Announced.kind:
            hub.tell_all_here(Announced(**news.what))
        return
    if isinstance(news, Letter):
        asking.take(hub, news)
        return
    room = hub.rooms.by_name.get(news.room)
    if room is None:
        if isinstance(news, Deleted):
            gevent.spawn(_delete_when_open, hub, news)
        return
    if isinstance(news, Arrived):
        _arrive(hub, room, news.placed)
    elif isinstance(news, Skipped):
        room.log.begin(news.end, news.epoch)
        pass_over(hub, room, news.own, news.epoch)
        hub.mark_ready(room)
    elif isinstance(news, Deleted):
        room.delete(news.ids)
    else:
        _fork(hub, room, news)


def announce_everywhere(hub: Hub, event: Announced) -> None:
    """Tell everybody in every room, at all servers. Raises StoreError."""
    if isinstance(hub.store, SharedStore):
        hub.store.inform(event.kind, asdict(event))
    hub.notify_all(event)


def _arrive(hub: Hub, room: Room, placed: Placed) -> None:
    """Insert what was placed, which begins behind the end of the room's log."""
    insert(hub, room, placed)
    for run in placed.others:
        _note_other(hub, room, run)


def _note_other(hub: Hub, room: Room, run: Run) -> None:
    """Do what `run`, which another server has said, wants done besides being shown."""
    if run[KIND] in SPOKEN:
        texts = run[TEXT].split("\n")
        said = Utterance(run[TIME], run[KIND], texts, run[SENDER], run[NAME], run[REF])
        hub.ring(room, said)
        return
    (message,) = messages_of(run)
    event = event_of(message)
    if isinstance(event, TopicSet):
        room.topic = Topic(event.topic, message.sender, message.name) if event.topic else None
    elif isinstance(event, DeletedEvent):
        room.delete([event.deleted])


def _delete_when_open(hub: Hub, news: Deleted) -> None:
    """Delete what a room that is being opened has perhaps read already."""
    with hub.opening.hold(news.room):
        if room := hub.rooms.by_name.get(news.room):
            room.delete(news.ids)


def _fork(hub: Hub, room: Room, fork: Forked) -> None:
    """Take back what only this server has shown, and end the connections of its clients there.

    They may have seen it; when they come back, they get what all others have.
    """
    lost = room.log.end.id - fork.end.id
    clients: list[Client] = list(room.clients.values())
    for client in clients:
        hub.tell(
            client,
            f"Disconnected: the last {counted(lost, 'message')} that you have seen in "
            f"#{room.name} are lost. The store that several servers share has lost them while "
            "this one was cut off from it. Connect again to see what the others see.",
        )
        client.expel("the store has lost what it has seen")
    room.log.take_back(fork.end)
    room.sent = room.log.end
    hub.report(f"#{room.name}: {counted(lost, 'message')} of this server are lost: see the log")
    hub.mark_ready(room)
