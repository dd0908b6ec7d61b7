"""HTTP: a room is followed as lines, as JSON and as events."""

import json
from shutil import which
from signal import SIGTERM

import pytest

from tests.blackbox.http_clients import Reader, curl, post
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer
from tests.json_schema import check_sent

pytestmark = [
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


def test_a_room_is_read_as_lines_as_json_and_as_events(server: Server) -> None:
    raw, lines, events = (Reader(server, f"/lobby/{form}") for form in ("raw", "json", "sse"))
    assert {raw.status, lines.status, events.status} == {200}
    assert "Content-Length" not in raw.head + lines.head + events.head
    posted = post(server, "/lobby?name=ci", "snow ☃")
    assert raw.line() == "ci: snow ☃"
    message = json.loads(lines.line())
    check_sent(message)
    assert (message["name"], message["text"]) == ("ci", "snow ☃")
    event = events.event()
    assert event["id"] == message["place"] == posted.fields["place"]
    assert json.loads(event["data"]) == message


def test_events_tell_of_presence_and_topics_and_the_end(server: Server) -> None:
    reader = Reader(server, "/lobby/sse")
    person = server.person("ann")
    joined = reader.event()
    assert json.loads(joined["data"])["event"] == "joined"
    person.say("/topic tea")
    assert json.loads(reader.event()["data"])["topic"] == "tea"
    server.signal(SIGTERM)
    last = reader.event()
    assert last["event"] == "info"
    assert "going down" in last["data"]
    assert reader.connection.rest() == []
    assert server.wait() == 0


def test_a_poll_is_what_there_is_and_ends(server: Server) -> None:
    assert curl(server, "/lobby/raw?poll=1").body == ""
    post(server, "/lobby?name=ci", "1", "2")
    first = post(server, "/lobby?name=ci", "3").fields["place"]
    post(server, "/lobby?name=ci", "4")
    assert curl(server, "/lobby/raw?poll=1").body.splitlines() == [f"ci: {n}" for n in "1234"]
    assert curl(server, f"/lobby/raw?poll=1&since={first}").body == "ci: 4\n"
    assert curl(server, "/lobby/raw?poll=1&since=10m").body.count("\n") == 4
    assert curl(server, "/lobby/json?poll=1&since=all").body.count("\n") == 4
    assert curl(server, "/lobby/raw?poll=1&since=teatime").status == 400


def test_who_comes_back_with_the_last_id_gets_what_follows(server: Server) -> None:
    places = [post(server, "/lobby", str(number)).fields["place"] for number in range(5)]
    for how in (("/lobby/sse", f"Last-Event-ID: {places[1]}"), (f"/lobby/sse?since={places[1]}",)):
        reader = Reader(server, *how)
        assert [reader.event()["id"] for _ in range(3)] == places[2:]
    epoch, _, _ = places[0].partition("-")
    assert Reader(server, "/lobby/sse", "Last-Event-ID: 3").event()["id"] == f"{epoch}-4"
    lost = Reader(server, "/lobby/sse", f"Last-Event-ID: {epoch}-999")
    gap = lost.event()
    assert gap["event"] == "gap"
    check_sent(json.loads(gap["data"]))
    post(server, "/lobby", "and on")
    assert "and on" in lost.event()["data"]


def test_who_sends_something_behind_its_request_is_ended_and_who_breaks_off_is_gone(
    server: Server,
) -> None:
    talker, gone = Reader(server, "/lobby/raw"), Reader(server, "/lobby/raw")
    talker.connection.send(b"GET /lobby/raw HTTP/1.1\r\nHost: x\r\n\r\n")
    assert talker.connection.rest() == []
    gone.close()
    wait_until(lambda: curl(server, "/healthz").fields["clients"] == 0, "both are gone")


def test_a_reader_is_in_the_room_and_can_be_kicked(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "secret"})
    op = server.person("op")
    op.say("/op secret")
    op.expect("You are now an operator")
    reader = Reader(server, "/lobby/sse")
    name = reader.connection.address
    assert sorted(op.who()) == sorted([name, "op"])
    op.say(f"/kick {name} enough")
    told = reader.event()
    assert (told["event"], json.loads(told["data"])["event"]) == ("info", "kicked")
    assert reader.connection.rest() == []
    assert op.who() == ["op"]
