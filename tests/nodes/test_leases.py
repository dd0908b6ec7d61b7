"""Leases of servers, and the names of their clients, whatever became of Redis or of a server."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from gchat.model.peers import Peer
from gchat.store.errors import NotAgreed, StoreError
from gchat.store.redis import keys, roster
from gchat.store.redis.claims import Claims
from gchat.store.redis.link import Link
from gchat.store.redis.roster import Roster
from gchat.text.lookalikes import skeletons
from gchat.text.naming import name_key
from tests.nodes.conftest import MakeProxy, StartRedis
from tests.nodes.redis_server import Redis

ANN = Peer(1, "ann", ["lobby"], True, False, None)
BOB = Peer(2, "bob", ["lobby"], True, False, None)


@pytest.fixture
def redis(start_redis: StartRedis) -> Redis:
    redis = start_redis()
    agree(redis)
    return redis


def agree(redis: Redis) -> None:
    """Have the servers agree how rooms go on."""
    redis.client.set(keys.GATE, redis.client.info("server")["run_id"])


@pytest.fixture
def links(redis: Redis) -> Iterator[list[Link]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(Link(redis.url))) for _ in range(2)]


class Server:
    """A server that tells who is there."""

    def __init__(self, link: Link, name: str, *peers: Peer) -> None:
        self._link = link
        self._roster = Roster(name)
        self.peers = peers

    def renew(self) -> Any:
        return self._roster.renew(self._link, self.peers)

    def sees(self) -> dict[str, list[str]]:
        """The names of the clients of the other servers."""
        present = self.renew().present
        return {server: [each.name for each in peers] for server, peers in present.items()}


@pytest.fixture
def servers(links: list[Link]) -> list[Server]:
    here, there = Server(links[0], "1", ANN), Server(links[1], "2", BOB)
    for server in (here, there, here):
        server.renew()
    return [here, there]


def end(redis: Redis, server: str) -> None:
    """Have the last renewal of `server` be too long ago."""
    redis.client.zadd(keys.ALIVE, {server: 1})


def test_a_server_that_comes_back_is_known_again_with_its_clients(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    assert there.sees() == {"1": ["ann"]}
    end(redis, "1")
    assert [*there.renew().ended] == ["1"]
    assert here.renew().was_given_up
    assert not here.renew().was_given_up
    assert there.sees() == {"1": ["ann"]}


def test_each_end_of_a_server_has_a_name_that_all_servers_give_it(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    names = set[str]()
    with closing(Link(redis.url)) as link:
        third = Server(link, "3")
        for _ in range(2):
            here.renew()
            there.renew()
            third.renew()
            end(redis, "1")
            given = [server.renew().endings["1"] for server in (there, third)]
            assert len({*given}) == 1
            names.update(given)
    assert len(names) == 2


def test_that_it_was_given_up_is_learnt_though_the_answer_was_lost(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    end(redis, "1")
    there.renew()
    other = Server(here._link, "1", ANN)  # which knows nothing of the answer
    other._roster._lease = here._roster._lease
    other.renew()
    assert here.renew().was_given_up


def test_nobody_is_taken_for_ended_as_redis_has_lost_the_leases(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    redis.client.flushall()
    with pytest.raises(NotAgreed):
        here.renew()
    redis.client.zadd(keys.ALIVE, dict.fromkeys("12", 2.0**41))  # as JOIN does
    agree(redis)
    found = here.renew()
    assert not found.ended
    assert not found.was_given_up
    assert [each.name for each in found.present["2"]] == ["bob"]
    assert not there.renew().was_given_up


# Names


@pytest.fixture
def claims(links: list[Link], servers: list[Server]) -> list[tuple[Claims, Link]]:
    return [(Claims(name), link) for name, link in zip("12", links, strict=True)]


def test_a_name_that_was_given_back_is_free(claims: list[tuple[Claims, Link]]) -> None:
    (here, link), (there, other_link) = claims
    assert here.claim(link, "ann", 1, "Ann") == ""
    assert there.claim(other_link, "ann", 2, "ann") == "Ann"
    here.release("ann", 5, 0.0)  # not its holder
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == "Ann"
    here.release("ann", 1, 0.0)
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == ""


def test_a_reserved_name_is_for_its_holder_and_may_be_freed(
    claims: list[tuple[Claims, Link]],
) -> None:
    (here, link), (there, other_link) = claims
    here.claim(link, "ann", 1, "ann")
    here.release("ann", 1, 2.0**40)
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == "ann"
    assert here.claim(link, "ann", 1, "ann") == ""
    here.release("ann", 1, 2.0**40)
    here.release("ann", 5, 0.0)  # not its holder
    here.release("ann", 1, 0.0)  # an operator frees it
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == ""


def test_a_name_is_taken_again_before_it_was_given_back(claims: list[tuple[Claims, Link]]) -> None:
    (here, link), (there, other_link) = claims
    here.claim(link, "ann", 1, "ann")
    here.release("ann", 1, 0.0)
    assert here.claim(link, "ann", 7, "ann") == ""
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == "ann"


def test_a_claim_that_was_broken_off_keeps_no_name(
    redis: Redis, claims: list[tuple[Claims, Link]], proxy: MakeProxy
) -> None:
    """Redis may have carried it out."""
    (here, link), (there, other_link) = claims
    way = proxy(redis)
    with closing(Link(way.url)) as broken:
        way.loses, way.is_lost = 2, lambda asked: b"EVALSHA" in asked and b":names" in asked
        with pytest.raises(StoreError):
            here.claim(broken, "ann", 1, "ann")
    assert redis.client.hkeys(keys.NAMES) == [b"ann"]
    here.settle(link)
    assert there.claim(other_link, "ann", 2, "ann") == ""


def test_names_that_others_have_taken_meanwhile_are_told(
    redis: Redis, servers: list[Server], claims: list[tuple[Claims, Link]]
) -> None:
    (here, link), (there, other_link) = claims
    here.claim(link, "ann", 1, "ann")
    here.claim(link, "cleo", 3, "cleo")
    end(redis, "1")
    servers[1].renew()
    assert there.claim(other_link, "ann", 2, "ann") == ""
    servers[0].renew()
    here.again(link)
    assert here.take_lost() == [1]
    assert there.claim(other_link, "cleo", 2, "cleo") == "cleo"
    here.again(link)
    assert here.take_lost() == []


def test_no_name_is_given_out_before_all_have_claimed_theirs(
    redis: Redis, claims: list[tuple[Claims, Link]]
) -> None:
    (here, link), (there, other_link) = claims
    here.claim(link, "ann", 1, "ann")
    redis.client.flushall()
    with pytest.raises(NotAgreed):
        there.claim(other_link, "ann", 2, "ann")
    here.give_back(link)
    redis.client.zadd(keys.ALIVE, dict.fromkeys("12", 2.0**41))
    agree(redis)
    assert there.claim(other_link, "ann", 2, "ann") == "ann"


def test_names_that_nobody_has_any_more_are_forgotten(
    redis: Redis, servers: list[Server], claims: list[tuple[Claims, Link]]
) -> None:
    (here, link), (there, other_link) = claims
    for number, key in enumerate(("kept", "late", "past")):
        here.claim(link, key, number, key)
    here.release("late", 1, 2.0**40)
    here.release("past", 2, 1.0)
    here.settle(link)
    there.claim(other_link, "gone", 9, "gone")
    end(redis, "2")
    servers[0].renew()
    here.sweep(link)
    assert redis.client.hkeys(keys.NAMES) == [b"kept", b"late"]


@pytest.mark.parametrize(
    ("first", "second", "holder"),
    [
        ("John", "J\N{GREEK SMALL LETTER OMICRON}hn", "John"),
        ("J\N{GREEK SMALL LETTER OMICRON}hn", "John", "J\N{GREEK SMALL LETTER OMICRON}hn"),
        ("com", "corn", ""),
        ("John", "Joan", ""),
    ],
)
def test_of_two_names_that_look_alike_one_is_taken_though_nobody_waits(
    claims: list[tuple[Claims, Link]], first: str, second: str, holder: str
) -> None:
    (here, link), (there, other_link) = claims
    first_key, second_key = map(name_key, (first, second))
    assert here.claim(link, first_key, 1, first, skeletons(first)) == ""
    assert there.claim(other_link, second_key, 2, second, skeletons(second)) == holder
    assert here.claim(link, second_key, 1, second, skeletons(second)) == ("" if holder else second)


def test_a_name_that_was_given_back_may_be_taken_at_once_whatever_it_looks_like(
    redis: Redis, claims: list[tuple[Claims, Link]]
) -> None:
    (here, link), (there, other_link) = claims
    name = "J\N{GREEK SMALL LETTER OMICRON}hn"
    here.claim(link, "key", 1, name, skeletons(name))
    here.release("key", 1, 0.0)
    here.settle(link)
    assert there.claim(other_link, "key", 2, name, skeletons(name)) == ""
    looks = redis.client.keys(keys.look("*"))
    assert all(redis.client.pttl(each) > 0 for each in looks)
    assert looks


def test_a_lease_lasts_longer_than_redis_may_be_away_unnoticed() -> None:
    """Else servers would be ended because nobody could renew."""
    assert roster.NOBODY_RENEWS < roster.LASTS
