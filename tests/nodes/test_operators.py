"""Operators of one server act on users of another; bans and mutes hold at all servers."""

import re
import signal
from functools import partial

import pytest

from tests.blackbox.connection import Person
from tests.blackbox.operators import ABUSER, NEIGHBOUR, answers, operator, refused
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.nodes.cluster import Node
from tests.nodes.conftest import StartNode
from tests.nodes.redis_server import Redis
from tests.nodes.test_people import is_listed


def from_abuser(server: Server, name: str, source: str = ABUSER) -> Person:
    person = server.person(source=source)
    person.take_name(name)
    return person


def is_let_in(server: Server, source: str) -> bool:
    """Whether one who comes from `source` may stay."""
    connection = server.connect(source=source)
    shown = connection.line()  # the welcome, or why not; what was sent might reset it
    connection.close()
    return "banned" not in shown


def test_a_user_of_another_server_is_kicked(servers: list[Server]) -> None:
    here, there = servers
    op, eve, bob = operator(here), there.person("eve"), there.person("bob")
    op.say("/kick bob enough")
    assert bob.rest()[-1] == " * You were kicked by op: enough"
    told = " * bob was kicked by op: enough"
    assert op.expect("bob was") == eve.expect("bob was") == told
    assert answers(op, "/kick nobody") == [
        " * Nobody here is called nobody; /who lists the people in this room"
    ]
    there.person("bobby").close()


def test_what_a_paused_server_was_asked_is_not_done_when_it_goes_on(servers: list[Server]) -> None:
    here, there = servers
    op, bob = operator(here), there.person("bob")
    wait_until(is_listed(here, "bob"), "bob is known")
    there.process.send_signal(signal.SIGSTOP)
    try:
        op.say("/kick bob")
        op.expect("It is not known whether that was done")
    finally:
        there.process.send_signal(signal.SIGCONT)
    there.expect_log("a question of server")
    bob.say("still here")
    assert op.expect("still here") == "bob: still here"


def test_a_muted_user_of_another_server_is_muted_everywhere(servers: list[Server]) -> None:
    here, there = servers
    op, bob = operator(here), from_abuser(there, "bob")
    op.say("/mute bob 10m cool down")
    assert bob.expect("You are muted") == " * You are muted by op for 10 min: cool down"
    assert op.expect("The address") == (
        " * The address 127.0.0.2 is muted as well; /unmute 127.0.0.2 lifts that"
    )
    bob.say("hello")
    assert "Not sent: you are muted" in bob.expect("muted")
    cleo = here.person(source=ABUSER)
    wait_until(lambda: not may_speak(cleo), "the address is muted here as well")
    op.say("/unmute bob")
    assert bob.expect("unmuted") == " * You were unmuted by op"
    assert op.expect("unmuted") == " * op unmuted bob"
    bob.say("I am back")
    assert op.expect("I am") == "bob: I am back"

    wait_until(lambda: may_speak(cleo), "the address may speak at all servers")


def test_an_address_that_is_shared_at_another_server_is_not_muted(servers: list[Server]) -> None:
    here, there = servers
    op, bob, cleo = operator(here), from_abuser(there, "bob"), from_abuser(here, "cleo")
    op.say("/mute bob")
    assert op.expect("until they") == (
        " * bob is muted until they disconnect (127.0.0.2 was not muted: cleo shares it)"
    )
    assert not may_speak(bob)
    assert may_speak(cleo)


def may_speak(person: Person) -> bool:
    """Whether `person` is not muted."""
    person.say("hi", "/version")
    return not any("you are muted" in line for line in person.lines_until(" * gchat"))


def test_a_ban_holds_at_all_servers_and_ends_at_all(
    redis: Redis, nodes: list[Node], start_node: StartNode
) -> None:
    here, there = (node.server for node in nodes)
    op, bob, eve = operator(here), from_abuser(there, "bob"), there.person("eve")
    neighbour = from_abuser(there, "neighbour", NEIGHBOUR)
    op.say("/ban bob 2h flooding")
    assert op.expect("is banned") == " * 127.0.0.2 is banned by op for 2 h: flooding"
    assert bob.rest()[-1] == " * You were banned by op for 2 h: flooding"
    assert eve.expect("bob was") == " * bob was banned by op for 2 h: flooding"
    later = start_node("c", redis.url).server
    for server in (here, there, later):
        assert "banned" in refused(server, ABUSER)
    neighbour.say("still here")
    assert op.expect("still here") == "neighbour: still here"
    other = operator(there, "op2")
    assert "127.0.0.2  by op" in "\n".join(answers(other, "/bans"))
    other.say("/unban 127.0.0.2")
    other.expect("lifted")
    for server in (here, there, later):
        wait_until(partial(is_let_in, server, ABUSER), "the ban has ended")


def test_an_address_of_others_is_not_banned_by_a_name(servers: list[Server]) -> None:
    here, there = servers
    op, bob = operator(here), from_abuser(there, "bob")
    from_abuser(there, "cleo")
    from_abuser(here, "dan")
    wait_until(is_listed(here, "cleo"), "cleo is known")
    op.say("/ban bob")
    told = op.expect("/ban 127.0.0.2 bans them all")
    assert told.startswith(" * Not banned: dan and cleo would be banned as well")
    bob.say("still here")
    assert op.expect("still here") == "bob: still here"


def test_bans_are_given_back_when_redis_has_lost_all(redis: Redis, nodes: list[Node]) -> None:
    here, there = (node.server for node in nodes)
    op = operator(here)
    op.say("/ban 127.0.0.2", "/mute 127.0.0.3")
    op.expect("is banned")
    wait_until(lambda: not is_let_in(there, ABUSER), "the other server knows")
    redis.kill()
    redis.start()
    wait_until(lambda: redis.client.hlen("gchat:1:sanctions") == 1, "it is given back")
    nodes[1].server.finish()
    nodes[1].restart()
    assert "banned" in refused(nodes[1].server, ABUSER)


def test_nothing_is_banned_while_redis_is_away(redis: Redis, servers: list[Server]) -> None:
    op = operator(servers[0])
    with redis.paused():
        *_, told = answers(op, "/ban 127.0.0.2")
    assert told.startswith(" * Not banned, as the store does not answer")
    assert is_let_in(servers[0], ABUSER)


def test_stats_tell_of_all_servers(nodes: list[Node]) -> None:
    here, there = (node.server for node in nodes)
    op = operator(here)
    there.named("bob", "eve")
    wait_until(is_listed(here, "eve"), "the other server is known")
    op.say("/stats")
    shown = op.expect("Server ")
    assert re.fullmatch(
        r" \* Server \d+: 2 clients in 1 room, 0 messages in; event loop delay max \d+ ms", shown
    )
    there.process.send_signal(signal.SIGSTOP)
    try:
        op.say("/stats")
        assert re.fullmatch(r" \* Server \d+ does not answer", op.expect("Server "))
    finally:
        there.process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("at", [0, 1])
def test_a_reserved_name_is_released_at_all_servers(servers: list[Server], at: int) -> None:
    here, there = servers
    op, bob = operator(servers[at]), there.person("bob")
    bob.close()

    def is_free() -> bool:
        op.say("/release bob")
        return "is free" in op.expect(" bob ")

    wait_until(is_free, "bob has left")
    cleo = here.person()

    def is_taken() -> bool:
        cleo.say("/nick bob")
        return "You are now bob" in cleo.expect(" bob")

    wait_until(is_taken, "the name is free here")
