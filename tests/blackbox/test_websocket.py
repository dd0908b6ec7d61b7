"""WebSocket: persons in the same rooms as nc, by the protocol of JSON programs."""

import json
import signal
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gchat.protocol.websocket_frames import Opcode
from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person
from tests.blackbox.http_clients import curl
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.blackbox.websocket_client import WebSocketClient, websocket
from tests.conftest import StartServer
from tests.websocket_frames import close, masked


@pytest.fixture
def history(tmp_path: Path) -> list[str]:
    return ["--history", str(tmp_path / "chat.db")]


def said(client: WebSocketClient) -> dict[str, Any]:
    """The next message that is said, or shown again."""
    return client.next_of("say")


def test_who_comes_is_a_person_in_the_same_room_as_nc(server: Server) -> None:
    bob = server.person("bob")
    ann = websocket(server, "ann")
    bob.expect(" * ann joined")
    bob.say("hello from nc")
    assert (said(ann)["name"], ann.name) == ("bob", "ann")
    ann.carry_out(text="hello from a page")
    bob.expect("ann: hello from a page")
    people = {each["name"]: each["program"] for each in ann.ask("/who")["people"]}
    assert people == {"ann": False, "bob": False}
    ann.send(close(1001))
    assert ann.closed().code == 1001
    bob.expect(" * ann left")


def test_who_has_no_name_is_announced_with_what_it_says(server: Server) -> None:
    bob, guest = server.person("bob"), websocket(server)
    guest.carry_out(text="hello")
    assert bob.expect("hello") == f"{guest.address}: hello"


def test_it_is_in_several_rooms_on_one_connection(server: Server) -> None:
    ann, bob = websocket(server, "ann"), server.person("bob")
    assert ann.carry_out(join="builds")[-1]["room"] == "builds"
    bob.say("/join builds", "in builds")
    assert said(ann)["room"] == "builds"
    ann.carry_out(text="there", room="builds")
    bob.expect("ann: there")
    bob.say("/leave", "in the lobby")
    assert said(ann)["room"] == "lobby"


def test_a_message_in_pieces_with_a_ping_between_is_said_once(
    server: Server, bystanders: Bystanders
) -> None:
    ann = websocket(server, "page")
    data = json.dumps({"text": "grün €", "ref": 7}, ensure_ascii=False).encode()
    cut = data.index("€".encode()) + 1
    sent = (
        masked(data[:cut], fin=False)
        + masked("!", Opcode.PING)
        + masked(data[cut:], Opcode.CONTINUATION)
    )
    with bystanders:
        for byte in sent:
            ann.send(bytes([byte]))
        bystanders.hear("page: grün €")
    frames = [ann.frame()]
    while b'"ref": 7' not in frames[-1].data:
        frames.append(ann.frame())
    assert (Opcode.PONG, b"!") in frames


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (masked("x", reserved=4), 1002),
        (masked("x", key=None), 1002),
        (masked(b"\xff"), 1007),
        (masked(b"x", Opcode.BINARY), 1003),
        (masked(b"x" * 65_537), 1009),
        (close(1006), 1002),
        (b"GET / HTTP/1.1\r\n\r\n", 1002),
    ],
)
def test_who_breaks_the_protocol_is_told_with_which_code(
    server: Server, bystanders: Bystanders, data: bytes, code: int
) -> None:
    mallory = websocket(server, "mallory")
    with bystanders:
        mallory.send(data + b"\x81" * 5000)
        assert mallory.closed().code == code
        bystanders.talk_on(3)


def test_what_is_no_request_is_refused_and_the_client_stays(server: Server) -> None:
    ann = websocket(server, "ann")
    for data in ("", "hello", "[]", '{"text": ""}', '{"nosuch": 1}', "\x00"):
        ann.send(masked(data))
        assert ann.next_of("error")["reason"] == "no request"
    assert ann.carry_out(command="/json off")[-1]["reason"] == "always JSON"
    assert ann.carry_out(text="x" * 60_000)[-1]["kind"] == "ok"


def test_a_kick_and_a_ban_close_with_their_reason(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    op = server.person("op", source="127.0.0.2")
    op.say("/op abracadabra")
    op.expect("You are now an operator")
    ann = websocket(server, "ann")
    op.say("/kick ann noise")
    assert ann.next_of("info")["event"] == "kicked"
    closed = ann.closed()
    assert (closed.code, closed.reason) == (1008, "kicked by op: noise")
    ann.close()
    op.expect("ann left")
    bob = websocket(server, "bob")
    op.say("/ban bob")
    assert bob.next_of("info")["event"] == "banned"
    assert bob.closed().code == 1008
    banned = WebSocketClient(server.address)
    assert banned.shake_hands().status == 101
    assert "You are banned" in banned.closed().reason
    banned.close()


def test_a_full_server_says_so_behind_the_handshake(start_server: StartServer) -> None:
    server = start_server("--max-clients=1")
    ann = websocket(server, "ann")
    late = WebSocketClient(server.address)
    assert late.shake_hands().status == 101
    closed = late.closed()
    assert (closed.code, closed.reason[:18]) == (1013, "The server is full")
    late.close()
    ann.close()


def test_the_end_of_the_server_is_told(start_server: StartServer) -> None:
    server = start_server()
    ann = websocket(server, "ann")
    ann.carry_out(join="builds")
    server.signal(signal.SIGTERM)
    assert ann.next_of("info")["text"].startswith("The server is going down")
    assert ann.closed().code == 1012
    assert server.wait() == 0


def test_an_operator_ends_the_server_for_good(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    ann = websocket(server, "ann")
    ann.carry_out(command="/op abracadabra")
    ann.send_object(command="/shutdown now")
    assert ann.closed().code == 1001
    assert server.wait() == 0


def test_quitting_is_an_end_like_any(server: Server) -> None:
    ann, bob = websocket(server, "ann"), server.person("bob")
    ann.carry_out(text="hello")
    ann.send_object(command="/quit tea")
    assert ann.closed().code == 1000
    assert "tea" in bob.expect("ann left")


@pytest.mark.parametrize(
    ("headers", "host", "status"),
    [
        (("Origin: https://evil.example",), "localhost", 403),
        (("Origin: null",), "localhost", 403),
        ((), "evil.example", 403),
        (("Origin: http://localhost",), "localhost", 101),
        (("Origin: https://chat.example",), "chat.example", 101),
        (("Origin: http://127.0.0.1:7878",), "127.0.0.1:7878", 101),
        (("Sec-WebSocket-Protocol: soap",), "localhost", 101),
    ],
)
@pytest.mark.options("--origin=https://chat.example")
def test_pages_of_other_sites_are_refused(
    server: Server, headers: tuple[str, ...], host: str, status: int
) -> None:
    client = WebSocketClient(server.address)
    assert client.shake_hands(*headers, host=host).status == status
    client.close()


def test_what_asks_for_something_else_is_told_what_there_is(server: Server) -> None:
    assert curl(server, "/ws").status == 426
    assert curl(server, "/ws", "-X", "POST").status == 405
    assert curl(server, "/ws/raw?poll=1").status == 200  # the room of that name


def test_the_password_comes_first(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open sesame"})
    server.password = "open sesame"
    bob = server.person("bob")
    ann = websocket(server)
    assert ann.object()["reason"] == "no password"
    ann.send_object(password="wrong")
    assert ann.object()["reason"] == "wrong password"
    ann.send(masked('{"password": "open sesame"}') + masked('{"command": "/nick ann"}'))
    assert ann.object()["kind"] == "answer"
    bob.expect(" * ann joined")
    impatient = websocket(server)
    impatient.send_object(text="hello")
    assert impatient.closed().code == 1008
    shown = b64encode(b"ann:open sesame").decode()
    known = websocket(server, "kim", None, f"Authorization: Basic {shown}")
    known.carry_out(text="hello")
    bob.expect("kim: hello")
    wrong = WebSocketClient(server.address)
    assert wrong.shake_hands("Authorization: Bearer wrong").status == 401
    wrong.close()


def test_guesses_of_the_password_end(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open sesame"})
    mallory = websocket(server)
    for _ in range(3):
        assert mallory.object()["kind"] == "error"
        mallory.send_object(password="wrong")
    closed = mallory.closed()
    assert (closed.code, closed.reason) == (1008, "Wrong password")


def test_it_comes_back_with_its_token_and_the_first_tab_is_told(
    start_server: StartServer, history: list[str]
) -> None:
    server = start_server(*history)
    ann, bob = websocket(server, "ann"), server.person("bob")
    ann.carry_out(join="builds")
    token = ann.ask("/token")["token"]
    bob.say("one")
    place = said(ann)["place"]
    again = websocket(server)
    bob.say("two")
    again.send_object(resume=token, places={"lobby": place}, ref="r")
    assert again.next_of("answer")["name"] == "ann"
    assert [said(again)["text"]] == ["two"]
    closed = ann.closed()
    assert (closed.code, closed.reason) == (1008, "resumed on another connection")
    assert again.ask("/why")["rooms"] == ["lobby", "builds"]
    assert not any("left" in line or "joined" in line for line in bob.unread())


def test_its_token_does_not_make_nc_speak_json_nor_a_token_of_nc_a_page_speak_lines(
    start_server: StartServer, history: list[str]
) -> None:
    server = start_server(*history)
    ann, bob = websocket(server, "ann"), server.person("bob")
    ann.carry_out(join="builds")
    token = ann.ask("/token")["token"]
    nc = Person(server.address)
    server._add(nc)
    nc.be_welcomed()
    nc.say(f"/resume {token}")
    nc.expect("Welcome back! You are ann in #lobby")
    bob.say("hello")
    nc.expect("bob: hello")
    bob.say("/token")
    of_bob = bob.expect("/resume ").rpartition(" ")[2]
    page = websocket(server)
    page.carry_out(resume=of_bob)
    assert page.ask("/why")["name"] == "bob"
    nc.say("hello page")
    assert said(page)["text"] == "hello page"


def test_a_text_that_is_sent_again_over_a_restart_is_said_once(
    start_server: StartServer, history: list[str]
) -> None:
    server = start_server(*history)
    ann = websocket(server, "ann")
    token = ann.ask("/token")["token"]
    first = ann.carry_out(text="once")[-1]
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    server = start_server(*history)
    bob, back = server.person("bob"), websocket(server)
    back.carry_out(resume=token)
    back.send_object(text="once", ref=first["ref"])
    assert back.next_of("ok")["place"] == first["place"]
    back.carry_out(text="twice")
    assert bob.message() == "ann: twice"


def test_who_reads_slowly_gets_every_frame_whole_and_in_order(server: Server) -> None:
    slow, fast, bob = websocket(server, "slow", 4096), websocket(server, "fast"), server.program()
    for client in (slow, fast):
        client.carry_out(join="builds")
    lines = [f"{number} {'x' * (number % 300)}" for number in range(2000)]
    with ThreadPoolExecutor() as pool:
        pool.submit(bob.say, *lines)
        for client in (fast, slow):
            assert [said(client)["text"] for _ in lines] == lines


def test_many_pings_are_answered_and_paid_for(server: Server) -> None:
    ann = websocket(server, "ann")
    ann.send(b"".join(masked(str(number), Opcode.PING) for number in range(1000)))
    for number in range(1000):
        assert ann.frame() == (Opcode.PONG, str(number).encode())


def test_a_client_that_breaks_off_has_left(server: Server) -> None:
    ann, bob = websocket(server, "ann"), server.person("bob")
    ann.carry_out(text="hello")
    ann.reset()
    bob.expect(" * ann left")
    wait_until(lambda: server.who() == ["bob"], "she is gone")
