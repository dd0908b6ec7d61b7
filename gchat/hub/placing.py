"""What was said gets its place: the room sees it, and whoever has said it is told."""

from collections.abc import Callable, Sequence

from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.room import Pending, Room
from gchat.model.epochs import Place
from gchat.model.message import SERVER, SPOKEN, Utterance
from gchat.model.runs import COUNT, ID, KIND, SENDER, Run, join, take
from gchat.protocol.voices import accepted
from gchat.store.base import Placed


def insert(hub: Hub, room: Room, placed: Placed) -> None:
    """Have `room` see what was pending there first, now that the store has `placed` it.

    That may be a part of what a client has said at once; the rest goes on to be pending.

    One after the other, so that what is owed to whoever has said it (`ok`) comes right behind
    it: a program may take the last place that it was sent for that of all it has.
    """
    log, runs = room.log, iter(placed.runs)
    log.insert(join(placed.others))
    for run in placed.others:
        _count_from_elsewhere(hub, room, run)
    left = sum(run[COUNT] for run in placed.runs)
    while left and room.pending:
        pending = room.pending[0]
        said = pending.take(left)
        left -= len(said.texts)
        log.insert(join(take(runs, len(said.texts))))
        _settle(hub, room, pending, said, Place(log.end.id, log.epoch))
    log.insert([*runs])  # none, unless the store has placed something twice
    hub.mark_ready(room)


def pass_over(hub: Hub, room: Room, ids: Sequence[int], epoch: int) -> None:
    """Learn that what was pending in `room` first was given `ids`, which are not kept any more.

    Others have seen it, but nobody here will.
    """
    while ids and room.pending:
        pending = room.pending[0]
        said = pending.take(len(ids))
        count = len(said.texts)
        _settle(hub, room, pending, said, Place(ids[count - 1], epoch))
        ids = ids[count:]


def drop(hub: Hub, is_gone: Callable[[Client], bool]) -> None:
    """Forget what clients that are gone to another server have said here and is pending."""
    for room in hub.pending_writes.rooms:
        for pending in [*room.pending]:
            client = pending.client
            if client is not None and is_gone(client):
                room.pending.remove(pending)
                if client.pending is pending:
                    client.pending = None
        hub.mark_ready(room)  # others may wait for a turn there
    hub.pending_writes.tell_placed()


def _settle(hub: Hub, room: Room, pending: Pending, said: Utterance, place: Place) -> None:
    """Do what is to be done now that what was `said`, the first that was `pending`, has places.

    `place` is that of the last of it.
    """
    if not pending.utterance.texts:
        room.pending.popleft()
        pending.place = place
    try:
        _count_as_own(hub, room, pending, said, place)
        if pending.place is not None:
            _tell_placed(hub, room, pending, pending.place)
        if pending.client is not None and place.id > room.log.start.id:  # else nobody here sees it
            hub.ring(room, said)
    except Exception:  # a mistake of ours: the others' lines have their places all the same
        hub.faults.report("cannot settle what was said in #%s", room.name)


def _tell_placed(hub: Hub, room: Room, pending: Pending, place: Place) -> None:
    """Have those who wait for that know that all that was `pending` has places, up to `place`."""
    if pending.client is not None and pending.client.pending is pending:
        pending.client.pending = None
    if pending.utterance.ref is not None:
        hub.sent.settle(pending.utterance.sender, pending, place)
    for asker, ref in pending.askers:
        if hub.clients.get(asker.number) is asker:
            told = accepted(asker.display, ref, place, room.name)
            hub.owe(asker.seat_in(room.name) or asker, told)


def _count_as_own(hub: Hub, room: Room, pending: Pending, said: Utterance, place: Place) -> None:
    """Have whoever has `said` what was `pending` not be sent it, wherever they are by now."""
    count = len(said.texts) if said.kind in SPOKEN else 0
    sender, by = said.sender, pending.client
    client = hub.clients.get(sender)
    if by is not None and hub.clients.get(by.number) is by and client is None:
        client = by if by.former == sender else None  # by now it goes on as another one
    _count(hub, room, client, sender, place.id, count)


def _count_from_elsewhere(hub: Hub, room: Room, run: Run) -> None:
    """Have a client not be sent what it has said at another server, before it came to this one."""
    sender, count = run[SENDER], run[COUNT] if run[KIND] in SPOKEN else 0
    if sender != SERVER:
        _count(hub, room, hub.clients.get(sender), sender, run[ID], count)


def _count(hub: Hub, room: Room, client: Client | None, sender: int, last: int, count: int) -> None:
    """Count `count` messages of `sender`, the last with this id, as own ones of `client`.

    As those of one who may come back, if it is not there.
    """
    if client is not None:
        if seat := client.seat_in(room.name):
            seat.has_said(last, count)
    elif (identity := hub.identities.of(sender)) and identity.has_said(room.name, count):
        hub.identities.moved[sender] = identity
