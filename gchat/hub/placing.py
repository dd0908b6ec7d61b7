"""What was said gets its place: the room sees it, and whoever has said it is told."""

from collections.abc import Sequence

from gchat.hub.hub import Hub
from gchat.hub.room import Pending, Room
from gchat.model.epochs import Place
from gchat.model.message import SPOKEN
from gchat.model.runs import take
from gchat.protocol.voices import accepted
from gchat.store.base import Placed


def insert(hub: Hub, room: Room, pending: Sequence[Pending], placed: Placed) -> None:
    """Have `room` see what was pending there first, now that the store has placed it.

    One after the other, so that what is owed to whoever has said it (`ok`) comes right behind
    it: a program may take the last place that it was sent for that of all it has.
    """
    log, runs = room.log, iter(placed.runs)
    log.insert(placed.others)
    for each in pending:
        room.pending.popleft()
        log.insert(take(runs, len(each.utterance.texts)))
        try:
            _count_as_own(hub, room, each, Place(log.end.id, log.epoch))
            if each.client is not None:
                hub.ring(room, each.utterance)
        except Exception:  # a mistake of ours: the others' lines have their places all the same
            hub.faults.report("cannot settle what was said in #%s", room.name)
    hub.mark_ready(room)


def _count_as_own(hub: Hub, room: Room, pending: Pending, place: Place) -> None:
    """Have whoever has said what was pending not be sent it, wherever they are by now.

    `place` is what the last of it has been given.
    """
    pending.place = place
    count = len(pending.utterance.texts) if pending.utterance.kind in SPOKEN else 0
    sender, by = pending.utterance.sender, pending.client
    client = hub.clients.get(sender)
    if by is not None:
        if by.pending is pending:
            by.pending = None
        if hub.clients.get(by.number) is by and client is None and by.former == sender:
            client = by  # by now it goes on as another one
    if pending.utterance.ref is not None:
        hub.sent.settle(sender, pending, place)
    for asker, ref in pending.askers:
        if hub.clients.get(asker.number) is asker:
            told = accepted(asker.display, ref, place, room.name)
            hub.owe(asker.seat_in(room.name) or asker, told)
    if client is not None:
        if seat := client.seat_in(room.name):
            seat.has_said(place.id, count)
    elif (identity := hub.identities.of(sender)) and identity.has_said(room.name, count):
        hub.identities.moved[sender] = identity
