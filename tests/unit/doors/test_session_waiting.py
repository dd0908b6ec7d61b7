"""doors.session: who asks, or talks, faster than it goes has to wait."""

from collections.abc import Callable, Iterator

import pytest

from gchat.doors.opening import RECEIVE
from gchat.doors.session import COMMANDS_TO_A_LINE
from gchat.doors.waits import LEAST_READ, MOST_AHEAD
from gchat.hub.owed import OWED_BYTES, OWED_LIMIT
from gchat.hub.pace import MAX_UNSENT
from gchat.jobs.follower import tell_outages
from gchat.model.message import SPOKEN
from gchat.store.memory import MemoryStore
from tests.unit.peers import DEADLINE, Company, Peer, wait_until
from tests.websocket_frames import masked

SMALL = 2048
ARE_YOU_THERE = b"\xff\xf6"


@pytest.fixture
def unsent() -> Iterator[Company]:
    """A hub without a broadcaster: nothing that is said is sent."""
    with Company(broadcasting=False) as company:
        yield company


class Unusable(MemoryStore):
    """Cannot be used for as long as a test wants it to."""

    places_at_once = False
    is_unusable = False


@pytest.fixture
def unplaced() -> Iterator[Company]:
    """A hub whose store places nothing."""
    with Company(store=Unusable()) as company:
        yield company


def flood(company: Company) -> None:
    """Have more be said than the room takes."""
    flooder = company.join("flooder")
    company.say(flooder, *["x" * 1000] * (MAX_UNSENT // 1000 + 1))


def texts(company: Company) -> list[str]:
    """What people have said, and has no place yet."""
    said = [each.utterance for each in company.room.pending if each.utterance.kind in SPOKEN]
    return [text for utterance in said for text in utterance.texts]


def person(company: Company) -> Peer:
    peer = company.converse()
    peer.read_until("/help lists the commands")
    return peer


def has_quit(peer: Peer) -> bool:
    return bool(peer.client.greenlet.dead)


def test_who_quits_while_the_store_cannot_be_used_goes_though_a_room_is_flooded(
    unplaced: Company,
) -> None:
    """Also behind lines that wait, whether these were sent before that was known or after."""
    store = unplaced.hub.store
    early = person(unplaced)
    flood(unplaced)
    early.send(b"one\n")
    wait_until(lambda: unplaced.room.queue.are_awaited, "it waits for a turn")
    early.send(b"two\nthree\n/quit\n")
    unplaced.start(tell_outages, unplaced.hub, store)
    store.is_unusable = True  # type: ignore[misc]
    wait_until(lambda: has_quit(early), "it has quit")
    late = person(unplaced)
    late.send(b"four\nfive\n")
    wait_until(lambda: "five" in texts(unplaced), "that waits")
    late.send(b"six\n/quit\n")
    wait_until(lambda: has_quit(late), "it has quit")
    assert texts(unplaced)[-6:] == ["one", "two", "three", "four", "five", "six"]


def test_a_flood_of_what_would_quit_but_is_text_waits_as_well(unplaced: Company) -> None:
    """A program that has said something says such lines, too."""
    flood(unplaced)
    unplaced.hub.store.is_unusable = True  # type: ignore[misc]
    line = b"/quit " + b"y" * 500 + b"\n"
    peer = unplaced.converse(b"text\n")
    unplaced.start(peer.send, line * 1000)
    wait_until(lambda: unplaced.room.queue.are_awaited, "it waits")
    assert sum(map(len, texts(unplaced)[MAX_UNSENT // 1000 + 1 :])) <= 2 * MOST_AHEAD + len(line)


def test_a_flood_waits_while_the_store_cannot_be_used(unplaced: Company) -> None:
    flood(unplaced)
    unplaced.hub.store.is_unusable = True  # type: ignore[misc]
    peer = person(unplaced)
    unplaced.start(peer.send, b"y" * 500 + b"\n")
    unplaced.start(peer.send, (b"y" * 500 + b"\n") * 1000)
    wait_until(lambda: unplaced.room.queue.are_awaited, "it waits")
    assert sum(map(len, texts(unplaced)[MAX_UNSENT // 1000 + 1 :])) <= MOST_AHEAD + 500


def test_who_asks_and_does_not_read_the_answers_is_not_listened_to(company: Company) -> None:
    peer = company.program(SMALL)
    questions = 1000  # more than is received at once
    asking = company.start(peer.send, b"/help\n" * questions)
    wait_until(lambda: peer.client.owed_bytes > OWED_LIMIT, "much is owed")
    most = 0

    def watch() -> bool:
        nonlocal most
        most = max(most, peer.client.owed_bytes)
        return peer.client.owed_bytes == 0 and asking.ready()

    reading = company.start(peer.read_to_end)
    wait_until(watch, "all is answered")
    peer.end_input()
    answer = reading.get(timeout=DEADLINE)
    assert answer.count(b"Everybody in this room sees what you type") == questions
    assert most <= OWED_LIMIT + OWED_BYTES + len(answer) // questions


@pytest.mark.parametrize("operator", [False, True])
def test_all_but_operators_wait_at_the_gate_with_what_is_not_cheap(
    operator: bool, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, passed = company.converse(), list[bool]()
    peer.read_until("/help lists the commands")
    monkeypatch.setattr(company.hub.command_gate, "pass_through", lambda _: passed.append(True))
    peer.client.operator = operator
    peer.send(b"/uptime\n/what\n" + ARE_YOU_THERE * COMMANDS_TO_A_LINE + b"\n/version\n")
    peer.read_until("gchat ")
    # Three commands, of which one is refused, and as much telnet as is a line.
    assert len(passed) == (0 if operator else 5)


def test_who_has_telnet_ask_and_does_not_read_the_answers_is_not_listened_to(
    company: Company,
) -> None:
    peer = company.program(SMALL)
    asking = company.start(peer.send, ARE_YOU_THERE * 200_000)
    wait_until(lambda: peer.client.progress or asking.ready(), "it waits")
    answer = len(b" * Yes, here\r\n")
    assert peer.client.owed_bytes <= OWED_LIMIT + RECEIVE // len(ARE_YOU_THERE) * answer


@pytest.mark.parametrize("line", [b"y" * 99, b"/me " + b"y" * 95], ids=["lines", "commands"])
def test_who_talks_waits_while_much_is_unsent(unsent: Company, line: bytes) -> None:
    peer, turns = unsent.program(), unsent.room.queue
    talking = unsent.start(peer.send, (line + b"\n") * 10_000)
    wait_until(lambda: turns.are_awaited, "it waits")
    assert not talking.ready()
    assert MAX_UNSENT < turns.unsent <= MAX_UNSENT + 2 * RECEIVE
    said = unsent.room.log.end.id
    for _ in range(100):
        turns.begin_round(1, 1)
        wait_until(lambda: turns.are_awaited or talking.ready(), "it has had its turn")
    wait_until(lambda: unsent.room.log.end.id >= min(10_000, said + 100), "more is said")


def test_one_who_is_dismissed_while_it_waits_leaves(unsent: Company) -> None:
    peer, turns = unsent.program(), unsent.room.queue
    unsent.start(peer.send, b"y\n" * 100_000)
    wait_until(lambda: turns.are_awaited, "it waits")
    peer.client.dismiss("test")
    wait_until(lambda: not unsent.room.clients, "it leaves")


@pytest.mark.parametrize(
    ("make", "said"),
    [(Company.program, b"x\n"), (Company.websocket, masked('{"text": "%s"}' % ("x" * 100)))],
    ids=["lines", "websocket"],
)
def test_the_more_wait_for_a_turn_the_less_is_read_from_each(
    unsent: Company, make: Callable[[Company], Peer], said: bytes
) -> None:
    talkers, stats = [make(unsent) for _ in range(100)], unsent.hub.stats
    portions = list[int]()
    for talker in talkers:
        stats.bytes_in = 0
        talker.send((said * RECEIVE)[:RECEIVE])
        wait_until(lambda: stats.bytes_in > 0, "something is read")
        portions.append(stats.bytes_in)
    assert portions[0] == RECEIVE
    assert portions == sorted(portions, reverse=True)
    # If that is not so, a thousand who begin at once have everybody wait until it is all read.
    assert portions[-1] < RECEIVE / 2
    assert portions[-1] >= LEAST_READ
