"""The five promises: order, nobody delays another, bounded memory, honesty, safe terminals."""

import random
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person, in_background
from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.conftest import StartServer

MEBIBYTE = 2**20


def test_everybody_sees_the_same_messages_in_the_same_order_each_once(server: Server) -> None:
    lines = 250
    *talkers, witness = server.people(9)

    def talk(person: Person) -> list[str]:
        for n in range(lines):
            person.say(f"line {n}")
        return [person.message() for _ in range(lines * (len(talkers) - 1))]

    with ThreadPoolExecutor(len(talkers)) as pool:
        heard = [pool.submit(talk, talker) for talker in talkers]
        order = [witness.message() for _ in range(lines * len(talkers))]
        for talker, listened in zip(talkers, heard, strict=True):
            own = f"{talker.address}: "
            assert [line for line in order if line.startswith(own)] == [
                f"{own}line {n}" for n in range(lines)
            ]
            assert listened.result() == [line for line in order if not line.startswith(own)]
    witness.say("the end")
    for talker in talkers:
        assert talker.messages_until("the end") == []
    assert [line for line in witness.unread() if not line.startswith(" * ")] == []


@pytest.mark.options("--rate", "0")
@pytest.mark.parametrize(
    ("count", "length"),
    [
        pytest.param(300, 10_000, id="all is kept"),
        pytest.param(1_000, 60_000, id="more bytes than are kept"),
        pytest.param(120_000, 20, id="more messages than are kept"),
    ],
)
def test_one_who_does_not_read_delays_nobody_and_is_told_exactly_what_it_missed(
    server: Server, count: int, length: int
) -> None:
    stalled = server.person("slow", receive_buffer=4096)
    talker, reader = server.named("talker", "reader")
    filling = "x" * length
    said = [f"talker: {n} {filling}" for n in range(count)]
    early = count // 10
    with ThreadPoolExecutor(1) as pool:
        for part in (said[:early], said[early:]):
            words = [line.removeprefix("talker: ") for line in part]
            talking = in_background(pool, talker, "\n".join([*words, "so far", ""]).encode())
            heard = reader.bytes_until(b"talker: so far\n").decode().split("\n")
            talking.result()
            assert [line for line in heard if line.endswith(filling)] == part
            stalled.say("it says", "something itself")  # which is not missed by it
            reader.bytes_until(b"slow: something itself\n")
    talker.say("the end")
    lines = stalled.lines_until("talker: the end")[:-1]
    said = [*said[:early], "talker: so far", *said[early:], "talker: so far"]

    missed = [int(n) for n in re.findall(r" \* You missed (\d+) messages", "\n".join(lines))]
    first = next((i for i, line in enumerate(lines) if " You missed " in line), len(lines))
    before = [line for line in lines[:first] if line.startswith("talker: ")]
    behind = [line for line in lines[first:] if line.startswith("talker: ")]
    assert before == said[: len(before)]
    assert before + behind == said[: len(before)] + said[len(said) - len(behind) :]
    assert sum(missed) == len(said) - len(before) - len(behind)
    assert bool(missed) == (count > 300)
    assert not [line for line in lines if line.startswith("slow: ")]


@pytest.mark.options("--rate", "0")
def test_many_who_do_not_read_cost_the_others_nothing_and_little_memory(server: Server) -> None:
    bystanders = Bystanders(server)
    stalled = [server.program("here", receive_buffer=4096) for _ in range(60)]
    talker = server.person("talker")
    before = server.memory()
    with bystanders:
        filling = "x" * 50_000
        for n in range(1_200):  # 57 MiB
            talker.say(f"{n} {filling}")
        bystanders.hear("talker: 1199 ")
        assert server.memory() - before < 50 * MEBIBYTE
        for program in stalled:
            program.reset()
    heard = [line for line in bystanders.messages if line.startswith("talker: ")]
    assert heard == [f"talker: {n} {filling}" for n in range(1_200)]


def test_200_megabytes_without_a_newline_take_no_memory_and_the_others_talk_on(
    server: Server, bystanders: Bystanders
) -> None:
    talker = server.person("carl")
    with bystanders:
        talker.send(b"x" * MEBIBYTE)
        talker.expect("65536 bytes")
        before = server.memory()
        portion = b"x" * MEBIBYTE
        for _ in range(200):
            talker.send(portion)
        talker.say("", "short")
        bystanders.hear("carl: short")
        assert server.memory() - before < 2 * MEBIBYTE
    assert bystanders.messages == ["carl: short"]


REFUSALS = {  # what it is about, why, and what to do
    "/nick ann": ("The name ann", "is taken", "ann2 is free"),
    "/nick " + "x" * 25: ("Name too long", "25 characters", "limit 24", f"{'x' * 24} is free"),
    "/nick a b": ("Names have letters, digits, - _ .", "no spaces", "ab is free"),
    "/nick": ("/nick", "Usage", "/nick NAME"),
    "/nik": ("/nik", "Unknown command", "did you mean /nick?"),
    "/xyzzy": ("/xyzzy", "Unknown command", "/help lists the commands"),
    "x" * 65_537: ("Line too long", "not sent", "limit 65536 bytes"),
}


def test_a_refusal_says_what_and_why_and_what_to_do_and_is_told_to_nobody_else(
    server: Server,
) -> None:
    ann, bob = server.named("ann", "bob")
    bob.say("hello")
    ann.expect("bob: hello")
    bob.unread()
    for line, expected in REFUSALS.items():
        bob.say(line)
        (refusal,) = bob.unread()
        for part in expected:
            assert part in refusal
    bob.say("the end")
    assert ann.lines_until("the end") == ["bob: the end"]


HOSTILE = {
    "\x1b[2J": r"\x1b[2J",
    "\x07\x04\x06": r"\x07\x04\x06",
    "\x9b31m\x85": r"\x9b31m\x85",
    "\u202eabc\u2066": r"\u202eabc\u2066",
    "\udcff\udcc3": r"\xff\xc3",  # bytes that are no UTF-8
    "a\u00ad\u200bb\U000e0041": r"a\xad\u200bb\U000e0041",  # what shows nothing
}


def test_what_could_drive_a_terminal_is_shown_escaped_in_lines_names_notices_and_the_log(
    start_server: StartServer,
) -> None:
    server = start_server("--log-level", "debug")
    bystanders = Bystanders(server)
    hostile = server.person("carl")
    with bystanders:
        for text, shown in HOSTILE.items():
            for line in (f"a line {text}", f"/nick {text}", f"/{text}", f"/nick ann{text}"):
                hostile.send(line.encode("utf-8", "surrogateescape") + b"\n")
            notices = [line for line in hostile.unread() if line.startswith(" * ")]
            for notice in notices:
                assert_safe(notice.encode())
            assert any(f"Unknown command /{shown}" in notice for notice in notices)
            assert sum(" is free" in notice for notice in notices) == 2
        hostile.say("done")
        bystanders.hear("carl: done")
    assert sorted(server.who()) == ["ann", "bob", "carl"]
    escaped = [f"carl: a line {shown}" for shown in HOSTILE.values()]
    assert bystanders.messages == [*escaped, "carl: done"]
    server.expect_log("unknown command")  # that the log is safe, its fixture looks at


def test_whatever_is_sent_nothing_that_drives_a_terminal_comes_out(
    server: Server, bystanders: Bystanders
) -> None:
    chance = random.Random(5)
    hostile = server.program("here")
    with bystanders:
        for _ in range(50):
            hostile.send(b"." + chance.randbytes(500) + b"\n")
        hostile.say("done")
        bystanders.hear(": done")


def test_nobody_can_forge_a_notice(server: Server, bystanders: Bystanders) -> None:
    forger = server.person("carl")
    with bystanders:
        forger.send(b" * ann left\r * ann left\r\n\x0b * ann left\n\xe2\x80\xa8 * ann left\n")
        forger.say("done")
        bystanders.hear("carl: done")
    assert not [line for line in bystanders.heard if line.startswith(" * ann left")]
    assert bystanders.messages[:2] == ["carl:  * ann left"] * 2
