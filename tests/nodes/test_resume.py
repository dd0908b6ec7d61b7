"""A client that was at one server comes back with its token at another one, as whom it was."""

from itertools import count
from signal import SIGCONT, SIGSTOP, SIGTERM
from typing import Any

from gchat.model.tokens import digest
from gchat.store.redis import keys
from tests.blackbox.connection import JsonProgram, Person, is_end
from tests.blackbox.http_clients import post
from tests.blackbox.operators import operator
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.nodes.cluster import Cluster, Node, finish
from tests.nodes.conftest import MakeProxy, StartNode
from tests.nodes.redis_server import Redis
from tests.nodes.test_people import is_listed

GOODBYE = (
    " * The server is going down. Other servers with the same rooms run on: connect to one of them"
)
REFS_KNOWN = 100
"""So many lines may be sent again."""

IN_NC = " (in nc, press Enter to leave)"


def token_of(person: Person) -> str:
    person.say("/token")
    return person.expect("/resume").split("/resume ")[1]


def key_of(token: str) -> str:
    """Where Redis has whom `token` stands for."""
    return f"gchat:1:token:{digest(token)}"


def answer_to(program: JsonProgram, ref: int) -> dict[str, Any]:
    """What ends the answer to the request with this `ref`."""
    while not is_end(fields := program.object(), ref):
        pass
    return fields


def test_one_whose_connection_hangs_goes_on_at_another_server(servers: list[Server]) -> None:
    """The others see nothing of that."""
    here, there = servers
    bob, eve, ann = here.person("bob"), there.person("eve"), here.person("ann")
    token = token_of(ann)
    ann.say("/ignore eve", "hello")
    for other in (bob, eve):
        assert other.expect("hello") == "ann: hello"
    bob.say("before")
    assert ann.expect("before") == "bob: before"
    again = there.person()
    again.say(f"/resume {token}")
    assert again.expect("Welcome back").startswith(" * Welcome back! You are ann in #lobby")
    assert "your token was used on another connection" in ann.rest()[-1]
    bob.say("behind")
    eve.say("ignored")
    bob.say("at the end")
    assert again.expect("behind") == "bob: behind"
    assert "ignored" not in "".join(again.lines_until("at the end"))
    again.say("I am back")
    for other in (bob, eve):
        shown = other.lines_until("I am back")
        assert shown[-1] == "ann: I am back"
        assert not any("joined" in line or "left" in line for line in shown if "ann" in line)
    wait_until(is_listed(here, "ann"), "the other server knows that she is there")
    assert here.who().count("ann") == 1


def swap(cluster: Cluster) -> None:
    """All members come back at the other server."""
    here, there = cluster.nodes
    for name, member in cluster.members.items():
        member.come_back((there if name.startswith(here.name) else here).server)


def test_all_see_the_same_when_they_change_servers_in_a_flood(
    redis: Redis, nodes: list[Node]
) -> None:
    cluster = Cluster(redis, nodes)
    cluster.say(5, rounds=5)
    for is_reset in (True, False):
        cluster.settle()
        for member in cluster.members.values():
            member.say(REFS_KNOWN)
            if is_reset:  # else the old connections are still open
                member.break_off()
        swap(cluster)
    cluster.say(5, rounds=5)
    finish(cluster)


def test_nobody_gets_anything_twice_from_a_server_that_learns_it_late(
    redis: Redis, start_node: StartNode, proxy: MakeProxy
) -> None:
    way = proxy(redis)
    cluster = Cluster(redis, [start_node("a", redis.url), start_node("b", way.url)])
    cluster.say(5)
    cluster.settle()
    here, there = (node.server for node in cluster.nodes)
    way.late_news = 0.7
    cluster.say(5, but="b")
    cluster.settle(but="b")
    here.signal(SIGTERM)
    assert here.wait() == 0
    for name in ("a1", "a2"):
        cluster.members[name].come_back(there)
        assert not cluster.members[name].gaps
    way.late_news = 0
    finish(cluster)


def test_all_see_the_same_when_a_server_is_killed_and_another_one_hangs(
    redis: Redis, start_node: StartNode
) -> None:
    nodes = [start_node(name, redis.url) for name in "abc"]
    paused, there = (node.server for node in nodes[1:])
    cluster = Cluster(redis, nodes)
    cluster.say(5, rounds=5)
    wait_until(lambda: len(redis.client.keys("gchat:1:token:*")) == 6, "Redis knows all tokens")
    cluster.say(5, rounds=2)
    cluster.settle()
    cluster.say(5, but="b")
    nodes[0].kill()
    paused.signal(SIGSTOP)
    old = cluster.members["b1"].connection
    for name in ("a1", "a2", "b1", "b2"):
        cluster.members[name].come_back(there)
    cluster.say(5, rounds=2)
    paused.signal(SIGCONT)
    assert "your token was used on another connection" in old.rest()[-1]
    finish(cluster)


def test_a_paused_server_says_nothing_of_one_who_is_at_another_server_by_now(
    redis: Redis, servers: list[Server]
) -> None:
    """Its other clients are heard, with what they typed meanwhile."""
    here, there = servers
    ann, bob, eve = here.person("ann"), here.person("bob"), there.person("eve")
    token = token_of(ann)
    wait_until(lambda: redis.client.exists(key_of(token)), "Redis knows the token")
    wait_until(is_listed(there, "bob"), "both are known")
    here.signal(SIGSTOP)
    for person, line in ((ann, "I said that"), (bob, "and I this")):
        person.say(line)
    paused = redis.client.hget(key_of(token), "owner")
    redis.client.zadd(keys.ALIVE, {paused: 1})  # as if it had lasted so long
    eve.expect(" left")
    again = there.person()
    again.say(f"/resume {token}", "I said that")
    assert eve.message() == "ann: I said that"
    here.signal(SIGCONT)
    assert "your token was used on another connection" in ann.rest()[-1]
    assert eve.message() == "bob: and I this"
    assert again.expect("and I this") == "bob: and I this"
    bob.say("the last line")
    assert eve.message() == "bob: the last line"


def test_of_two_who_show_a_token_at_once_one_resumes(redis: Redis, start_node: StartNode) -> None:
    here, *others = (start_node(name, redis.url).server for name in "abc")
    ann, bob = here.json_program("ann"), here.person("bob")
    token = ann.ask("/token")["token"]
    wait_until(lambda: redis.client.exists(key_of(token)), "Redis knows the token")
    inbox = f"gchat:1:inbox:{redis.client.hget(key_of(token), 'owner').decode()}"
    both = [server.json_program() for server in others]
    here.signal(SIGSTOP)
    before = redis.client.xlen(inbox)
    for each in both:
        each.send_object(command=f"/resume {token}", ref=1)
    wait_until(lambda: redis.client.xlen(inbox) == before + 2, "both have asked for it")
    here.signal(SIGCONT)
    ends = [answer_to(each, 1) for each in both]
    assert sorted(each["kind"] for each in ends) == ["error", "ok"]
    assert next(each for each in ends if each["kind"] == "error")["reason"] == "token in use"
    winner = both[[each["kind"] for each in ends].index("ok")]
    winner.send_object(text="it is me")
    assert bob.expect("it is me") == "ann: it is me"


def test_a_program_is_in_all_its_rooms_again(servers: list[Server]) -> None:
    """In each behind the message that it has."""
    here, there = servers
    ann, bob = here.json_program("ann"), here.json_program("bob")
    token = ann.ask("/token")["token"]
    for program in (ann, bob):
        program.carry_out(join="builds")
    places = dict[str, str]()
    for number in range(3):
        for room in ("lobby", "builds"):
            bob.carry_out(text=f"{room} {number}", room=room)
            places.setdefault(room, ann.next_of("say")["place"])
    again = there.json_program()
    again.send_object(resume=token, places=places, ref=1)
    assert answer_to(again, 1)["kind"] == "ok"
    shown = [again.next_of("say")["text"] for _ in range(4)]
    assert sorted(shown) == ["builds 1", "builds 2", "lobby 1", "lobby 2"]
    for room in ("lobby", "builds"):
        again.carry_out(text=f"back in {room}", room=room)
        assert bob.next_of("say")["text"] == f"back in {room}"


def test_direct_messages_come_once(servers: list[Server]) -> None:
    here, there = servers
    ann, bob, number = here.person("ann"), here.person("bob"), count(1)
    token = token_of(ann)
    ann.close()

    def is_stored() -> bool:
        bob.say(f"/msg ann message {next(number)}")
        return "stored until they come back" in bob.expect(" ann")

    wait_until(is_stored, "ann has left")
    came = list[str]()
    for server in (there, here, there):
        again = server.person()
        again.say(f"/resume {token}", "/who")
        came += [line for line in again.lines_until(" here: ") if "->" in line]
        bob.say(f"/msg ann message {next(number)}")
        came.append(again.expect("->"))
    assert len(came) == next(number) - 1
    for index, line in enumerate(came, 1):
        assert line.endswith(f"bob -> ann: message {index}")


def test_lines_are_posted_with_a_token_at_any_server(servers: list[Server]) -> None:
    here, there = servers
    ann, bob = here.person("ann"), here.person("bob")
    for_ann = ("-H", f"Gchat-Token: {token_of(ann)}")
    for server, line in zip(servers, ("the first", "the second"), strict=True):
        assert post(server, "/lobby", line, options=for_ann).status == 200
        assert bob.message() == f"ann: {line}"
    assert post(there, "/lobby", "no", options=("-H", "Gchat-Token: babad")).status == 401
    bob.say("hello")
    assert ann.message() == "bob: hello", "she is where she was, and not shown her own lines"


def test_nobody_resumes_with_a_wrong_token_nor_while_redis_is_away(
    redis: Redis, servers: list[Server]
) -> None:
    here, there = servers
    ann, eve = here.person("ann"), there.person("eve")
    token = token_of(ann)
    eve.say("/resume babad-babad-babad-babad")
    eve.expect("Unknown or expired token")
    with redis.paused():
        eve.say(f"/resume {token}")
        told = eve.expect("Not resumed")
    assert told.startswith(" * Not resumed, as the store does not answer: ")

    def is_back() -> bool:
        eve.say(f"/resume {token}")
        return "Welcome back" in eve.expect("e")

    wait_until(is_back, "the store answers again")
    assert "your token was used" in ann.rest()[-1]


def test_people_of_a_server_that_is_stopped_come_back_at_another_one(
    redis: Redis, start_node: StartNode
) -> None:
    """The others see only those leave who do not."""
    here, there = (start_node(name, redis.url, "short grace").server for name in "ab")
    bob, ann, cleo = there.person("bob"), here.person("ann"), here.person("cleo")
    guest, op = here.person(), operator(here)
    guest.say("I have no token")
    bob.expect("no token")
    wait_until(is_listed(there, "op"), "the other server is known")
    op.say("/shutdown now")
    told = ann.rest()[-1]
    assert told.startswith(f"{GOODBYE} and type /resume ")
    again = there.person()
    again.say(told.removeprefix(f"{GOODBYE} and type ").removesuffix(IN_NC))
    again.expect("Welcome back")
    again.say("here I am")
    assert guest.rest()[-1] == GOODBYE + IN_NC
    for person in (ann, cleo, guest, op):
        person.close()
    shown = bob.lines_until("cleo")
    assert "ann: here I am" in shown
    assert not any("ann left" in line or "ann joined" in line for line in shown)
    assert f" * {guest.address} left" in shown
    assert shown[-1] == " * cleo and op left"
