"""What clients see while Redis does not answer."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from tests.blackbox.waiting import DEADLINE, wait_until
from tests.nodes.conftest import StartNode, StartRedis

AWAY = " * The store cannot be used: what is said waits until it can. Commands go on."
BACK = " * The store can be used again: everything that waited is sent."


def test_all_are_told_once_and_can_use_commands(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here, there = (start_node(name, redis.url).server for name in "ab")
    ann, bob, cleo = here.person("ann"), there.person("bob"), here.person("cleo")
    wait_until(lambda: "bob" in cleo.who(), "bob is known")
    with redis.paused():
        ann.say("are you there?")
        for person in (ann, bob, cleo):
            person.expect(AWAY)
        began = time.monotonic()
        cleo.say("/who", "/join builds", "/nick cleopatra", "/history 5", "/quit")
        shown = cleo.rest()
        assert time.monotonic() - began < 10
        assert any("3 here: " in line for line in shown)
        assert any("#builds cannot be opened" in line for line in shown)
        assert any("The name cannot be taken" in line for line in shown)
        assert not any(line == AWAY for line in shown)
        here.person()
    ann.expect(BACK)
    missing = {BACK, "ann: are you there?"}
    while missing:  # in either order
        missing.discard(bob.line())


def test_a_flood_takes_no_memory_and_nothing_of_it_is_lost(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here, there = (start_node(name, redis.url).server for name in "ab")
    bob, ann = there.person("bob"), here.person("ann")
    flooder = here.program("begin")
    bob.expect(": begin")
    lines = [f"{number} {'x' * 1000}" for number in range(5000)]
    with ThreadPoolExecutor(1) as pool:
        with redis.paused():
            ann.expect(AWAY)
            before = here.memory()
            all_said = pool.submit(flooder.say, *lines)
            with suppress(TimeoutError):
                all_said.result(2)
            assert not all_said.done(), "nobody reads from it"
            assert here.memory() < before + 8 * 2**20
            ann.say("/quit")
            ann.rest()
        all_said.result(DEADLINE)
    for number in range(5000):
        assert bob.message().split()[1] == str(number)
