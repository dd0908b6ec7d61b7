"""doors.session: a client's life, from its first byte on."""

import logging
import re

import pytest

from gchat import commands
from gchat.config.settings import Settings
from gchat.doors import opening
from gchat.doors.opening import RECEIVE
from gchat.hub.welcome import REPLAY_CHARACTERS
from tests.unit.doors.session_peers import person, wait_until_gone
from tests.unit.peers import Company, Peer, wait_until

pytestmark = pytest.mark.usefixtures("quick")

REPLAY = Settings.replay

WELCOME = " * Welcome to gchat! You are "

DO_TIMING_MARK, ARE_YOU_THERE = b"\xff\xfd\x06", b"\xff\xf6"


# The quiet moment


def test_who_is_silent_at_first_is_welcomed_and_announced(company: Company, listener: Peer) -> None:
    peer = company.converse()
    first, *_, last = peer.read_lines(4)
    assert first == f"{WELCOME}{peer.client.address} in #lobby, with listener."
    assert "/help" in last
    assert listener.read_lines(1) == [f" * {peer.client.address} joined"]


def test_who_is_alone_is_told_so(company: Company) -> None:
    assert "nobody else is here" in company.converse().read_line()


def test_a_person_is_shown_what_was_said_last_with_its_time(
    company: Company, listener: Peer
) -> None:
    company.say(listener, *map(str, range(REPLAY + 5)))
    peer = person(company)
    lines = peer.read_lines(REPLAY)
    assert [line.split("] ")[1] for line in lines] == [
        f"listener: {number}" for number in range(5, REPLAY + 5)
    ]


def test_a_newcomer_is_not_owed_what_was_said_at_great_length(
    company: Company, listener: Peer
) -> None:
    company.say(listener, "long " * REPLAY_CHARACTERS, "short")
    peer = company.converse()
    peer.read_until("/help lists the commands.")
    long, short = peer.read_lines(2)
    assert len(long) < REPLAY_CHARACTERS / 4
    assert short.endswith("listener: short")


def test_who_speaks_at_once_is_neither_welcomed_nor_announced(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b"done\n")
    assert listener.read_lines(1) == [f"{peer.client.address}: done"]
    company.say(listener, "thanks")
    assert peer.read_lines(1) == ["listener: thanks"]
    peer.close()
    wait_until_gone(company, peer)
    company.say(company.join("bob"), "last")
    assert listener.read_lines(1) == ["bob: last"]


def test_who_only_negotiates_telnet_at_once_is_a_person(company: Company) -> None:
    peer = company.converse(b"\xff\xfb\x1f\xff\xfb\x20")
    assert peer.read_until("/help lists the commands.")
    assert peer.client.person


def test_who_negotiates_telnet_sees_what_is_said_meanwhile_once(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.2)
    company.say(listener, "before")
    peer = company.converse(DO_TIMING_MARK)
    wait_until(lambda: peer.client.owed_bytes or peer.client.display.end == "\r\n", "it is read")
    company.say(listener, "meanwhile")
    wait_until(lambda: peer.client.person, "it is welcomed")
    company.say(listener, "afterwards")
    received = "".join(line + "\n" for line in peer.read_until("afterwards")[:-1])
    assert received.count("before") == 1
    assert received.count("meanwhile") == 1
    assert received.index("before") < received.index("meanwhile")


# Lines


def test_a_line_goes_to_the_others_and_not_back(company: Company, listener: Peer) -> None:
    peer = person(company)
    listener.read_until("joined")
    peer.send(b"hello\r\n\r\nw\x1brld \xff\n")
    address = peer.client.address
    assert listener.read_lines(2) == [f"{address}: hello", f"{address}: w\\x1brld \\xff"]
    company.say(listener, "hi")
    assert peer.read_lines(1) == ["listener: hi"]


def test_a_line_over_the_limit_is_refused_with_the_limit_and_the_client_stays(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b"x" * 1001 + b"\n" + b"y" * 1001 + b"\nfine\n")
    (why,) = peer.read_lines(1)
    assert why.startswith(" * 2 lines too long (limit 1000 bytes); not sent")
    assert listener.read_lines(1) == [f"{peer.client.address}: fine"]


def test_commands_and_lines_are_done_in_their_order(company: Company, listener: Peer) -> None:
    peer = person(company)
    listener.read_until("joined")
    peer.send(b"one\n/nick ann\ntwo\n//three\n/nich ann\n")
    address = peer.client.address
    assert listener.read_lines(4) == [
        f"{address}: one",
        f" * {address} is now ann",
        "ann: two",
        "ann: /three",
    ]


def test_an_unknown_command_of_a_person_is_sent_to_nobody(company: Company, listener: Peer) -> None:
    peer = person(company)
    listener.read_until("joined")
    peer.send(b"/nikc ann\nsaid\n")
    peer.read_until("did you mean /nick?")
    assert listener.read_lines(1) == [f"{peer.client.address}: said"]


def test_backspaces_and_ctrl_u_of_a_person_are_obeyed(company: Company, listener: Peer) -> None:
    peer = person(company)
    listener.read_until("joined")
    peer.send(b"helo\x08lo\n")
    peer.send("gru\x7fün, s\x15schön\n".encode())
    peer.send(b"x\x08\n\x7f\n/nic\x08ck ann\nwrong\x15done\n")
    address = peer.client.address
    assert listener.read_lines(4) == [
        f"{address}: hello",
        f"{address}: schön",
        f" * {address} is now ann",
        "ann: done",
    ]


def test_backspaces_of_a_telnet_that_was_fast_are_obeyed(company: Company, listener: Peer) -> None:
    peer = company.converse(DO_TIMING_MARK + b"helo\x08lo\r\n")
    assert listener.read_lines(1) == [f"{peer.client.address}: hello"]
    assert not peer.client.person


def test_backspaces_of_a_program_are_shown_as_numbers(company: Company, listener: Peer) -> None:
    peer = company.converse(b"N\x08NAME\n")
    assert listener.read_lines(1) == [rf"{peer.client.address}: N\x08NAME"]


def test_control_c_is_answered_as_telnet_expects(company: Company) -> None:
    peer = person(company)
    peer.send(b"\xff\xf4" + DO_TIMING_MARK)
    assert re.fullmatch(r"\\xff\\xfc\x06 \* .*/quit.*\r\n", peer.read_line())


def test_many_lines_at_once_all_come(company: Company, listener: Peer) -> None:
    count = RECEIVE
    peer = company.program()
    company.start(peer.send, b"".join(b"%d\n" % number for number in range(count)))
    assert listener.read_lines(count) == [f"{peer.client.address}: {n}" for n in range(count)]


def test_nothing_that_was_typed_is_logged(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    peer = person(company)
    peer.send(b"/secret\n/nick se cret\n/who secret\n")
    peer.read_until("There is no room secret")
    assert sum("refuse" in message for message in caplog.messages) == 3
    assert not any("cret" in message for message in caplog.messages)


# Bounds


def test_who_is_refused_again_and_again_fills_no_log(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    peer = company.converse(b"/nick\n" * 100)
    peer.read_lines(100)
    assert sum("refuse" in message for message in caplog.messages) == 1


def test_an_error_in_a_command_costs_the_command_and_not_the_client(
    company: Company,
    listener: Peer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(commands, "read", fail)
    peer = company.converse(b"/who\nstill here\n")
    assert peer.read_line() == " * Internal error; details are in the server's log\n"
    assert listener.read_lines(1) == [f"{peer.client.address}: still here"]
    assert "ZeroDivisionError" in caplog.text
    assert company.hub.faults.total == 1
