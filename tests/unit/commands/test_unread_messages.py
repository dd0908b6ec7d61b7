"""commands.talk: how many direct messages wait for somebody who does not read, and whose."""

import pytest

from gchat.commands import Refused
from gchat.hub import direct_messages
from gchat.hub.asking import ANSWERS
from gchat.hub.direct_messages import MOST_UNREAD, PRIVATE_LIMIT
from gchat.hub.mail_parts import PART, PART_OF_NETWORK
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until

SMALL = 2048


def _fill(company: Company, ann: Peer, name: str, width: int = 500) -> tuple[int, str]:
    """Tell `name` numbers of `width` digits until that is refused; returns how many, and why."""
    for count in range(PRIVATE_LIMIT):
        try:
            run(company, ann, f"/msg {name} {count:0{width}}")
        except Refused as why:
            return count, str(why)
        if count % 50 == 0:
            shown(company, ann)
    raise AssertionError("it was never refused")


def test_what_waits_for_who_does_not_read_is_bounded_and_the_rest_is_refused_and_comes_later(
    company: Company, ann: Peer
) -> None:
    slow = person(company, "slow", SMALL)
    count, why = _fill(company, ann, "slow")
    assert why == "slow has not read earlier messages; not sent, try again later"
    assert slow.client.private_bytes <= PRIVATE_LIMIT + 2000
    lines = slow.read_lines(count)
    assert lines == [f"ann -> slow: {number:0500}" for number in range(count)]
    wait_until(lambda: not slow.client.private_bytes, "all is sent")
    run(company, ann, "/msg slow at last")
    assert slow.read_line() == "ann -> slow: at last\n"


@pytest.fixture
def slow(company: Company, ann: Peer) -> Peer:
    """Somebody who does not read, and whose socket is full."""
    slow = person(company, "slow", SMALL)
    company.say(ann, *["x" * 100] * 1000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    return slow


def test_whoever_fills_the_place_of_one_who_does_not_read_keeps_nobody_else_from_writing(
    company: Company, ann: Peer, bob: Peer, slow: Peer
) -> None:
    shown(company, bob)
    count, why = _fill(company, ann, "slow")
    assert refusal(company, ann, "/msg slow just this") == why
    assert told(company, bob, "/msg slow hello") == ["bob -> slow: hello"]
    assert refusal(company, bob, f"/msg slow {'x' * int(PART.burst)}") == why
    more, _ = _fill(company, bob, "slow")
    assert 0 < 500 * more < PART.burst
    told_lines = slow.read_lines(1000 + count + 1 + more)[1000:]
    assert told_lines[count] == "bob -> slow: hello"


def test_nobody_fills_it_with_one_connection_after_the_other(
    company: Company, ann: Peer, slow: Peer
) -> None:
    _fill(company, ann, "slow")
    counts = [_fill(company, person(company, f"n{each}"), "slow")[0] for each in range(12)]
    assert counts[0]
    assert not counts[-1]
    assert 500 * sum(counts) <= PART_OF_NETWORK.burst
    assert slow.client.private_bytes < MOST_UNREAD


def test_nor_do_those_of_one_network_at_another_server_keep_others_there_from_writing(
    company: Company, slow: Peer
) -> None:
    def is_taken(number: int, network: str, text: str) -> bool:
        what = slow.client.number, "slow", number, f"n{number}", network, text
        return "taken" in ANSWERS[direct_messages.DIRECT](company.hub, what)

    for number in range(20):
        while is_taken(number, "10.0.0.1/32", "x" * 500):
            pass
    assert not is_taken(20, "10.0.0.1/32", "hello")
    assert is_taken(21, "10.0.0.2/32", "hello")


def test_from_however_many_networks_they_come_it_is_bounded(
    company: Company, ann: Peer, bob: Peer, slow: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(direct_messages, "MOST_UNREAD", PRIVATE_LIMIT)
    _, why = _fill(company, ann, "slow")
    assert refusal(company, bob, "/msg slow hello") == why


def test_many_tiny_messages_are_bounded_by_what_they_take_in_memory(
    company: Company, ann: Peer, slow: Peer
) -> None:
    _fill(company, ann, "slow", width=1)
    assert len(slow.client.owed) < PRIVATE_LIMIT // 100


def test_who_does_not_read_what_others_send_is_still_listened_to(
    company: Company, ann: Peer, bob: Peer
) -> None:
    slow = company.program(SMALL)
    _fill(company, ann, slow.client.name)
    shown(company, bob)
    slow.send(b"/me is still here\nis, too\n")
    address = slow.client.address
    assert bob.read_lines(2) == [f" ** {address} is still here", f"{address}: is, too"]
