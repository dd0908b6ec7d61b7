"""doors.http_keys and http_allowance: what is remembered of requests, and how much of it."""

import pytest

from gchat.doors import http_allowance, http_keys
from gchat.doors.http_allowance import OPENING, Allowance
from gchat.doors.http_keys import MOST_KEPT, MOST_NETWORKS, MOST_OF_A_NETWORK, Key, Keys
from gchat.protocol.http_answers import Problem
from gchat.text.addresses import network_of
from tests.unit.fake_time import FakeTime
from tests.unit.peers import HOME, Company

KEY = Key("ann", "lobby", "1")


def key(number: int) -> Key:
    return Key("ann", "lobby", str(number))


def test_the_same_request_has_the_same_answer() -> None:
    keys = Keys()
    assert keys.find(HOME, KEY, b"x") == b""
    keys.note(HOME, KEY, b"x")
    with pytest.raises(Problem, match="being carried out") as raised:
        keys.find(HOME, KEY, b"x")
    assert raised.value.status == 409
    keys.note(HOME, KEY, b"x", b"done")
    assert keys.find(HOME, KEY, b"x") == b"done"
    with pytest.raises(Problem, match="another text"):
        keys.find(HOME, KEY, b"y")
    for other in (KEY._replace(room="b"), KEY._replace(speaker="b"), KEY._replace(key="2")):
        assert keys.find(HOME, other, b"x") == b""
    assert keys.find(network_of("10.0.0.1"), KEY, b"x") == b""


def test_one_that_was_refused_can_be_made_again() -> None:
    keys = Keys()
    keys.note(HOME, KEY, b"x")
    keys.forget(HOME, KEY)
    assert keys.find(HOME, KEY, b"y") == b""
    assert not keys._of
    keys.forget(HOME, KEY)


def test_a_network_has_its_last_ones_and_takes_none_away_from_others() -> None:
    keys, other = Keys(), network_of("10.0.0.1")
    keys.note(other, KEY, b"x", b"other")
    for number in range(MOST_OF_A_NETWORK + 1):
        keys.note(HOME, key(number), b"x", b"done")
    assert keys.find(HOME, key(0), b"x") == b""
    assert keys.find(HOME, key(1), b"x") == b"done"
    assert keys.find(other, KEY, b"x") == b"other"


def test_what_is_kept_is_bounded() -> None:
    keys = Keys()
    keys.note(HOME, KEY, b"x", bytes(MOST_KEPT + 1))
    assert keys.find(HOME, KEY, b"x") == b""
    for number in range(MOST_NETWORKS + 9):
        keys.note(network_of(f"10.0.{number // 256}.{number % 256}"), KEY, b"x", b"done")
    assert len(keys._of) == MOST_NETWORKS


def test_the_answers_to_all_networks_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_keys, "MOST_ANSWERS", 1000)
    keys, others = Keys(), [network_of(f"10.0.0.{number}") for number in range(20)]
    for other in others:
        for number in (1, 1, 2):
            keys.note(other, key(number), b"x")
            keys.note(other, key(number), b"x", bytes(100))
            keys.note(HOME, KEY, b"x", b"mine")
    answers = [each.answer for known in keys._of.values() for each in known.values()]
    assert 1000 - 200 < sum(map(len, answers)) == keys._size <= 1000
    assert keys.find(others[-1], key(1), b"x") == bytes(100)
    assert keys.find(others[0], key(1), b"x") == b""
    assert keys.find(HOME, KEY, b"x") == b"mine"  # which it has used all the time
    for other in (*others, HOME):
        for each in (key(1), key(2), KEY):
            keys.forget(other, each)
    assert (keys._of, keys._size) == ({}, 0)


def test_requests_of_a_network_count_together_until_it_has_waited(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeTime()
    monkeypatch.setattr(http_allowance, "time", fake)
    company.hub.settings.limits.rate, company.hub.settings.limits.burst = 10, 100
    allowance = Allowance(company.hub)
    allowance.pay(HOME, 60)
    with pytest.raises(Problem, match="limit 10 lines per second") as raised:
        allowance.pay(HOME, 60)
    assert (raised.value.status, raised.value.headers) == (429, {"Retry-After": "2"})
    allowance.pay(HOME, 40)  # as nothing was taken
    allowance.pay(network_of("10.0.0.1"), 100)
    fake.now += 2
    allowance.pay_for_room(HOME, "lobby")
    allowance.pay_for_room(HOME, "new")
    with pytest.raises(Problem):
        allowance.pay(HOME, 1)
    assert OPENING == 20
    company.hub.settings.limits.rate = 0
    allowance.pay(HOME, 10**6)
