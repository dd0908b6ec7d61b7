"""Several servers with the same people: names, who is there, who came and left."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.nodes.cluster import Node
from tests.nodes.conftest import StartNode, StartRedis


@pytest.fixture
def servers(start_redis: StartRedis, start_node: StartNode) -> list[Server]:
    redis = start_redis()
    return [start_node(name, redis.url).server for name in "ab"]


def is_listed(server: Server, name: str) -> Callable[[], bool]:
    """Whether `server` knows that somebody called `name` is in the lobby."""
    return lambda: name in server.who()


def is_gone(server: Server, name: str) -> Callable[[], bool]:
    """Whether `server` knows of nobody in the lobby whose name begins like that."""
    return lambda: not any(each.startswith(name) for each in server.who())


def has_not(node: Node, text: str) -> bool:
    """Whether no message in the file of `node` has this text."""
    return not node.has(text)


def test_joins_and_leaves_are_told_once_at_all_servers(servers: list[Server]) -> None:
    here, there = servers
    ann, bob = here.person("ann"), there.person("bob")
    assert ann.expect("bob").startswith(" * ")
    bob.say("hello")
    assert ann.message() == "bob: hello"
    bob.say("/quit")
    assert ann.expect("bob") == " * bob left"
    cleo = there.person("cleo")
    shown = ann.lines_until("cleo joined")
    assert not any("bob" in line for line in shown)
    cleo.close()


def test_a_name_is_taken_at_all_servers(servers: list[Server]) -> None:
    here, there = servers
    here.person("ann")
    other = there.person()
    other.say("/nick Ann")
    assert other.expect("Ann") == (
        " * The name Ann is taken, or looks like one that is, by a user of another server; "
        "Ann2 is free"
    )
    other.take_name("Ann2")


def test_one_of_many_gets_a_name(servers: list[Server]) -> None:
    """Many ask for the same names at the same time; each name has one holder."""
    programs = [server.json_program() for server in servers for _ in range(5)]
    names = [f"name{number}" for number in range(20)]
    for ref, name in enumerate(names):
        for program in programs:
            program.send_object(command=f"/nick {name}", ref=ref)
        got = 0
        for program in programs:
            while (fields := program.object()).get("ref") != ref or fields["kind"] == "answer":
                pass
            got += fields["kind"] == "ok"
        assert got == 1, name


def test_a_name_is_free_again_when_its_holder_takes_another(servers: list[Server]) -> None:
    here, there = servers
    ann = here.person("ann")
    ann.take_name("anna")
    other = there.person()

    def takes_it() -> bool:
        other.say("/nick ann")
        return "You are now" in other.expect(" ann")

    wait_until(takes_it, "the name is free")


def test_a_name_is_free_at_once_at_the_same_server(servers: list[Server]) -> None:
    """Programs that post come and go under the same name, one right behind the other."""
    here, _ = servers
    for _ in range(5):
        program = here.program("/nick ci", "/who", "/quit")
        program.end_input()
        assert any(line.endswith("here: ci") for line in program.rest())


def test_who_whois_and_rooms_tell_of_all_servers(servers: list[Server]) -> None:
    here, there = servers
    ann = here.person("ann")
    there.person("bob")
    cleo = there.person("cleo")
    cleo.say("/join builds")
    wait_until(is_listed(here, "bob"), "bob is known")
    assert sorted(ann.who()) == ["ann", "bob"]

    def is_counted() -> bool:
        ann.say("/rooms", "/whois ann")
        return any("#builds" in line and "1 here" in line for line in ann.lines_until("ann: in"))

    wait_until(is_counted, "cleo is known")
    ann.say("/whois bob")
    assert ann.expect("bob:") == " * bob: in #lobby, at another server"


def test_people_of_a_server_that_dies_have_left(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    nodes = [start_node(name, redis.url) for name in "abc"]
    dead, *others = (node.server for node in nodes)
    witnesses = [server.person(f"eve{number}") for number, server in enumerate(others)]
    people = dead.people(5)
    for number, person in enumerate(people):
        person.take_name(f"ann{number}")
    for server in others:
        wait_until(is_listed(server, "ann4"), "all are known")
    began = time.monotonic()
    nodes[0].kill()
    for eve in witnesses:
        assert eve.expect(" left") == " * ann0, ann1 and 3 others left"
        assert "ann" not in "".join(eve.unread())
    assert time.monotonic() - began < 20
    for server in others:
        wait_until(is_gone(server, "ann"), "they are in no list")
    zed = others[0].person("zed")
    zed.say("/nick ann0")
    assert "The name ann0 is taken" in zed.expect("ann0"), "she can come back to it"


def test_an_announcement_and_a_topic_reach_all_servers(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here, there = (start_node(name, redis.url).server for name in "ab")
    ann, bob = here.person("ann"), there.person("bob")
    ann.say("/topic the night")
    bob.expect("the night")
    bob.say("/topic")
    assert bob.expect("Topic") == " * Topic: the night"
    assert "Topic: the night" in "\n".join(there.person().lines_until("Topic"))


def test_a_deleted_message_is_gone_at_all_servers(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    nodes = [start_node(name, redis.url) for name in "ab"]
    ann, bob = (node.server.person(name) for node, name in zip(nodes, ("ann", "bob"), strict=True))
    ann.say("secret")
    bob.expect("ann: secret")
    ann.say("/forget yes")
    ann.expect("Deleted 1 message")

    def is_gone() -> bool:
        bob.say("/history 50", "/whois bob")
        return not any("secret" in line for line in bob.lines_until("bob: in"))

    wait_until(is_gone, "it is gone")
    assert not redis.lines("lobby")
    for node in nodes:
        wait_until(partial(has_not, node, "secret"), "it is in no file")


def test_what_is_said_in_rooms_that_are_not_open_is_found_as_well(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here = start_node("a", redis.url)
    ann = here.server.person("ann")
    ann.say("/join builds", "the first needle", "/join tests", "the second needle", "/who")
    ann.expect(" here: ")
    other = start_node("b", redis.url)
    bob = other.server.person("bob")
    bob.say("/find needle")
    bob.lines_until("the second needle")
    ann.say("the third needle", "/who")
    ann.expect(" here: ")
    wait_until(lambda: other.has("the third needle"), "its file has it")
    bob.say("/find third")
    bob.expect("the third needle")


def test_a_server_deletes_what_was_deleted_while_it_was_away(
    start_redis: StartRedis, start_node: StartNode
) -> None:
    redis = start_redis()
    here, away = (start_node(name, redis.url) for name in "ab")
    ann = here.server.person("ann")
    ann.say("/join builds", "secret", "known")
    wait_until(lambda: here.has("known"), "it is in the file")
    bob = away.server.person("bob")
    bob.say("/join builds")
    wait_until(lambda: away.has("secret"), "it is in the other file")
    away.server.finish()
    ann.say("/forget yes")
    ann.expect("Deleted 2 messages")
    away.restart()
    assert not away.has("secret")
