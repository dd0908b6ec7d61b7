"""chat.session: who asks, or talks, faster than it goes has to wait."""

from collections.abc import Iterator

import pytest

from chat.client import OWED_LIMIT
from chat.room import Room
from chat.session import RECEIVE, UNSENT_LIMIT
from tests.unit.peers import Company, wait_until

SMALL = 2048
ARE_YOU_THERE = b"\xff\xf6"


@pytest.fixture
def unsent() -> Iterator[Company]:
    """A hub without a broadcaster: nothing that is said is sent."""
    with Company(broadcasting=False) as company:
        yield company


def test_who_asks_and_does_not_read_the_answers_is_not_listened_to(company: Company) -> None:
    peer = company.program(SMALL)
    questions = 5000
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
    answer = reading.get(timeout=10)
    assert answer.count(b"what you type goes to everybody") == questions
    assert most <= OWED_LIMIT + len(answer) // questions


def test_who_has_telnet_ask_and_does_not_read_the_answers_is_not_listened_to(
    company: Company,
) -> None:
    peer = company.program(SMALL)
    asking = company.start(peer.send, ARE_YOU_THERE * 200_000)
    wait_until(lambda: peer.client.progress or asking.ready(), "it waits")
    answer = len(b" * yes, here\r\n")
    assert peer.client.owed_bytes <= OWED_LIMIT + RECEIVE // len(ARE_YOU_THERE) * answer


def test_who_talks_waits_while_much_is_unsent(unsent: Company) -> None:
    peer = unsent.program()
    talking = unsent.start(peer.send, b"x" * 99 + b"\n" + (b"y" * 99 + b"\n") * 10_000)
    wait_until(lambda: unsent.room.unsent > UNSENT_LIMIT, "much is unsent")
    wait_until(lambda: not unsent.room.round_began.is_set(), "it waits")
    assert not talking.ready()
    assert unsent.room.unsent <= UNSENT_LIMIT + RECEIVE


def test_rooms_in_which_much_is_said_share_what_may_be_unsent(unsent: Company) -> None:
    for number in range(99):
        unsent.hub.stir(Room(f"flooded{number}"))
    peer = unsent.program()
    talking = unsent.start(peer.send, (b"y" * 99 + b"\n") * 10_000)
    wait_until(lambda: unsent.room.unsent > UNSENT_LIMIT // 100, "its share is unsent")
    wait_until(lambda: not unsent.room.round_began.is_set(), "it waits")
    assert not talking.ready()
    assert unsent.room.unsent <= UNSENT_LIMIT // 100 + RECEIVE
