"""delivery.broadcaster, on real sockets: who gets what, and in which order."""

import errno
import re
import socket
from collections.abc import Callable

import gevent
import pytest

from gchat.delivery.one_by_one import OneByOne
from gchat.hub import cohorts, membership
from gchat.hub.client import Client
from gchat.hub.room import Room
from gchat.model.display import PLAIN, TELNET
from gchat.model.message import Kind
from gchat.model.room_log import RoomLog
from tests.unit.bursts import SMALL, numbered, talk
from tests.unit.peers import Company, ObservedSocket, Peer, wait_until


def keeps_step(peer: Peer, room: Room) -> bool:
    """Whether it is in a cohort, and so will be sent what others are."""
    return peer.client.cohort in list(room.cohorts)


def numbers_and_gaps(lines: list[str], who: str) -> tuple[list[int], list[int]]:
    """The numbers that `who` said, and how many are missing according to gap notices."""
    said = [int(line.removeprefix(f"{who}: ")) for line in lines if line.startswith(who)]
    gaps = [int(found[1]) for line in lines if (found := re.match(r" \* You missed (\d+) ", line))]
    assert len(said) + len(gaps) == len(lines)
    return said, gaps


def test_everybody_gets_the_same_in_the_same_order_but_for_their_own(company: Company) -> None:
    names = ["ann", "bob", "cy"]
    peers = [company.join(name) for name in names]
    everything = []
    for number in range(300):
        name, peer = names[number % 3], peers[number % 3]
        company.say(peer, str(number))
        everything.append(f"{name}: {number}")
        if number % 7 == 0:
            gevent.sleep(0)
    for name, peer in zip(names, peers, strict=True):
        expected = [line for line in everything if not line.startswith(name)]
        assert peer.read_lines(200) == expected
        assert peer.client.own_ahead == 0


def test_who_does_not_read_delays_nobody_and_gets_everything_in_order(company: Company) -> None:
    ann, slow, bob = (company.join(name, SMALL) for name in ("ann", "slow", "bob"))
    texts = numbered(0, 2000)
    reader = company.start(bob.read_lines, len(texts))
    talk(company, ann, texts)
    wait_until(reader.ready, "bob has everything")
    assert slow.client.connection.blocked
    expected = [f"ann: {text}" for text in texts]
    assert reader.get() == expected
    assert slow.read_lines(len(texts)) == expected


def test_who_fell_behind_the_log_is_told_the_exact_number() -> None:
    with Company(RoomLog("lobby", max_messages=100)) as company:
        ann, slow = company.join("ann"), company.join("slow", SMALL)
        texts = numbered(0, 3000)
        talk(company, ann, texts)
        company.say(ann, "last")
        lines = slow.read_until("last")
    said, gaps = numbers_and_gaps(lines[:-1], "ann")
    assert gaps
    assert len(said) + sum(gaps) == len(texts)
    assert said == sorted(set(said))
    assert said[-1] == len(texts) - 1


def test_who_talks_and_does_not_read_is_told_the_exact_number_without_their_own() -> None:
    with Company(RoomLog("lobby", max_messages=100)) as company:
        ann, slow = company.join("ann"), company.join("slow", SMALL)
        reader = company.start(ann.read_until, "enough")
        texts = numbered(0, 3000)
        for start in range(0, len(texts), 30):
            company.say(ann, *texts[start : start + 30])
            talk(company, slow, [f"mine {start}"] * (1 + start % 11))
        company.say(ann, "last")
        lines = slow.read_until("last")
        company.say(slow, "enough")
        wait_until(reader.ready, "ann has everything")
    said, gaps = numbers_and_gaps(lines[:-1], "ann")
    assert gaps
    assert len(said) + sum(gaps) == len(texts)
    assert not any("mine" in line for line in lines)


def test_who_missed_only_their_own_words_is_told_of_no_gap() -> None:
    with Company(RoomLog("lobby", max_messages=100)) as company:
        ann, slow = company.join("ann"), company.join("slow", SMALL)
        company.say(ann, "x" * 50_000)
        wait_until(lambda: slow.client.connection.blocked, "its socket is full")
        talk(company, slow, numbered(0, 500))
        ann.read_lines(500)
        wait_until(lambda: slow.client.own_ahead == 500, "it lags")
        assert slow.read_line() == f"ann: {'x' * 50_000}\n"
        wait_until(lambda: slow.client.cursor == company.room.log.end, "it has caught up")
        company.say(ann, "last")
        assert slow.read_lines(1) == ["ann: last"]


def test_who_missed_only_what_they_said_before_they_resumed_is_told_of_no_gap() -> None:
    with Company(RoomLog("lobby", max_messages=100)) as company:
        ann, slow = company.join("ann"), company.join("slow", SMALL)
        company.say(ann, "x" * 50_000)
        wait_until(lambda: slow.client.connection.blocked, "its socket is full")
        log, client = company.room.log, slow.client
        client.former = 1000
        for text in numbered(0, 60):
            log.append(0.0, Kind.SAY, [text], client.former, "slow")
        client.has_said(log.end.id, 60)
        company.say(ann, *numbered(0, 80))
        assert 1 < log.start.id < 61  # some of what they have said is kept, and some is not
        assert slow.read_lines(81) == [f"ann: {text}" for text in ("x" * 50_000, *numbered(0, 80))]
        assert (client.missed, client.own_ahead) == (0, 0)


def test_answers_come_at_their_place_among_what_the_room_says(company: Company) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    expected = []
    for number in range(20):
        texts = numbered(number * 40, 40)
        talk(company, ann, texts)
        company.hub.tell(slow.client, f"answer {number}", "of two lines")
        expected += [f"ann: {text}" for text in texts]
        expected += [f" * answer {number}", " * of two lines"]
    assert slow.client.connection.blocked
    assert slow.read_lines(len(expected)) == expected
    assert slow.client.owed_bytes == 0


def advanced_one_by_one(
    company: Company, monkeypatch: pytest.MonkeyPatch, speaker: Peer, text: str
) -> list[Client]:
    """Those to whom the broadcaster gives thought when `text` is said: who do not keep step."""
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    clients: list[Client] = []
    advance = OneByOne.advance

    def observed(this: OneByOne, client: Client) -> None:
        clients.append(client)
        advance(this, client)

    with monkeypatch.context() as patch:
        patch.setattr(OneByOne, "advance", observed)
        company.say(speaker, text)
        wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    return clients


def test_those_who_keep_step_cost_no_more_than_a_call_whatever_their_look(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob, cy = (company.join(name) for name in ("ann", "bob", "cy"))
    cy.client.display = TELNET
    for text in ("one", "two"):
        assert advanced_one_by_one(company, monkeypatch, ann, text) == [ann.client]
        assert bob.read_line() == f"ann: {text}\n"
        assert cy.read_line() == f"ann: {text}\r\n"
    # Who has spoken is one of the others again.
    assert advanced_one_by_one(company, monkeypatch, bob, "three") == [bob.client]


def test_who_is_to_get_something_else_does_not_keep_step_until_it_has_got_it(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    assert advanced_one_by_one(company, monkeypatch, ann, "one") == [ann.client]
    company.say(ann, "two")
    company.hub.tell(bob.client, "answer")
    company.say(ann, "three")
    assert bob.read_lines(4) == ["ann: one", "ann: two", " * answer", "ann: three"]
    assert advanced_one_by_one(company, monkeypatch, ann, "four") == [ann.client]
    company.hub.names.ignore(bob.client, "ann")
    both = {ann.client, bob.client}
    assert set(advanced_one_by_one(company, monkeypatch, ann, "five")) == both
    assert advanced_one_by_one(company, monkeypatch, ann, "six") == [ann.client]
    company.hub.names.stop_ignoring(bob.client, "ann")
    assert set(advanced_one_by_one(company, monkeypatch, ann, "seven")) == both
    assert bob.read_lines(2) == ["ann: four", "ann: seven"]
    assert advanced_one_by_one(company, monkeypatch, ann, "eight") == [ann.client]


def do_once_in_a_round(company: Company, peer: Peer, do: Callable[[], object]) -> None:
    """As soon as `peer` is sent to, the next time."""
    wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
    pending = [do]

    def do_it(_data: bytes) -> None:
        if pending:
            pending.pop()()

    ObservedSocket(peer, do_it)


def test_who_speaks_in_the_middle_of_a_round_does_not_hear_itself(company: Company) -> None:
    ann, cy, bob = (company.join(name) for name in ("ann", "cy", "bob"))
    do_once_in_a_round(company, cy, lambda: company.say(bob, "in the middle"))
    company.say(ann, "one")
    assert cy.read_lines(2) == ["ann: one", "bob: in the middle"]
    company.say(ann, "two")
    assert bob.read_lines(2) == ["ann: one", "ann: two"]


def test_an_answer_in_the_middle_of_a_round_comes_at_its_place(company: Company) -> None:
    ann, cy, bob = (company.join(name) for name in ("ann", "cy", "bob"))

    def talk_on() -> None:
        company.say(ann, "two")
        company.hub.tell(bob.client, "answer")
        company.say(ann, "three")

    do_once_in_a_round(company, cy, talk_on)
    company.say(ann, "one")
    assert bob.read_lines(4) == ["ann: one", "ann: two", " * answer", "ann: three"]


def test_who_keeps_step_goes_on_so_when_others_want_ever_other_looks(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "MAX_COHORTS", 1)
    odd, ann, bob = (company.join(name) for name in ("odd", "ann", "bob"))
    wait_until(lambda: keeps_step(bob, company.room), "it keeps step")
    odd.client.display = TELNET
    for text in ("one", "two"):
        company.say(ann, text)
        assert odd.read_line() == f"ann: {text}\r\n"
        assert bob.read_line() == f"ann: {text}\n"
        wait_until(lambda: not company.hub.ready_rooms, "the broadcaster rests")
        assert keeps_step(bob, company.room)
        assert not keeps_step(odd, company.room)


def test_many_who_want_the_same_keep_step_whoever_came_before_with_looks_of_their_own(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohorts, "MAX_COHORTS", 2)
    odd = [company.join(name) for name in ("odd", "even")]
    for ending, peer in enumerate(odd):
        peer.client.display = PLAIN._replace(end=f"{ending}\n")
    wait_until(lambda: all(keeps_step(peer, company.room) for peer in odd), "they keep step")
    others = [company.join(f"bob{number}") for number in range(3)]
    ann = company.join("ann")
    for number in range(20):
        company.say(ann, str(number))
        assert [peer.read_line() for peer in others] == [f"ann: {number}\n"] * 3
    assert all(keeps_step(peer, company.room) for peer in others)
    for ending, peer in enumerate(odd):
        assert [peer.read_line() for _ in range(20)] == [f"ann: {n}{ending}\n" for n in range(20)]


def test_who_asks_for_the_look_that_it_has_keeps_step(company: Company) -> None:
    bob = company.join("bob")
    wait_until(lambda: keeps_step(bob, company.room), "it keeps step")
    bob.client.display = bob.client.display._replace(end="\n")
    assert keeps_step(bob, company.room)


@pytest.mark.parametrize("text", ["x" * 100_000, "x" * 60_000], ids=["a batch", "less"])
def test_who_keeps_step_and_takes_a_part_of_it_gets_the_rest_and_nothing_twice(
    company: Company, text: str
) -> None:
    ann, slow, bob = company.join("ann"), company.join("slow", SMALL), company.join("bob")
    wait_until(lambda: keeps_step(slow, company.room), "it keeps step")
    before = company.hub.stats.deliveries
    company.say(ann, text, text, "end")
    for reader in (slow, bob):
        assert reader.read_lines(3) == [f"ann: {text}"] * 2 + ["ann: end"]
    assert company.hub.stats.deliveries - before == 6


def test_the_rest_of_a_line_comes_before_what_is_said_next_also_if_memory_was_out(
    company: Company,
) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    wait_until(lambda: keeps_step(slow, company.room), "it keeps step")
    company.say(ann, "x" * 50_000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    end = company.room.log.end.id

    def fail(data: bytes) -> None:
        if company.room.log.end.id == end:
            company.say(ann, "next")
        if company.room.sent.id == end:  # until there is a round for that as well
            raise OSError(errno.ENOBUFS, "no memory")

    ObservedSocket(slow, fail)
    assert slow.read_lines(2) == ["ann: " + "x" * 50_000, "ann: next"]


def test_a_long_line_of_which_the_socket_takes_parts_comes_whole(company: Company) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    texts = ["ä" * 60_000, "", "ö" * 30_000, "end"]
    company.say(ann, *texts)
    assert slow.read_lines(4) == [f"ann: {text}" for text in texts]


def test_who_keeps_step_and_wants_another_look_has_it_from_the_next_line_on(
    company: Company,
) -> None:
    ann, bob, cy = (company.join(name) for name in ("ann", "bob", "cy"))

    def all_keep_step() -> bool:
        return keeps_step(bob, company.room) and keeps_step(cy, company.room)

    for bobs, cys in [(PLAIN, TELNET), (TELNET, TELNET), (TELNET, PLAIN), (PLAIN, PLAIN)]:
        company.say(ann, "before")
        assert bob.read_line()[:11] == cy.read_line()[:11] == "ann: before"
        wait_until(all_keep_step, "they keep step")
        bob.client.display, cy.client.display = bobs, cys
        for text in ("first", "then"):
            company.say(ann, text)
            assert bob.read_line() == f"ann: {text}{bobs.end}"
            assert cy.read_line() == f"ann: {text}{cys.end}"
            wait_until(all_keep_step, "they keep step with others of their looks")


def test_lines_end_as_the_client_wants_it(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    bob.client.display = TELNET
    company.say(ann, "one")
    company.hub.tell(bob.client, "two")
    assert [bob.read_line() for _ in range(2)] == ["ann: one\r\n", " * two\r\n"]


def test_who_leaves_gets_what_was_said_before_and_nothing_after(company: Company) -> None:
    ann, slow = company.join("ann"), company.join("slow", SMALL)
    texts = numbered(0, 500)
    talk(company, ann, texts)
    membership.part(company.hub, slow.client, "test")
    company.say(ann, "too late")
    assert not slow.client.settled
    assert slow.read_lines(len(texts)) == [f"ann: {text}" for text in texts]
    wait_until(lambda: slow.client.settled, "it has got everything")
    slow.client.connection._socket.shutdown(socket.SHUT_WR)
    assert slow.read_to_end() == b""


def test_who_left_is_not_told_that_they_missed_what_was_said_after() -> None:
    with Company(RoomLog("lobby", max_messages=100)) as company:
        ann, slow = company.join("ann"), company.join("slow", SMALL)
        texts = numbered(0, 500)
        talk(company, ann, texts)
        membership.part(company.hub, slow.client, "test")
        talk(company, ann, numbered(500, 500))
        reader = company.start(slow.read_to_end)
        wait_until(lambda: slow.client.settled, "it has got everything")
        slow.client.connection._socket.shutdown(socket.SHUT_WR)
        said, gaps = numbers_and_gaps(reader.get().decode().splitlines(), "ann")
    assert len(said) + sum(gaps) == len(texts)
