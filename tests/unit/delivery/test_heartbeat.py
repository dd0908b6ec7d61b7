"""delivery.heartbeat: signs of life, which disturb nothing that is sent besides."""

import errno

import pytest

from gchat.delivery import broadcaster, heartbeat
from gchat.delivery.heartbeat import keep_alive, send_pulse
from gchat.delivery.senders import loop
from gchat.hub import cohorts, membership
from gchat.model.display import PROGRAM, Display
from gchat.protocol.event_stream import EventStream
from gchat.protocol.websocket_voice import WebSocketVoice
from tests.unit.bursts import SMALL, numbered, talk
from tests.unit.peers import Company, ObservedSocket, Peer, wait_until

WEBSOCKET = Display(json=True, framing="websocket")
EVENTS = PROGRAM._replace(json=True, framing="events")


def pulse(company: Company) -> None:
    """Send one, and wait until it is sent."""
    send_pulse(company.hub, company.room)
    wait_until(lambda: not (company.room.is_pulse_due or company.hub.ready_rooms), "it is sent")


def reader(company: Company, send_buffer: int | None = None) -> Peer:
    """Somebody who is sent events."""
    peer = company.join(send_buffer=send_buffer)
    peer.client.display = EVENTS
    company.hub.visit(peer.client)
    return peer


def next_event(peer: Peer) -> str:
    """The data of the next event; comments are passed over, and nothing may stand elsewhere."""
    lines = list[str]()
    while len(lines) < 3:
        line = peer.read_line()
        if not lines and line == ":\n":
            assert peer.read_line() == "\n"
        else:
            lines.append(line)
    assert lines[0].startswith("id: ")
    assert lines[2] == "\n"
    return lines[1].partition('"text": "')[2].partition('"')[0]


def test_it_comes_by_itself(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "INTERVAL", 0.01)
    company.start(keep_alive, company.hub)
    peer = reader(company)
    assert [peer.read_line() for _ in range(6)] == [":\n", "\n"] * 3


def test_a_cohort_is_sent_it_while_nothing_is_said_and_others_are_not(company: Company) -> None:
    plain, peers = company.join(), [reader(company) for _ in range(100)]
    wait_until(lambda: all(peer.client.cohort for peer in peers), "they are in a cohort")
    for _ in range(3):
        pulse(company)
    for peer in peers:
        assert [peer.read_line() for _ in range(6)] == [":\n", "\n"] * 3
    company.say(company.join("ann"), "hello")
    for peer in peers:
        assert next_event(peer) == "hello"
    assert plain.read_line() == "ann: hello\n"


def test_who_is_in_no_cohort_is_sent_it_too(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "MAX_COHORTS", 0)
    peer = reader(company)
    wait_until(lambda: peer.client.number in company.room.listeners, "it listens alone")
    for _ in range(2):
        pulse(company)
    assert [peer.read_line() for _ in range(4)] == [":\n", "\n"] * 2
    assert peer.client.cohort is None


def test_who_is_in_several_rooms_is_sent_it_once(company: Company) -> None:
    peer = company.join("ann")
    peer.client.display = WEBSOCKET
    for name in ("builds", "ops"):
        company.start(membership.enter_further, company.hub, peer.client, name).get(timeout=10)
    rooms = list(company.hub.rooms.by_name.values())
    number = peer.client.number
    for _ in range(3):
        wait_until(lambda: all(number in room.listeners for room in rooms), "it listens in all")
        for room in rooms:
            send_pulse(company.hub, room)
        wait_until(lambda: not company.hub.ready_rooms, "it is sent")
    company.hub.tell(peer.client, "the end")
    data = b""
    while b"the end" not in data:
        data += peer.socket.recv(65_536)
    assert data.count(WebSocketVoice.heartbeat) == 3


def test_it_never_stands_in_the_middle_of_an_event(company: Company) -> None:
    ann = company.join("ann")
    fast, slow = [reader(company) for _ in range(3)], [reader(company, SMALL) for _ in range(3)]
    texts = numbered(0, 1500)
    reading = [company.start(lambda peer=peer: [next_event(peer) for _ in texts]) for peer in fast]
    for first in range(0, len(texts), 50):
        talk(company, ann, texts[first : first + 50])
        send_pulse(company.hub, company.room)
    assert [each.get() for each in reading] == [texts] * len(fast)
    assert all(peer.client.connection.blocked for peer in slow)
    assert [[next_event(peer) for _ in texts] for peer in slow] == [texts] * len(slow)
    # They catch up, and are in step with the others again.
    talk(company, ann, ["the end"])
    assert [next_event(peer) for peer in fast + slow] == ["the end"] * 6


def test_what_has_arrived_is_known_all_the_same(company: Company) -> None:
    peer = reader(company)
    peer.client.keep_trail()
    ann = company.join("ann")
    for number in range(20):
        company.say(ann, str(number))
        pulse(company)
        assert next_event(peer) == str(number)
    company.say(ann, "the end")
    assert next_event(peer) == "the end"
    wait_until(lambda: peer.client.connection.unacknowledged == 0, "all has arrived")
    trail = peer.client.trail
    assert trail
    place = trail.place(peer.client.received_bytes)
    assert place == company.room.log.end


def test_one_that_is_due_during_a_round_comes_behind_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers, ann = [reader(company) for _ in range(20)], company.join("ann")
    wait_until(lambda: all(peer.client.cohort for peer in peers), "they are in a cohort")
    monkeypatch.setattr(broadcaster, "SLICE", 1e-9)
    monkeypatch.setattr(loop, "AT_A_TIME", 1)

    def make_due(data: bytes) -> None:
        if data != EventStream.heartbeat:
            send_pulse(company.hub, company.room)

    ObservedSocket(peers[10], make_due)
    company.say(ann, "hello")
    for peer in peers:
        assert next_event(peer) == "hello"
        assert peer.read_line() == ":\n"


class Reluctant(ObservedSocket):
    """A socket that once takes less of a pulse than it is given, or nothing at all."""

    def __init__(self, peer: Peer, takes: int) -> None:
        super().__init__(peer, lambda _: None)
        self._takes: int | None = takes

    def send(self, data: bytes) -> int:
        if data != EventStream.heartbeat or self._takes is None:
            return super().send(data)
        takes, self._takes = self._takes, None
        if not takes:
            raise OSError(errno.ENOBUFS, "no memory for it now")
        return super().send(data[:takes])


@pytest.mark.parametrize("takes", [0, 1, 2])
def test_one_that_cannot_take_it_whole_is_sent_the_rest_before_all_else(
    company: Company, takes: int
) -> None:
    peers = [reader(company) for _ in range(200)]
    wait_until(lambda: all(peer.client.cohort for peer in peers), "they are in a cohort")
    for peer in peers[::7]:
        Reluctant(peer, takes)
    ann = company.join("ann")
    for number in range(3):
        pulse(company)
        company.say(ann, str(number))
    for peer in peers:
        assert [next_event(peer) for _ in range(3)] == ["0", "1", "2"]
        assert not peer.client.lost
