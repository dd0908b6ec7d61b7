"""doors.session: those who are held back, muted, made to go, or were read from before."""

import json
import time

import pytest

from gchat.doors import opening, rate_limit, visit
from gchat.doors.opening import Opening
from gchat.doors.session import COMMANDS_TO_A_LINE, Session
from gchat.model.sanctions import Sanction
from gchat.protocol.framing import LineFramer
from gchat.runtime.gate import Owner
from tests.unit.doors.session_peers import behind, wait_until_gone
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

MUTED = "Not sent: you are muted by op: rude"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.02)
    monkeypatch.setattr(visit, "LINGER", 0.2)
    monkeypatch.setattr(rate_limit, "MAX_SLEEP", 0.01)


# One that is made to go


def test_one_who_is_expelled_learns_why_and_is_ended(company: Company, listener: Peer) -> None:
    peer = company.program()
    company.hub.tell(peer.client, "you were kicked")
    peer.client.expel("kicked by op")
    assert peer.read_to_end() == b" * you were kicked\n"
    peer.close()
    wait_until_gone(company, peer)


def test_one_who_is_expelled_is_shown_nothing_more_of_the_room(
    company: Company, listener: Peer
) -> None:
    peer = company.program()
    company.say(listener, "before")
    company.hub.tell(peer.client, "you were kicked")
    with company.hub.arrival_gate.hold(listener.client.owner):  # so it has to wait to leave
        peer.client.expel("kicked by op")
        company.say(listener, "behind")
        assert peer.read_lines(2) == ["listener: before", " * you were kicked"]
        company.say(listener, "further behind")
    assert peer.read_to_end() == b""
    peer.close()
    wait_until_gone(company, peer)


def test_one_who_is_expelled_and_does_not_read_is_soon_gone(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SEND_OFF", 0.05)
    monkeypatch.setattr(visit, "PATIENCE", 60.0)
    peer = behind(company, listener)
    peer.client.expel("kicked by op")
    wait_until_gone(company, peer)
    assert peer.client.lost == "closed"


def test_one_who_is_expelled_and_reads_slowly_is_soon_gone_as_well(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SEND_OFF", 0.05)
    monkeypatch.setattr(visit, "PATIENCE", 60.0)
    peer = behind(company, listener)
    peer.client.expel("kicked by op")
    read = 0

    def is_gone() -> bool:
        nonlocal read
        gone = peer.client.number not in company.hub.clients
        if not gone:
            read += len(peer.socket.recv(100))
        return gone

    wait_until(is_gone, "it is gone")
    assert 0 < read < 2000 * 101


def test_one_who_is_only_dismissed_gets_everything_however_slowly_it_reads(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SEND_OFF", 0.001)
    peer = behind(company, listener)
    peer.client.dismiss("The server is going down")
    assert peer.read_to_end().count(b"\n") == 2000


# One that was read from before


def continued(company: Company, framer: LineFramer, read: Opening) -> Peer:
    """Somebody of whom `framer` has made what was `read` before, as Login does."""
    peer, connection = company._connect(None)

    def run() -> None:
        peer.client = company._client(connection)
        Session(company.hub, peer.client, framer, read).run()

    company.start(run)
    wait_until(lambda: hasattr(peer, "client"), "there is a client")
    return peer


def test_lines_that_were_read_before_are_said_first_and_by_a_program(
    company: Company, listener: Peer
) -> None:
    framer = LineFramer(1000)
    lines = framer.feed(b"one\ntwo\nth")
    peer = continued(company, framer, Opening(lines, False, 0))
    peer.send(b"ree\nfour\n")
    texts = [line.partition(": ")[2] for line in listener.read_lines(4)]
    assert texts == ["one", "two", "three", "four"]
    assert not peer.client.person
    assert listener.read_lines(0) == []


def test_one_who_has_said_nothing_but_the_password_is_a_person(
    company: Company, listener: Peer
) -> None:
    framer = LineFramer(1000)
    framer.feed(b"secret\n")
    framer.spoken = False
    peer = continued(company, framer, Opening([], True, 0))
    assert "/help lists the commands." in peer.read_until("/help lists the commands.")[-1]
    assert listener.read_lines(1) == [f" * {peer.client.address} joined"]


def test_what_was_seen_of_telnet_and_of_too_long_lines_before_is_looked_at(
    company: Company,
) -> None:
    framer = LineFramer(10)
    lines = framer.feed(b"\xff\xfd\x06" + b"x" * 11 + b"\r\nfine\r\n")
    peer = continued(company, framer, Opening(lines, False, 0))
    first = peer.read_line()
    assert first.startswith("\\xff\\xfc\x06 * Line too long (limit 10 bytes)")
    assert first.endswith("\r\n")


# The muted


def mute(peer: Peer) -> None:
    peer.client.muted = Sanction("op", "rude")


def test_what_a_muted_one_says_is_refused_and_nobody_sees_it(
    company: Company, listener: Peer
) -> None:
    peer = company.converse()
    peer.read_until("/help lists the commands")
    listener.read_until("joined")
    mute(peer)
    peer.send(b"one\ntwo\n/me waves\n/who\n")
    assert peer.read_lines(2) == [f" * {MUTED}"] * 2
    assert "2 here" in peer.read_line()
    company.say(listener, "quiet here")
    assert peer.read_lines(1) == ["listener: quiet here"]
    assert [m.text for m in company.room.log.after(0, 10) if m.is_spoken] == ["quiet here"]


def test_a_muted_program_that_speaks_json_is_refused_with_its_reference(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b"/json\n")
    peer.read_line()
    mute(peer)
    peer.send(
        b'{"text": "one", "ref": 1}\n{"text": "two"}\n{"text": "three", "to": "listener", '
        b'"ref": 3}\n{"command": "/who", "ref": 4}\n'
    )
    one, two, three = (json.loads(line) for line in peer.read_lines(3))
    error = {"kind": "error", "reason": "muted", "text": MUTED}
    assert one == error | {"ref": 1}
    assert two == error
    assert three == error | {"ref": 3}
    assert json.loads(peer.read_lines(2)[1]) == {"kind": "ok", "ref": 4}
    assert company.room.log.end.id == 0
    assert not listener.client.correspondent


def test_one_who_was_muted_speaks_again_when_the_time_is_over(
    company: Company, listener: Peer
) -> None:
    peer = company.program()
    peer.client.muted = Sanction("op", until=time.time())
    peer.send(b"again\n")
    listener.read_until("again")


# Those who are held back


def test_a_flood_is_taken_at_the_rate_and_all_of_it_comes_in_order(
    company: Company, listener: Peer
) -> None:
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 1000, 100
    begun = time.monotonic()
    peer = company.converse(b"".join(b"%d\n" % number for number in range(300)))
    texts = [line.partition(": ")[2] for line in listener.read_lines(300)]
    assert texts == list(map(str, range(300)))
    assert time.monotonic() - begun >= (300 - limits.burst) / limits.rate
    assert peer.read_line().startswith(" * You are sending too fast")
    assert not peer.client.owed


def test_while_one_is_held_back_nothing_more_is_read_from_it_and_others_talk_on(
    company: Company, listener: Peer
) -> None:
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 1, 10
    flooder = company.program()
    flooding = company.start(flooder.send, b"more\n" * 200_000)
    assert flooder.read_line().startswith(" * You are sending too fast")
    read = company.hub.stats.bytes_in
    company.converse(b"hello\nI am here\n")
    listener.read_until("I am here")
    assert not flooding.ready()
    assert company.hub.stats.bytes_in == read + len(b"hello\nI am here\n")
    limits.rate = 0
    listener.read_lines(10_000)


def test_one_who_is_held_back_can_be_made_to_go(company: Company, listener: Peer) -> None:
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 1, 1
    peer = company.converse(b"one\ntwo\nthree\n")
    assert peer.read_line().startswith(" * You are sending too fast")
    peer.client.expel("kicked by op")
    peer.close()
    wait_until_gone(company, peer)
    assert company.room.log.end.spoken == 1


def lines_waited_for(company: Company, listener: Peer, data: bytes, max_line: int = 1000) -> float:
    """How many lines somebody at least had to wait for who sends `data` and has a burst of 100."""
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 1000, 100
    begun = time.monotonic()
    company.converse(data + b"done\r\n", max_line=max_line)
    assert listener.read_line().endswith("done\n")
    return (time.monotonic() - begun) * limits.rate


@pytest.mark.parametrize(
    ("line", "times"), [(b"/nick ann%d\n", 10), (b"/join room%d\n", 10), (b"/find x%d\n", 10)]
)
def test_what_costs_much_counts_for_many_lines(
    company: Company, listener: Peer, line: bytes, times: int
) -> None:
    lines = b"".join(line % number for number in range(times))
    assert lines_waited_for(company, listener, lines + b"/join lobby\n") >= 100


def test_lines_that_are_too_long_count_as_lines(company: Company, listener: Peer) -> None:
    data = (b"x" * 99 + b"\n") * 250
    assert lines_waited_for(company, listener, data, max_line=10) >= 150


def test_so_many_telnet_commands_count_as_a_line(company: Company, listener: Peer) -> None:
    data = b"\xff\xf1" * (200 * COMMANDS_TO_A_LINE)
    assert lines_waited_for(company, listener, data) >= 90  # some commands may be at hand


def test_those_who_leave_at_the_same_time_go_through_the_door_one_by_one(
    company: Company,
) -> None:
    peers = [company.program() for _ in range(10)]
    door = company.hub.arrival_gate
    with door.hold(Owner("elsewhere", 0)):
        for peer in peers:
            peer.close()
        wait_until(lambda: sum(map(len, door._lines.values())) == len(peers), "they are there")
        assert len(company.room.clients) == len(peers)
    wait_until(lambda: not company.room.clients, "they have left")


@pytest.mark.parametrize("sent", [b"\n", b"h", b"\xff\xf1", b"hello\n"])
def test_whatever_one_sends_it_was_heard_of_just_now(company: Company, sent: bytes) -> None:
    peer = company.program()
    peer.client.heard = 0.0
    peer.send(sent)
    wait_until(lambda: peer.client.heard, "it is heard of")
    assert peer.client.heard == pytest.approx(time.monotonic(), abs=DEADLINE)


def test_who_is_expelled_and_takes_a_little_late_gets_no_longer_than_others(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    now = [1000.0]
    monkeypatch.setattr(visit, "SEND_OFF", 3.0)
    peer = behind(company, company.join("talker"))

    def wait_for_progress(client: object, timeout: float) -> bool:
        waits.append(timeout)
        now[0] += min(timeout, 2.9)
        return len(waits) == 1

    class Time:
        monotonic = staticmethod(lambda: now[0])
        time = staticmethod(time.time)

    monkeypatch.setattr(visit, "time", Time)
    monkeypatch.setattr(type(peer.client), "wait_for_progress", wait_for_progress)
    peer.client.expel("kicked")
    wait_until(lambda: peer.client.number not in company.hub.clients, "it is gone")
    assert sum(waits[1:]) + 2.9 <= 3.0 + 0.2


def test_who_has_left_already_and_is_expelled_does_not_get_long_either(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SEND_OFF", 0.05)
    peer = behind(company, company.join("talker"))
    peer.end_input()
    wait_until(lambda: peer.client.number not in company.room.clients, "it has left")
    peer.client.expel("banned")
    wait_until(lambda: peer.client.number not in company.hub.clients, "it is gone")
