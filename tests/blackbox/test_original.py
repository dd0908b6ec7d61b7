"""The scenarios that a chat server began with: what anybody would try first."""

import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from shutil import which

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person
from tests.blackbox.server import ROOT, Server, command, environment_with


def test_a_line_of_a_appears_at_b_with_the_address_of_a(server: Server) -> None:
    a, b = server.people(2)
    a.say("hello from A")
    assert b.message() == f"{a.address}: hello from A"


def test_a_and_b_talk_both_ways_and_nobody_hears_themselves(server: Server) -> None:
    a, b = server.people(2)
    a.say("ping")
    assert b.message() == f"{a.address}: ping"
    b.say("pong")
    assert a.message() == f"{b.address}: pong"
    a.say("and again")
    assert b.message() == f"{a.address}: and again"


def test_three_and_more_each_hear_all_the_others(server: Server) -> None:
    people = server.people(5)
    for speaker in people:
        speaker.say("it is my turn")
        for listener in people:
            if listener is not speaker:
                assert listener.message() == f"{speaker.address}: it is my turn"


def test_one_who_breaks_off_is_removed_and_the_others_talk_on(server: Server) -> None:
    a, b = server.people(2)
    connected = server.descriptors()
    leaver = server.person("carl")
    leaver.say("I will be")
    assert a.message() == "carl: I will be"
    leaver.reset()
    assert "carl left" in a.expect(" left")
    assert "carl left" in b.expect(" left")
    assert sorted(a.who()) == sorted([a.address, b.address])
    assert server.descriptors() == connected
    server.expect_log("leave carl")
    a.say("still here")
    assert b.message() == f"{a.address}: still here"
    b.say("so am I")
    assert a.message() == f"{b.address}: so am I"


def test_one_who_breaks_off_in_the_middle_of_a_line_has_not_said_it(
    server: Server, bystanders: Bystanders
) -> None:
    leaver = server.person("carl")
    with bystanders:
        leaver.send(b"half of a li")
        leaver.reset()
        bystanders.hear("carl left")
    assert bystanders.messages == []


def test_a_dozen_clients_talk_at_once_and_nothing_is_lost(server: Server) -> None:
    lines = 50
    people = server.people(12)
    expected = Counter(f"{person.address}: line {n}" for person in people for n in range(lines))

    def take_part(person: Person) -> Counter[str]:
        for n in range(lines):
            person.say(f"line {n}")
        return Counter(person.message() for _ in range(lines * (len(people) - 1)))

    with ThreadPoolExecutor(len(people)) as pool:
        for person, heard in zip(people, pool.map(take_part, people), strict=True):
            own = Counter(f"{person.address}: line {n}" for n in range(lines))
            assert heard == expected - own


@pytest.mark.skipif(not which("nc"), reason="nc is not installed")
def test_a_client_is_refused_at_a_port_where_nobody_listens(server: Server) -> None:
    host, port = server.address
    server.finish()
    client = subprocess.run(
        ["nc", "-v", host, str(port)], stdin=subprocess.DEVNULL, capture_output=True, timeout=10
    )
    assert client.returncode != 0
    assert b"refused" in client.stderr


def test_a_port_in_use_is_one_clear_line_and_no_traceback(server: Server) -> None:
    second = subprocess.run(
        command("--port", str(server.address[1])),
        cwd=ROOT,
        env=environment_with(),
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert second.returncode > 0
    assert second.stderr.count("\n") == 1
    assert f"port {server.address[1]}" in second.stderr
    assert "in use" in second.stderr
    assert second.stdout == ""
    server.person().say("the first one does not mind")


@pytest.mark.parametrize("length", [1_000, 10_000, 65_536])
def test_a_very_long_message_arrives_whole(server: Server, length: int) -> None:
    a, b = server.people(2)
    text = "".join(chr(ord("a") + n % 26) for n in range(length))
    a.say(text, "and a short one")
    assert b.message() == f"{a.address}: {text}"
    assert b.message() == f"{a.address}: and a short one"


def test_very_long_messages_of_many_at_once_arrive_whole(server: Server) -> None:
    people = server.people(6)
    texts = {person.address: f"{person.address} " * 2_000 for person in people}
    listener = server.person()

    def speak(person: Person) -> list[str]:
        person.say(texts[person.address])
        return [person.message() for _ in range(len(people) - 1)]

    with ThreadPoolExecutor(len(people)) as pool:
        heard = list(pool.map(speak, people))
    for person, lines in zip(people, heard, strict=True):
        assert sorted(lines) == sorted(
            f"{name}: {text}" for name, text in texts.items() if name != person.address
        )
    assert sorted(listener.message() for _ in people) == sorted(
        f"{name}: {text}" for name, text in texts.items()
    )


def test_binary_data_does_no_harm_and_ends_nobody(server: Server, bystanders: Bystanders) -> None:
    a = server.program("first")
    with bystanders:
        a.send(bytes(range(256)) + b"\n")
        a.say("and I am still here")
        bystanders.hear("and I am still here")
    assert bystanders.messages[-1] == f"{a.address}: and I am still here"
    shown = "".join(bystanders.messages)
    assert r"\x00\x01\x02" in shown
    assert r"\xfd\xfe\xff" in shown
