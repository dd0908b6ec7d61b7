"""What telnet sends besides text: answered as it expects, never shown, and kept from the others."""

import re
from collections.abc import Callable

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Connection
from tests.blackbox.kernel import send_in_pieces
from tests.blackbox.server import Server

OFFERS = bytes.fromhex("FF FB 1F FF FB 20 FF FB 18 FF FD 03")
"""WILL window size, speed, terminal type; DO suppress go-ahead: as PuTTY begins."""

DECLINED = bytes.fromhex("FF FE 1F FF FE 20 FF FE 18 FF FC 03")
INTERRUPT = bytes.fromhex("FF F4 FF FD 06")
"""Interrupt process, DO timing mark: what telnet sends for Ctrl-C."""

TIMING_MARK_DECLINED = bytes.fromhex("FF FC 06")
WINDOW_SIZE = bytes.fromhex("FF FA 1F 00 50 00 18 FF F0")

Send = Callable[[Connection, bytes], None]

both_ways = pytest.mark.parametrize(
    "send", [Connection.send, send_in_pieces], ids=["at once", "in pieces"]
)


@both_ways
def test_one_who_only_negotiates_is_declined_and_welcomed_as_a_person(
    server: Server, send: Send
) -> None:
    ann, telnet = server.person("ann"), server.connect()
    send(telnet, OFFERS + WINDOW_SIZE)
    assert ann.lines_until(f" * {telnet.address} joined")[:-1] == []
    telnet.send(b"/quit\r\n")
    shown = telnet.bytes_until(b"Goodbye\r\n")
    if send is Connection.send:
        assert shown.startswith(DECLINED + b" * Welcome")
    # On a busy machine the pieces take longer than the quiet moment: the welcome comes between.
    assert b"".join(re.findall(rb"\xff..", shown)) == DECLINED
    assert re.sub(rb"\xff..", b"", shown).startswith(b" * Welcome")
    # What it is shown before it has sent anything ends as nc expects it.
    before, after = shown[: shown.index(b"\xff")], shown[shown.index(b"\xff") :]
    assert b"\r\n" not in before
    assert after.count(b"\r\n") == after.count(b"\n") > 0


@both_ways
def test_ctrl_c_is_answered_and_the_chat_goes_on(
    server: Server, bystanders: Bystanders, send: Send
) -> None:
    telnet = server.connect()
    with bystanders:
        telnet.bytes_until(b"/help lists the commands.\n")
        send(telnet, b"half" + INTERRUPT + b" and half\r\n")
        bystanders.hear("half")
        telnet.send(b"/quit\r\n")
        shown = b"".join(iter(lambda: telnet.socket.recv(4096), b""))
    assert shown.count(TIMING_MARK_DECLINED) == 1
    assert b"/quit does\r\n" in shown
    assert shown.count(b"\xff") == 1
    assert bystanders.messages == [f"{telnet.address}: half and half"]


@both_ways
def test_a_doubled_255_is_one_byte_of_text_and_a_window_size_is_none(
    server: Server, bystanders: Bystanders, send: Send
) -> None:
    telnet = server.connect()
    with bystanders:
        send(telnet, OFFERS + b"\xff\xff one" + WINDOW_SIZE + b" line\r\n")
        bystanders.hear(" line")
    assert bystanders.messages == [rf"{telnet.address}: \xff one line"]


def test_no_byte_of_telnet_goes_to_one_who_sent_none(
    server: Server, bystanders: Bystanders
) -> None:
    plain, telnet = server.person(), server.connect()
    with bystanders:
        telnet.send(OFFERS + WINDOW_SIZE + b"\xff\xff" + INTERRUPT + b"word\r\n")
        bystanders.hear("word")
    plain.send(b"\xff\xff and \xff\xfe are text to somebody else\n/quit\n")
    assert b"\xff" not in plain.bytes_until(b"Goodbye\n")
    bystanders.bob.expect(rf"{plain.address}: \xff\xff and \xff\xfe are text")
