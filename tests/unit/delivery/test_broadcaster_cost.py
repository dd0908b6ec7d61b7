"""delivery.broadcaster, on real sockets: what a round costs, and that nobody waits for it."""

import gc
import sys
from contextlib import closing
from itertools import accumulate
from types import FrameType
from typing import Any

import pytest

from gchat.delivery import batch, batches, broadcaster, one_by_one, senders
from gchat.delivery.senders import crew, loop
from gchat.delivery.senders.choice import Sender
from gchat.hub.client import Client
from gchat.hub.hub import Speaker
from gchat.hub.room import Room
from gchat.model.room_log import Cursor, RoomLog
from tests.unit.bursts import SMALL, numbered, talk
from tests.unit.encoding import CountingEncoder
from tests.unit.peers import Company, ObservedSocket, Peer, wait_until
from tests.unit.senders import SENDERS


def test_a_burst_is_encoded_once_and_costs_each_client_one_system_call(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = CountingEncoder()
    sends: list[bytes] = []
    monkeypatch.setattr(batch, "encoder", counting)
    ann, *others = (company.join() for _ in range(21))
    wait_until(lambda: not company.hub.ready_rooms, "everybody has been visited")
    for peer in others:
        ObservedSocket(peer, sends.append)
    company.say(ann, *numbered(0, 100))
    for peer in others:
        peer.read_lines(100)
    assert len(counting.encoded) == 1  # and the other 99 are shown alike
    assert len(sends) == len(others)
    assert len(set(map(id, sends))) == 1


def traced_lines(members: int, sender: Sender) -> int:
    """Lines of Python, outside the sender and what it calls, of a round that all of them get."""
    lines, (inside,) = 0, senders.__path__

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal lines
        for each in (frame, frame.f_back):
            if each is not None and each.f_code.co_filename.startswith(inside):
                return None
        lines += event == "line"
        return trace

    with Company(broadcasting=False) as company:
        serve = broadcaster.Broadcaster(company.hub, sender)._serve
        peers = [company.join() for _ in range(members + 1)]
        while company.hub.ready_rooms:
            serve(company.room)
        for text in ("first", "second"):  # after the first, what is done once has been done
            company.say(peers[0], text)
            gc.collect()  # or what is in the way of another test might end in the middle of it
            gc.disable()
            sys.settrace(trace if text == "second" else None)
            try:
                while company.hub.ready_rooms:
                    serve(company.room)
            finally:
                sys.settrace(None)
                gc.enable()
        for peer in peers[1:]:
            assert peer.client.cursor == company.room.log.end
    return lines


@pytest.mark.parametrize("kind", SENDERS)
def test_no_line_runs_outside_the_sender_for_a_member_of_a_cohort_whose_send_was_full(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster, "SLICE", 1e9)
    monkeypatch.setattr(loop, "AT_A_TIME", 10_000)
    monkeypatch.setattr(crew, "MOST", 1024)
    monkeypatch.setattr(crew.Crew, "_take_back", lambda _, others: others)  # no thread is late
    with closing(SENDERS[kind]()) as sender:
        traced_lines(10, sender)  # what is done once in a process has been done then
        assert traced_lines(100, sender) == traced_lines(1000, sender) > 50


def test_nothing_is_sent_while_the_lock_is_held(company: Company) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    held = []
    for peer in (ann, slow):
        ObservedSocket(peer, lambda data: held.append(company.hub.lock.locked()))
    talk(company, ann, numbered(0, 200))
    company.hub.tell(ann.client, "answer")
    ann.read_until("answer")
    slow.read_lines(200)
    assert len(held) > 2
    assert not any(held)


def test_a_client_whose_socket_is_full_is_left_alone(company: Company) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    tries: list[int] = []
    ObservedSocket(slow, lambda data: tries.append(len(data)))
    company.say(ann, "x" * 50_000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    before = len(tries)
    talk(company, ann, numbered(0, 100), at_once=1)
    company.hub.tell(slow.client, "answer")
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    assert len(tries) == before


def join_room(company: Company, room: Room, count: int) -> list[Peer]:
    """So many who listen in `room`, which is not the lobby."""
    peers = [company.join() for _ in range(count)]
    for peer in peers:
        company.room.clients.pop(peer.client.number)
        company.room.listeners.pop(peer.client.number, None)
        company.room.visits.pop(peer.client.number, None)
        room.clients[peer.client.number] = peer.client
        peer.client.log, peer.client.cursor = room.log, room.log.end
        company.hub.visit(peer.client)
    return peers


@pytest.mark.parametrize("ignored", ["", "somebody"], ids=["in step", "one by one"])
def test_a_big_round_gives_way_to_other_rooms(
    company: Company, ignored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To those who do not keep step it looks at the clock after each of them."""
    cellar = company.hub.rooms.by_name["cellar"] = Room(RoomLog("cellar"))
    below = join_room(company, cellar, 10)
    above = [company.join() for _ in range(10)]
    wait_until(lambda: not company.hub.ready_rooms, "everybody has been visited")
    monkeypatch.setattr(broadcaster, "SLICE", 1e-9)
    if ignored:
        for peer in (*above, *below):
            company.hub.names.ignore(peer.client, ignored)
    else:
        monkeypatch.setattr(loop, "AT_A_TIME", 1)
    order: list[str] = []
    for where, peers in (("below", below), ("above", above)):
        for peer in peers:
            ObservedSocket(peer, lambda data, where=where: order.append(where))  # type: ignore[misc]
    company.say(above[0], "one")
    company.say(below[0], "two")
    for peer in (*below[1:], *above[1:]):
        peer.read_lines(1)
    below_first = list(accumulate(1 if where == "below" else -1 for where in order))
    assert max(map(abs, below_first)) <= 2


def test_who_catches_up_does_not_keep_the_others_waiting(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_MESSAGES", 1)
    ann, late, bob = (company.join(name) for name in ("ann", "late", "bob"))
    company.say(ann, *numbered(0, 40))
    for peer in (late, bob):
        peer.read_lines(40)
    late.client.cursor = Cursor(0, 0)
    order: list[Client] = []
    for peer in (late, bob):
        ObservedSocket(peer, lambda data, peer=peer: order.append(peer.client))  # type: ignore[misc]
    company.hub.visit(late.client)
    company.hub.tell(bob.client, "answer")
    bob.read_until("answer")
    late.read_lines(40)
    assert order.index(bob.client) <= one_by_one.SENDS_PER_VISIT


class Enough(Exception):
    """Ends a broadcaster that would go on."""


def turns_of(
    monkeypatch: pytest.MonkeyPatch, seconds: float, unsent: dict[str, int], count: int
) -> list[str]:
    """The first `count` rooms, and those of the same turn, that are served for TURN `seconds`.

    In each room there is always more to do, and so much `unsent`.
    """
    turns: list[str] = []

    def serve(room: Room) -> None:
        turns.append(room.name)
        del hub.ready_rooms[room]
        hub.mark_ready(room)

    def stop() -> None:
        if len(turns) >= count:
            raise Enough

    with Company(broadcasting=False) as company:
        hub = company.hub
        running = broadcaster.Broadcaster(hub)
        monkeypatch.setattr(broadcaster, "TURN", seconds)
        monkeypatch.setattr(broadcaster, "give_way", stop)
        monkeypatch.setattr(running, "_serve", serve)
        for name, size in unsent.items():
            room = Room(RoomLog(name))
            room.queue.unsent = size
            hub.mark_ready(room)
        with pytest.raises(Enough):
            running.run()
    return turns


def test_each_room_has_one_turn_before_those_who_talk_have_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert turns_of(monkeypatch, 1e9, {"one": 0, "two": 0}, 1) == ["one", "two"]


def test_rooms_in_which_little_was_said_come_first_and_the_others_have_as_much_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    little, much = broadcaster.LITTLE, broadcaster.LITTLE + 1
    unsent = {"flooded": much, "loud": much, "still": little, "quiet": little, "silent": little}
    turns = turns_of(monkeypatch, -1.0, unsent, 6)  # of each kind, one is served
    assert turns == ["still", "flooded", "quiet", "loud", "silent", "flooded"]


def test_who_speaks_while_the_first_line_is_read_is_in_the_same_round(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, listener = company.program(), company.program(), company.join()
    wait_until(lambda: not company.hub.ready_rooms, "everybody has been visited")
    sends: list[bytes] = []
    ObservedSocket(listener, sends.append)
    say = company.hub.say

    def have_bob_speak(client: Client, texts: list[str], speaker: Speaker | None) -> None:
        if client is ann.client:
            bob.send(b"second\n")
        say(client, texts, speaker=speaker)

    monkeypatch.setattr(company.hub, "say", have_bob_speak)
    ann.send(b"first\n")
    assert [line.split(": ")[1] for line in listener.read_lines(2)] == ["first", "second"]
    assert len(sends) == 1
