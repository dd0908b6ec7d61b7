"""Direct messages between users of several servers: in order, once, or refused in plain words."""

import signal
from itertools import count

import pytest

from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.nodes.conftest import MakeProxy, StartNode, StartRedis
from tests.nodes.proxy import is_letter
from tests.nodes.redis_server import Redis
from tests.nodes.test_people import is_listed
from tests.nodes.test_resume import answer_to, token_of

IN_DOUBT = (
    " * It is not known whether your message was sent: the recipient's server does not answer. "
    "It was not sent twice."
)


@pytest.fixture
def servers(start_redis: StartRedis, start_node: StartNode) -> list[Server]:
    redis = start_redis()
    return [start_node(name, redis.url).server for name in "ab"]


def test_a_message_arrives_at_another_server_and_is_answered(servers: list[Server]) -> None:
    here, there = servers
    ann, bob = here.person("ann"), there.person("bob")
    eves = [server.person(f"eve{number}") for number, server in enumerate(servers)]
    ann.say("/msg bob psst")
    assert ann.expect("psst") == bob.expect("psst") == "ann -> bob: psst"
    bob.say("/reply yes?")
    assert ann.expect("yes?") == bob.expect("yes?") == "bob -> ann: yes?"
    ann.say("/reply nothing", "that was it")
    assert bob.expect("nothing") == "ann -> bob: nothing"
    for eve in eves:
        assert "->" not in "".join(eve.lines_until("that was it"))


def test_many_messages_arrive_in_their_order(servers: list[Server]) -> None:
    here, there = servers
    bob = there.person("bob")
    senders = [here.json_program(f"sender{number}") for number in range(3)]
    for number in range(100):
        for sender in senders:
            sender.send_object(text=f"number {number}", to="bob", ref=number)
    got = [bob.expect("number ") for _ in range(300)]
    for name in ("sender0", "sender1", "sender2"):
        own = [line for line in got if line.startswith(f"{name} ")]
        assert own == [f"{name} -> bob: number {number}" for number in range(100)]


def test_what_is_refused_is_told_to_the_sender(servers: list[Server]) -> None:
    here, there = servers
    ann, bob = here.person("ann"), there.person("bobby")
    bob.say("/away lunch")
    bob.expect("You are away")
    wait_until(is_listed(here, "bobby"), "bobby is known")
    ann.say("/msg bob one", "/msg bob two")
    shown = ann.lines_until("Sent to bobby, the only name that begins with bob")
    assert " * bobby is away: lunch" in shown
    assert not any("away" in line for line in ann.lines_until("Sent to bobby"))
    bob.say("/ignore ann")
    bob.expect("ignore")
    ann.say("/msg bobby three")
    assert ann.expect("ignores you") == " * bobby ignores you; not sent"
    bob.say("/nick robert", "/unignore ann")
    bob.expect("no longer")
    ann.say("/msg nobody psst")
    assert "Nobody here is called nobody" in ann.expect("nobody")


def test_a_message_waits_at_the_server_that_keeps_the_token(servers: list[Server]) -> None:
    here, there = servers
    bob = there.person("bob")
    bob.say("/token")
    token = bob.expect("/resume").split("/resume ")[1]
    bob.close()
    ann = here.person("ann")

    def is_stored() -> bool:
        ann.say("/msg bob are you there?")
        return "stored until they come back" in ann.expect(" bob")

    wait_until(is_stored, "bob has left")
    again = there.person()
    again.say(f"/resume {token}")
    assert again.expect("are you there?").endswith("ann -> bob: are you there?")


def test_a_message_waits_in_redis_when_the_server_that_kept_the_token_has_ended(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here, there, third = (start_node(name, redis.url).server for name in "abc")
    ann, bob, refs = here.json_program("ann"), there.person("bob"), count(1)
    token = token_of(bob)
    wait_until(is_listed(here, "bob"), "bob is known")
    there.signal(signal.SIGTERM)
    bob.rest()
    assert there.wait() == 0

    def is_sent(text: str) -> bool:
        ann.send_object(text=text, to="bob", ref=(ref := next(refs)))
        return bool(answer_to(ann, ref)["kind"] == "ok")

    wait_until(lambda: is_sent("one"), "that server is known to have ended")
    assert is_sent("two")
    again = third.person()
    again.say(f"/resume {token}")
    assert again.expect("one").endswith("ann -> bob: one")
    assert again.line().endswith("ann -> bob: two")
    wait_until(lambda: not redis.client.keys("gchat:1:mail:*"), "they have arrived")
    wait_until(lambda: is_sent("three"), "it is known where bob is")
    assert again.expect("three") == "ann -> bob: three"


def test_a_server_that_does_not_answer_leaves_it_in_doubt_and_takes_it_once(
    servers: list[Server],
) -> None:
    here, there = servers
    ann, eve, bob = here.person("ann"), here.person("eve"), there.person("bob")
    wait_until(is_listed(here, "bob"), "bob is known")
    there.process.send_signal(signal.SIGSTOP)
    try:
        ann.say("/msg bob psst", "hello eve")
        eve.say("hello ann")
        missing = {"eve: hello ann", IN_DOUBT}
        while missing:  # in either order
            missing.discard(ann.line())
        assert eve.expect("hello eve") == "ann: hello eve"
    finally:
        there.process.send_signal(signal.SIGCONT)
    assert bob.expect("psst") == "ann -> bob: psst"
    ann.say("/msg bob and again")
    assert "psst" not in "".join(bob.lines_until("and again"))


def lose_an_answer(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy, mutant: str = ""
) -> tuple[Redis, list[str], int]:
    """Have the answer of Redis to a message be lost.

    Returns the Redis, what the sender is told, and how often the message arrives.
    """
    redis, told = start_redis(), list[str]()
    way = proxy(redis)
    here, there = start_node("a", way.url, mutant).server, start_node("b", redis.url).server
    ann, bob = here.person("ann"), there.person("bob")
    wait_until(is_listed(here, "bob"), "bob is known")
    way.is_lost, way.loses = is_letter, 1
    ann.say("/msg bob psst")

    def is_sent() -> bool:
        ann.say("/msg bob and again")
        told.extend(ann.lines_until(" again"))
        return "ann -> bob" in told[-1]

    wait_until(is_sent, "the store is asked again")
    assert way.lost == 1
    return redis, told, "".join(bob.lines_until("and again")).count("psst")


def test_a_message_of_which_the_answer_is_lost_is_sent_once(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    redis, told, count = lose_an_answer(start_redis, start_node, proxy)
    assert IN_DOUBT in told
    assert count == 1
    inboxes = redis.client.keys("gchat:1:inbox:*")
    wait_until(lambda: not any(map(redis.client.xlen, inboxes)), "nobody finds it in Redis")


def test_with_the_retries_of_redis_py_a_message_is_sent_twice(
    start_redis: StartRedis, start_node: StartNode, proxy: MakeProxy
) -> None:
    assert lose_an_answer(start_redis, start_node, proxy, "retries")[2] == 2
