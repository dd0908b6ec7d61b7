"""What clients should not send, and do: each time two bystanders talk on and notice nothing."""

from concurrent.futures import ThreadPoolExecutor
from socket import SO_SNDBUF, SOL_SOCKET

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import in_background
from tests.blackbox.kernel import send_in_pieces, server_side
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

MEBIBYTE = 2**20


def test_a_line_that_is_too_long_is_refused_with_its_limit_and_the_client_stays(
    server: Server, bystanders: Bystanders
) -> None:
    talker = server.person("carl")
    with bystanders:
        talker.say("x" * 65_537, "short")
        refusal = talker.expect("65536 bytes")
        talker.say("y" * 200_000, "shorter")
        assert talker.expect("65536 bytes") == refusal
        bystanders.hear("carl: shorter")
    assert refusal.startswith(" * Line too long")
    assert "not sent" in refusal
    assert bystanders.messages == ["carl: short", "carl: shorter"]


def test_the_limit_of_a_line_can_be_set_and_is_exact(start_server: StartServer) -> None:
    server = start_server("--max-line", "100")
    bystanders = Bystanders(server)
    talker = server.person("carl")
    with bystanders:
        talker.say("x" * 101, "y" * 100)
        assert "limit 100 bytes" in talker.expect("not sent")
        bystanders.hear("carl: y")
    assert bystanders.messages == ["carl: " + "y" * 100]


def test_megabytes_without_a_newline_are_refused_once(
    server: Server, bystanders: Bystanders
) -> None:
    talker = server.person("carl")
    with bystanders:
        talker.send(b"x" * (30 * MEBIBYTE))
        talker.say("", "short")
        bystanders.hear("carl: short")
        refusals = [line for line in talker.unread() if "65536 bytes" in line]
    assert len(refusals) == 1
    assert bystanders.messages == ["carl: short"]


NOT_TEXT = {
    b"\xff\xfe\xfa": r"\xff\xfe\xfa",
    b"caf\xc3": r"caf\xc3",  # UTF-8 that is cut
    b"\xc0\xaf\xed\xa0\x80": r"\xc0\xaf\xed\xa0\x80",  # and what it forbids
    b"a\0b": r"a\x00b",
    b"x\x1b[2J\x1b]0;t\x07": r"x\x1b[2J\x1b]0;t\x07",
    "grüße, 你好 🙂\ttab".encode(): "grüße, 你好 🙂\ttab",  # which is text, and stays as it is
}


def test_bytes_that_are_not_text_are_shown_escaped_and_the_connection_is_kept(
    server: Server, bystanders: Bystanders
) -> None:
    talker = server.person("carl")
    with bystanders:
        for sent in NOT_TEXT:
            talker.send(sent + b"\n")
        talker.say("still here")
        bystanders.hear("carl: still here")
    assert bystanders.messages == [f"carl: {t}" for t in [*NOT_TEXT.values(), "still here"]]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\0", b"\r"])
def test_each_kind_of_line_end_ends_one_line_however_it_is_cut(
    server: Server, bystanders: Bystanders, end: bytes
) -> None:
    talker = server.person("carl")
    with bystanders:
        talker.send(b"one" + end + b"two" + end)
        bystanders.hear("carl: two")
        send_in_pieces(talker, b"three" + end + b"four" + end)
        bystanders.hear("carl: four")
    assert bystanders.messages == ["carl: one", "carl: two", "carl: three", "carl: four"]


def test_an_empty_line_is_nothing(server: Server, bystanders: Bystanders) -> None:
    talker = server.person("carl")
    with bystanders:
        talker.send(b"\n\n\r\n\r\r\0\nword\n\n")
        bystanders.hear("carl: word")
        notices = [line for line in talker.unread() if line.startswith(" * ")]
        assert not [notice for notice in notices if not notice.endswith(" joined")]
    assert bystanders.messages == ["carl: word"]


@pytest.mark.options("--rate", "0")
def test_one_who_asks_and_does_not_read_waits_and_gets_every_answer_in_the_end(
    server: Server, bystanders: Bystanders
) -> None:
    questions = 40_000
    asker = server.person(receive_buffer=4096)
    asker.socket.setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
    before = server.memory()
    with ThreadPoolExecutor(1) as pool, bystanders:
        asking = in_background(pool, asker, b"/uptime\n" * questions)
        wait_until(
            lambda: server_side(asker).unread > 32 * 1024,
            "the server lets the questions wait",
        )
        bystanders.talk_on(50)
        assert server_side(asker).unread > 32 * 1024
        assert server.memory() - before < 2 * MEBIBYTE
        assert not asking.done()
        for _ in range(questions):
            asker.expect("Up since")
        asking.result()
        assert not [line for line in asker.unread() if "Up since" in line]
    assert server.memory() - before < 2 * MEBIBYTE


@pytest.mark.options("--rate", "0")
def test_nothing_that_a_flooder_said_is_lost_and_the_others_talk_on(
    server: Server, bystanders: Bystanders
) -> None:
    lines = 80_000
    flooder, reader = server.program("here I am"), server.person()
    prefix = f"{flooder.address}: flood "
    with ThreadPoolExecutor(1) as pool, bystanders:
        flood = b"".join(b"flood %d\n" % n for n in range(lines))
        flooding = in_background(pool, flooder, flood)
        for n in range(lines):
            while not (line := reader.line()).startswith(prefix):
                pass
            assert line == f"{prefix}{n}"
        flooding.result()
        bystanders.talk_on(1)
    heard = [line for line in bystanders.messages if line.startswith(prefix)]
    assert heard == [f"{prefix}{n}" for n in range(lines)]


@pytest.mark.options("--rate", "0")
def test_many_flooders_are_paced_so_that_a_fast_reader_gets_all(server: Server) -> None:
    lines = 20_000  # of each; together more than the server keeps
    reader, *flooders = server.people(9)
    flood = b"".join(b"%d\n" % n for n in range(lines)) + b"the end\n"
    data = b""
    with ThreadPoolExecutor(len(flooders)) as pool:
        flooding = [in_background(pool, flooder, flood) for flooder in flooders]
        while data.count(b": the end\n") < len(flooders):
            data += reader.bytes_until(b"\n")
        for sent in flooding:
            sent.result()
    heard: dict[str, list[str]] = {flooder.address: [] for flooder in flooders}
    for line in data.decode().split("\n")[:-1]:
        name, _, text = line.partition(": ")
        if name in heard:
            heard[name].append(text)
        assert " You missed " not in line
    for said in heard.values():
        assert said == [*map(str, range(lines)), "the end"]


@pytest.mark.options("--rate", "0")
def test_a_flood_of_more_than_the_server_keeps_is_paced_so_that_a_fast_reader_gets_all(
    server: Server,
) -> None:
    lines, length = 3_000, 40_000
    flooder, reader = server.people(2)
    filling = "x" * length
    with ThreadPoolExecutor(1) as pool:
        flood = "".join(f"{n} {filling}\n" for n in range(lines))
        flooding = in_background(pool, flooder, f"{flood}the end\n".encode())
        heard = reader.bytes_until(b"the end\n").decode().split("\n")
        flooding.result()
    said = [line for line in heard if line.startswith(f"{flooder.address}: ")]
    assert len(said) == lines + 1
    assert said[:-1] == [f"{flooder.address}: {n} {filling}" for n in range(lines)]
