"""Limits: how fast a client is listened to, and how many may come from where."""

import re
import subprocess
from signal import SIGTERM
from time import monotonic

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Connection
from tests.blackbox.http_clients import ask
from tests.blackbox.operators import OPERATORS, operator
from tests.blackbox.server import Server
from tests.blackbox.test_clients import needs_nc
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

HELD_BACK = " * You are sending too fast"

BURST = 5000
"""Lines that are taken at full speed if no other limit is asked for."""

ABUSER = "127.0.0.2"
"""An address of this machine from which no bystander comes."""

FULL = " * Too many connections from your address (limit 3)"


def refusal(newcomer: Connection) -> str:
    """The one line that `newcomer`, who is not let in, is told."""
    (line,) = newcomer.rest()
    return line


# How fast a client is listened to


def test_a_burst_is_taken_at_full_speed_and_what_is_beyond_it_later_and_nothing_is_lost(
    server: Server, bystanders: Bystanders
) -> None:
    reader, flooder = server.person(), server.program()
    said = [f"{flooder.address}: {n}" for n in range(BURST + 100)]
    with bystanders:
        began = monotonic()
        flooder.say(*map(str, range(len(said))))
        heard = reader.lines_until(said[BURST - 1])
        burst = monotonic() - began
        heard += reader.lines_until(said[-1])
        rest = monotonic() - began - burst
        flooder.end_input()
        told = flooder.rest()
    assert rest > burst, f"{BURST} lines in {burst} s, 100 in {rest} s"
    for lines in (heard, bystanders.messages):
        assert [line for line in lines if line.startswith(flooder.address)] == said
    assert [line for line in told if line.startswith(" * ")] == [
        f"{HELD_BACK}: your lines are now read at 100 per second. None are lost."
    ]
    assert server.expect_log(" rate-limited ").endswith(f"rate-limited {flooder.address}")


@pytest.mark.options("--rate", "1000", "--burst", "100")
def test_one_who_is_held_back_again_and_again_is_told_once(server: Server) -> None:
    reader, flooder = server.person(), server.program()
    for portion in range(3):
        lines = [f"{portion} {n}" for n in range(300)]
        flooder.say(*lines)
        for line in lines:
            assert reader.message() == f"{flooder.address}: {line}"
    flooder.end_input()
    assert sum(line.startswith(HELD_BACK) for line in flooder.rest()) == 1
    assert server.log().count(" rate-limited ") == 1


@pytest.mark.options("--rate", "0")
def test_with_a_rate_of_0_nobody_is_held_back(server: Server) -> None:
    reader, flooder = server.person(), server.program("/why")
    flooder.expect("Rate limit: none")
    flooder.say(*map(str, range(10 * BURST)))
    for n in range(10 * BURST):
        assert reader.message() == f"{flooder.address}: {n}"
    flooder.end_input()
    assert not [line for line in flooder.rest() if line.startswith(HELD_BACK)]
    assert " rate-limited " not in server.log()


COSTLY = {
    "/nick name{}": 20, "/join room{}": 20, "/topic {}": 20, "/history {}": 50,
    "x" * 19_999 + "{}": 20,
}  # fmt: skip
"""What takes more work than a line, and for how many lines it counts."""


@pytest.mark.options("--rate", "10", "--burst", "90")
def test_commands_and_long_lines_that_take_more_work_count_for_several(server: Server) -> None:
    modest, *people = server.people(1 + len(COSTLY))
    modest.say(*["/uptime"] * 80)
    assert not [line for line in modest.unread() if line.startswith(HELD_BACK)]
    for person, (line, cost) in zip(people, COSTLY.items(), strict=True):
        too_many = 90 // cost + 1
        person.say(*(line.format(n) for n in range(1, too_many + 1)))
        person.expect(HELD_BACK)


@needs_nc
@pytest.mark.options("--rate", "500")
def test_what_a_pipe_sends_beyond_the_burst_arrives_whole(server: Server) -> None:
    ann = server.person("ann")
    host, port = server.address
    lines = [f"{n} of many" for n in range(BURST + 500)]
    ended = subprocess.run(
        ["nc", "-N", host, str(port)],
        input="\n".join(lines),
        stdout=subprocess.PIPE,
        text=True,
        timeout=15,
        check=True,
    )
    assert [ann.message().partition(": ")[2] for _ in lines] == lines
    assert ended.stdout.startswith(HELD_BACK)
    assert ended.stdout.count("\n") == 1


@pytest.mark.options("--rate", "1")
def test_one_who_is_held_back_does_not_hold_up_the_end(server: Server) -> None:
    ann, flooder = server.person("ann"), server.program()
    flooder.say(*["word"] * (BURST + 100))
    flooder.expect(HELD_BACK)
    server.signal(SIGTERM)
    for client in (ann, flooder):
        assert client.rest()[-1].startswith(" * The server is going down")
    assert server.wait() == 0


# How many may come, and from where


@pytest.mark.parametrize(
    ("host", "password"),
    [
        pytest.param("127.0.0.1", "", id="let in"),
        pytest.param("127.0.0.1", "sesame", id="not let in yet"),
        pytest.param("::1", "", id="from an address of IPv6"),
    ],
)
def test_who_says_nothing_takes_one_of_the_places_of_an_address_and_gives_it_back(
    start_server: StartServer, host: str, password: str
) -> None:
    options = ("--password", password) if password else ()
    server = start_server("--host", host, "--max-per-address", "3", *options)
    server.password = password
    bystanders = Bystanders(server)
    without_third = server.descriptors()
    with bystanders:
        third = server.connect()
        for newcomer in (server.connect(), server.program("me too")):
            assert refusal(newcomer) == f"{FULL}; close one, or try again later"
        assert FULL[3:] in server.expect_log("refuse")
        third.close()
        server.wait_for_descriptors(without_third)
        carl = server.person("carl")
        carl.say("my turn")
        bystanders.hear("carl: my turn")
    assert bystanders.messages == ["carl: my turn"]


@pytest.mark.options("--max-clients", "4")
def test_the_server_is_full_for_all_addresses_when_those_who_say_nothing_fill_it(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        for n in (2, 3):
            server.connect(source=f"127.0.0.{n}")
        told = refusal(server.connect(source="127.0.0.4"))
    assert told == " * The server is full (4 clients); try again later"
    assert bystanders.messages == []


@pytest.mark.options("--connect-rate", "2")
def test_a_class_can_load_the_web_page_at_the_same_moment(server: Server) -> None:
    # Behind one address; a browser makes a connection for each of its two dozen files.
    page = b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n"
    script = b"GET /web/main.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert {ask(server, request).status for request in (page, script) * 30} == {200}


@pytest.mark.options("--connect-rate", "2")
def test_who_connects_too_often_is_told_when_to_try_again_and_gets_in_then(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        told, admitted = "gchat ", -1
        while "gchat " in told:
            admitted += 1
            newcomer = server.connect(source=ABUSER)
            newcomer.say("/version")
            told = newcomer.line()
        assert re.fullmatch(
            r" \* Too many new connections from your address \(limit 2 per second\); "
            r"try again in \d s",
            told,
        )
        assert admitted >= 20  # ten seconds' worth at once
        assert newcomer.rest() == []
        server.connect(source="127.0.0.3").expect("Welcome")
        wait_until(
            lambda: "Welcome" in server.connect(source=ABUSER).line(), "the address gets in again"
        )
    assert bystanders.messages == []


@pytest.mark.options("--max-per-address", "2")
def test_who_hammers_at_the_door_is_told_each_time_and_does_not_fill_the_log(
    server: Server, bystanders: Bystanders
) -> None:
    refusals = 500

    def accounted_for() -> int:
        log = server.log()
        left_out = re.findall(r"refused .* \((\d+) refusals? before it not logged\)$", log, re.M)
        return log.count("refused ") + sum(map(int, left_out))

    def knock() -> str:
        return refusal(server.connect(source=ABUSER))

    with bystanders:
        for _ in range(2):
            server.connect(source=ABUSER)
        for _ in range(refusals):
            assert "connections from your address" in knock()
        assert server.log().count("refused ") < refusals / 5
        wait_until(
            lambda: bool(knock()) and accounted_for() > refusals, "those left out are counted"
        )
    assert bystanders.messages == []


@pytest.mark.options("--max-per-address", "2")
def test_those_who_are_refused_and_hold_on_are_closed_all_the_same(
    server: Server, bystanders: Bystanders
) -> None:
    with bystanders:
        before = server.descriptors()
        refused = [server.program("let me in") for _ in range(100)]
        server.wait_for_descriptors(before)
        for newcomer in refused[:3]:
            assert "connections from your address" in newcomer.line()
    assert bystanders.messages == []


def test_more_clients_than_the_limit_on_open_files_has_room_for_are_lowered_aloud(
    start_server: StartServer,
) -> None:
    places = 100 - 32
    server = start_server("--max-clients=9999999", environment=OPERATORS, descriptors=100)
    assert server.expect_log("WARNING").endswith(
        f"max-clients is lowered from 9999999 to {places}: the limit on open files is 100; "
        "to have more clients, raise it (ulimit -n)"
    )
    assert server.expect_log("listens on").count(f", for {places} clients;") == 1
    op = operator(server)
    op.say("/limits max-clients 9999999")
    assert op.expect("max-clients is").startswith(
        f" * max-clients is {places} (not 9999999: the limit on open files allows no more): "
    )
    people = [server.connect() for _ in range(places)]
    for person in people[:-1]:
        person.expect("Welcome")
    assert people[-1].rest() == [f" * The server is full ({places} clients); try again later"]
    assert "descriptors" not in server.log()
    server = start_server(f"--max-clients={places}", descriptors=100)
    assert not [line for line in server.complaints() if "WARNING" in line]
