"""doors.session for programs: what they see, and JSON lines both ways."""

import json
from typing import Any

import pytest
from gevent.event import Event

from gchat.commands import TABLE, admin
from gchat.doors import session, visit
from gchat.hub import membership
from gchat.hub.naming import rename
from gchat.hub.owed import OWED_LIMIT
from gchat.model.display import PROGRAM
from gchat.model.epochs import Place
from tests.json_schema import check_sent
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visit, "LINGER", 0.2)


def read(peer: Peer, count: int) -> list[dict[str, Any]]:
    """The next `count` objects, without their times."""
    objects = [json.loads(line) for line in peer.read_lines(count)]
    for each in objects:
        check_sent(each)
        each.pop("time", None)
    return objects


def speaking_json(company: Company, first: bytes = b"") -> Peer:
    """A program that has switched to JSON."""
    peer = company.converse(b"/nick bot\n/json on\n" + first)
    assert json.loads(peer.read_line())["text"] == "JSON is on"
    return peer


def test_a_program_sees_what_people_say_and_nothing_that_the_server_tells_all(
    company: Company, listener: Peer
) -> None:
    program = company.program()
    assert program.client.display == PROGRAM
    newcomer = company.join("newcomer")
    membership.announce(company.hub, newcomer.client)
    rename(company.hub, newcomer.client, "other")
    company.say(newcomer, "hello")
    assert program.read_lines(1) == ["other: hello"]


def test_a_program_is_answered_and_refused_but_told_of_no_success(
    company: Company, listener: Peer
) -> None:
    program = company.converse(b"/nick ci\n/join builds\n/who\n/nick a b\n/join lobby\ndone\n")
    lines = program.read_lines(2)
    assert lines[0] == " * #builds, 1 here: ci"
    assert lines[1].startswith(" * Names have letters")
    assert listener.read_lines(1) == ["ci: done"]


def test_json_is_spoken_from_the_next_line_on_in_the_middle_of_a_portion(
    company: Company, listener: Peer
) -> None:
    peer = company.converse(b'/json on\n{"text": "one"}\n{"command": "/json off"}\n{two}\n')
    address = peer.client.address
    assert listener.read_lines(2) == [f"{address}: one", f"{address}: {{two}}"]


def test_what_was_said_before_and_in_json_keeps_its_order(company: Company, listener: Peer) -> None:
    lines = [b'{"one": 1}', b"two", b"/json on", b'{"text": "three"}', b'{"text": "/four"}']
    peer = company.converse()
    peer.read_until("/help lists the commands")
    listener.read_until("joined")
    peer.send(b"\n".join(lines) + b"\n")
    texts = [line.partition(": ")[2] for line in listener.read_lines(4)]
    assert texts == ['{"one": 1}', "two", "three", "/four"]


def test_what_was_asked_for_with_a_reference_is_answered_with_it(
    company: Company, listener: Peer
) -> None:
    peer = speaking_json(company)
    peer.send(
        b'{"text": "hello", "ref": 1}\n'
        b'{"command": "/who", "ref": "two"}\n'
        b'{"command": "/nonsense", "ref": 3}\n'
        b'{"text": "no reference"}\n'
        b'{"command": "/nick listener"}\n'
    )
    ok, who, two, three, refused = read(peer, 5)
    place = Place(company.room.log.end.id - 1, company.room.log.epoch)
    assert ok == {"kind": "ok", "ref": 1, "id": place.id, "place": str(place), "room": "lobby"}
    assert who.items() >= {"kind": "answer", "answer": "who", "ref": "two", "total": 2}.items()
    assert two == {"kind": "ok", "ref": "two"}
    assert (three["kind"], three["ref"]) == ("error", 3)
    assert "Unknown command" in three["text"]
    assert refused["kind"] == "error"
    assert "ref" not in refused
    assert listener.read_lines(2) == ["bot: hello", "bot: no reference"]


@pytest.mark.parametrize("wrong", [b"hello", b"[]", b"{", b"\xff", b'{"text": 7}', b"[" * 900])
def test_what_is_no_request_is_refused_and_the_client_stays(
    company: Company, listener: Peer, wrong: bytes
) -> None:
    peer = speaking_json(company)
    peer.send(wrong + b'\n{"text": "fine"}\n')
    (error,) = read(peer, 1)
    assert error["kind"] == "error"
    assert listener.read_lines(1) == ["bot: fine"]


def test_a_wrong_request_is_answered_with_its_reference(company: Company) -> None:
    peer = speaking_json(company)
    peer.send(b'{"text": 7, "ref": "mine"}\n')
    (error,) = read(peer, 1)
    assert error["kind"] == "error"
    assert error.get("ref") == "mine"


def test_too_long_a_line_is_an_error_like_others(company: Company) -> None:
    peer = speaking_json(company)
    peer.send(b'{"text": "' + b"x" * 1000 + b'"}\n')
    (error,) = read(peer, 1)
    assert error["kind"] == "error"
    assert "1000 bytes" in error["text"]


def test_a_bot_sees_all_that_happens_as_objects(company: Company, listener: Peer) -> None:
    peer = speaking_json(company)
    wait_until(lambda: peer.client.takes_more, "it listens")
    company.say(listener, "h\xe9llo")
    membership.announce(company.hub, listener.client)
    rename(company.hub, listener.client, "ann")
    said, joined, renamed = read(peer, 3)
    places = [str(Place(number, company.room.log.epoch)) for number in (1, 2, 3)]
    assert said == {
        "kind": "say",
        "id": 1,
        "place": places[0],
        "room": "lobby",
        "name": "listener",
        "text": "héllo",
    }
    assert joined == {
        "kind": "presence",
        "event": "joined",
        "id": 2,
        "place": places[1],
        "room": "lobby",
        "name": "listener",
        "names": ["listener"],
        "others": 0,
        "text": "listener joined",
    }
    assert renamed == {
        "kind": "notice",
        "event": "renamed",
        "id": 3,
        "place": places[2],
        "room": "lobby",
        "name": "ann",
        "old": "listener",
        "text": "listener is now ann",
    }


def test_a_program_that_speaks_json_is_shown_nothing_again_when_it_comes_into_a_room(
    company: Company, listener: Peer
) -> None:
    company.start(membership.move, company.hub, listener.client, "builds").get(timeout=10)
    company.say(listener, "said before")
    peer = speaking_json(company)
    peer.send(b'{"command": "/join builds", "ref": 1}\n')
    kinds: list[str] = []
    while not kinds or kinds[-1] != "ok":
        kinds += [each["kind"] for each in read(peer, 1)]
    assert kinds == ["answer", "ok"]


def test_a_program_that_asks_in_json_and_does_not_read_is_not_listened_to(
    company: Company,
) -> None:
    peer = company.converse(b"/json on\n", send_buffer=2048)
    asking = company.start(peer.send, b'{"command": "/help", "ref": 1}\n' * 300)
    wait_until(lambda: peer.client.owed_bytes > OWED_LIMIT, "much is owed")
    most = 0

    def watch() -> bool:
        nonlocal most
        most = max(most, peer.client.owed_bytes)
        return asking.ready() and peer.client.owed_bytes == 0

    company.start(peer.read_to_end)
    wait_until(watch, "all is answered")
    assert most < 2 * OWED_LIMIT


def test_a_command_may_be_sent_as_it_is_typed(company: Company) -> None:
    peer = company.converse(b"/json\n/version\n/json off\n/version\n")
    kinds = [json.loads(line)["text"] for line in peer.read_lines(3)]
    assert kinds[0] == "JSON is on"
    assert kinds[2] == "JSON is off"
    assert peer.read_line().startswith(" * gchat ")


def test_what_others_do_to_a_program_is_no_answer_to_what_it_has_just_asked(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = Event()
    monkeypatch.setattr(admin, "MEASURED", 0.0)
    monkeypatch.setattr(admin, "_longest_lag", lambda hub: (0, str(answered.wait())))
    peer, op = speaking_json(company), listener.client
    peer.client.operator = op.operator = True
    peer.send(b'{"command": "/stats", "ref": "mine"}\n')
    wait_until(lambda: peer.client.marked, "it asks")
    TABLE["/mute"].carry_out(company.hub, op, "bot 10m spam")
    answered.set()
    info, answer, ok = read(peer, 3)
    assert (info["kind"], info["event"], info["by"]) == ("info", "muted", "listener")
    assert (answer["answer"], answer["ref"]) == ("stats", "mine")
    assert ok == {"kind": "ok", "ref": "mine"}


def test_what_is_sent_once_more_is_said_once_and_answered_alike(
    company: Company, listener: Peer
) -> None:
    peer = speaking_json(company)
    for kind in ("say", "action"):
        line = json.dumps({"text": f" a {kind} ", "kind": kind, "ref": kind}).encode() + b"\n"
        peer.send(line * 3)
        first, *more = read(peer, 3)
        assert first["kind"] == "ok"
        assert first["place"] == str(Place(first["id"], company.room.log.epoch))
        assert more == [first, first]
    peer.send(b'{"text": "another", "ref": "say"}\n')
    (other,) = read(peer, 1)
    assert other["id"] == company.room.log.end.id
    said = [message.text.strip() for message in company.room.log.after(0, 10)]
    assert said == ["a say", "a action", "another"]


def test_a_program_is_shown_nothing_before_its_next_request_if_that_comes_soon(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "QUIET_MOMENT", DEADLINE)
    program = speaking_json(company)
    company.say(listener, "meanwhile")
    program.send(b'{"command": "/join builds", "ref": 1}\n')
    assert [each["kind"] for each in read(program, 2)] == ["answer", "ok"]


def test_that_request_may_come_in_several_packets(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "QUIET_MOMENT", DEADLINE)
    program = speaking_json(company)
    counted = company.hub.stats.bytes_in
    program.send(b'{"command": "/join bui')
    wait_until(lambda: company.hub.stats.bytes_in > counted, "the beginning is read")
    company.say(listener, "meanwhile")
    program.send(b'lds", "ref": 1}\n')
    assert [each["kind"] for each in read(program, 2)] == ["answer", "ok"]


def test_a_program_that_asks_for_nothing_more_is_shown_all_that_was_said_meanwhile(
    company: Company, listener: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "QUIET_MOMENT", 0.05)
    program = speaking_json(company)
    company.say(listener, "meanwhile")
    assert read(program, 1)[0]["text"] == "meanwhile"
