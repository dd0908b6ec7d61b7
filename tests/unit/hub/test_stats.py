"""hub.stats: what the server has done, and that it is counted where it is done."""

from dataclasses import fields

import gevent

from gchat.hub import membership
from gchat.hub.stats import Stats
from gchat.model.events import Announced
from tests.unit.peers import Company, Peer, wait_until


def test_what_was_done_since_then_is_the_difference_of_each_number() -> None:
    names = [field.name for field in fields(Stats)]
    before = Stats(**{name: number for number, name in enumerate(names)})
    after = Stats(**{name: 10 * number + 1 for number, name in enumerate(names)})
    since = after - before
    assert [getattr(since, name) for name in names] == [9 * n + 1 for n in range(len(names))]
    assert after - after == Stats()


def test_all_who_come_are_counted_also_when_they_have_left(company: Company) -> None:
    peers = [company.join() for _ in range(3)]
    membership.part(company.hub, peers[0].client, "test")
    membership.remove(company.hub, peers[0].client)
    assert company.hub.stats.joined == 3


def test_each_line_is_counted_once_and_each_delivery_but_to_its_speaker(company: Company) -> None:
    ann, bob, cy = (company.join(name) for name in ("ann", "bob", "cy"))
    stats = company.hub.stats
    company.say(ann, "one", "two", "three")
    company.say(bob, "four")
    company.hub.notify(company.room, Announced("op", "a notice"))
    for peer in (ann, bob, cy):
        peer.read_until("a notice")
    wait_until(lambda: cy.client.cursor == company.room.log.end, "all is counted")
    assert stats.messages == 4
    assert stats.deliveries == 3 * 2 + 1 * 2


def test_a_slow_reader_counts_as_sent_to_when_it_is_sent_to() -> None:
    with Company() as company:
        ann, slow = company.join("ann"), company.join("slow", send_buffer=2048)
        company.say(ann, *(f"{number:0100}" for number in range(500)))
        wait_until(lambda: slow.client.connection.blocked, "its socket is full")
        assert 0 < company.hub.stats.deliveries < 500
        lines = slow.read_until(f"{499:0100}")
        wait_until(lambda: company.hub.stats.deliveries >= 500, "all is counted")
        assert company.hub.stats.deliveries == 500
        assert company.hub.stats.bytes_out == sum(len(line) + len("\n") for line in lines)


def test_what_was_gone_before_it_was_sent_is_no_delivery() -> None:
    with Company() as company:
        company.room.log._max_messages = 10
        ann, late = company.join("ann"), company.join("late", listens=False)
        company.say(ann, *map(str, range(100)))
        membership.listen(company.hub, late.client)
        assert "You missed" in late.read_line()
        kept = 99 - int(late.read_line().split()[1]) + 1
        late.read_until(": 99")
        wait_until(lambda: late.client.cursor == company.room.log.end, "all is counted")
        assert company.hub.stats.deliveries == kept


def test_bytes_are_those_that_clients_have_sent_and_were_sent(company: Company) -> None:
    received: dict[Peer, bytes] = {}

    def read(peer: Peer) -> None:
        received[peer] = peer.read_to_end()

    peers = [company.converse(first) for first in (b"one\n", b"/nick ann\n/who\n", b"\nhello ")]
    readers = [company.start(read, peer) for peer in peers]
    wait_until(lambda: company.hub.stats.messages == 1, "the first is heard")
    peers[2].send(b"there\n")
    wait_until(lambda: company.hub.stats.messages == 2, "all are heard")
    for peer in peers:
        peer.end_input()
    gevent.joinall(readers, raise_error=True)
    assert company.hub.stats.bytes_in == len(b"one\n/nick ann\n/who\n\nhello there\n")
    assert company.hub.stats.bytes_out == sum(map(len, received.values())) > 0
