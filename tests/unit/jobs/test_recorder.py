"""jobs.recorder: nobody is shown what has no place yet, and everybody what has, in one order."""

import json
from collections.abc import Iterator
from functools import partial

import gevent
import pytest

from gchat.hub import membership
from gchat.jobs import recorder
from gchat.jobs.recorder import Recorder
from gchat.model.display import PROGRAM
from gchat.model.epochs import Place
from gchat.protocol.voices import accepted, voice_of
from tests.unit.peers import Company, Peer, wait_until
from tests.unit.stores import STORES, Away, ForeignLines


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "RETRY", 0.01)


@pytest.fixture(params=[name for name in STORES if name != "memory"])
def company(request: pytest.FixtureRequest) -> Iterator[Company]:
    with Company(store=STORES[request.param]()) as company:
        company.start(Recorder(company.hub).run)
        yield company


@pytest.fixture
def away() -> Iterator[Company]:
    """A company whose store is away."""
    with Company(store=Away()) as company:
        company.start(Recorder(company.hub).run)
        yield company


def store_of(company: Company) -> Away:
    store = company.hub.store
    assert isinstance(store, Away)
    return store


def come_back(company: Company) -> None:
    store_of(company).is_away = False
    wait_until(lambda: not company.hub.pending_writes.rooms, "all has its place")


def heard(peer: Peer, count: int) -> list[str]:
    """The next so many lines that somebody has said."""
    lines: list[str] = []
    while len(lines) < count:
        line = peer.read_lines(1)[0]
        lines += [] if line.startswith(" * ") else [line]
    return lines


def test_everybody_sees_the_same_order_and_nobody_their_own(company: Company) -> None:
    ann, bob, cleo = (company.join(name) for name in ("ann", "bob", "cleo"))
    for number in range(20):
        company.say(ann, f"a{number}", f"and {number}")
        company.say(bob, f"b{number}")
        if number % 3 == 0:
            gevent.sleep(0)
    both = heard(cleo, 60)
    assert heard(ann, 20) == [line for line in both if line.startswith("bob")]
    assert heard(bob, 40) == [line for line in both if line.startswith("ann")]
    assert [line for line in both if line.startswith("bob")] == [f"bob: b{n}" for n in range(20)]
    assert company.room.log.end.spoken == 60
    assert all(peer.client.own_ahead == 0 for peer in (ann, bob, cleo))


def test_lines_of_other_servers_come_first_and_cost_nobody_a_message() -> None:
    with Company(store=ForeignLines()) as company:
        company.start(Recorder(company.hub).run)
        ann, bob = company.join("ann"), company.join("bob")
        company.say(ann, "one")
        assert bob.read_lines(3) == [" * zed joined", " * zed left", "ann: one"]
        assert ann.read_lines(2) == [" * zed joined", " * zed left"]
        company.say(bob, "two")
        assert ann.read_lines(3)[-1] == "bob: two"


def test_one_who_speaks_leaves_and_comes_back_is_not_shown_their_own_line(away: Company) -> None:
    ann, bob = away.join("ann"), away.join("bob")
    away.say(ann, "mine")
    store_of(away).tried.wait()
    for room in ("builds", "lobby"):
        move = away.start(membership.move, away.hub, ann.client, room)
        wait_until(lambda: move.ready(), "she is there")  # noqa: B023 - it is done by then
    come_back(away)
    assert bob.read_line() == "ann: mine\n"
    away.say(bob, "his")
    assert ann.read_line() == "bob: his\n"
    assert ann.client.own_ahead == 0


def test_one_who_has_gone_to_another_room_is_shown_all_that_is_said_there(away: Company) -> None:
    ann, bob = away.join("ann"), away.join("bob")
    away.say(ann, "mine")
    for peer in (ann, bob):
        move = away.start(membership.move, away.hub, peer.client, "builds")
        wait_until(lambda: move.ready(), "they are there")  # noqa: B023 - it is done by then
    away.say(bob, "there")
    come_back(away)
    assert ann.read_line() == "bob: there\n"
    assert ann.client.lag == bob.client.lag == 0


def test_nobody_is_shown_what_has_no_place_and_answers_come_nevertheless(away: Company) -> None:
    ann, bob = away.join("ann"), away.join("bob")
    away.say(ann, "one")
    store_of(away).tried.wait()
    away.hub.tell(bob.client, "an answer")
    assert bob.read_line() == " * an answer\n"
    assert away.room.log.end.id == 0
    away.say(ann, "two")
    come_back(away)
    assert bob.read_lines(2) == ["ann: one", "ann: two"]


def test_a_room_in_which_something_waits_is_not_closed(away: Company) -> None:
    ann = away.join("ann")
    for room in ("builds", "lobby"):
        if room == "lobby":
            away.say(ann, "one")
        move = away.start(membership.move, away.hub, ann.client, room)
        wait_until(lambda: move.ready(), "she is there")  # noqa: B023 - it is done by then
    builds = away.hub.rooms.by_name["builds"]
    builds.empty_since = -1e9
    away.hub.rooms.close_empty([ann.client])
    assert away.hub.rooms.by_name["builds"] is builds
    come_back(away)
    away.hub.rooms.close_empty([ann.client])
    assert "builds" not in away.hub.rooms.by_name


def test_a_mistake_about_one_line_costs_no_other_one_its_place(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    with monkeypatch.context() as patch:
        patch.setattr(type(ann.client), "has_said", lambda *_: 1 / 0)
        company.say(ann, "one")
        company.say(ann, "two")
        assert heard(bob, 2) == ["ann: one", "ann: two"]
    assert company.hub.faults.total == 2
    company.say(ann, "three")
    assert heard(bob, 1) == ["ann: three"]
    assert [m.id for m in company.room.log.after(0, 99)] == [*range(1, company.room.log.end.id + 1)]


def test_two_who_open_a_room_at_once_are_in_the_same(company: Company) -> None:
    peers = [company.join(), company.join()]
    moves = [company.start(membership.move, company.hub, peer.client, "builds") for peer in peers]
    gevent.joinall(moves, raise_error=True, timeout=10)
    assert moves[0].value is moves[1].value


# What a program or a person may do meanwhile


def accepted_line(ref: int, place: Place) -> str:
    return accepted(PROGRAM, ref, place, "lobby").decode().rstrip()


def json_program(company: Company) -> Peer:
    peer = company.converse(b"/json on\n")
    peer.read_line()
    wait_until(lambda: peer.client.until is None, "it listens")
    return peer


def test_ok_comes_when_a_line_has_its_place_and_the_program_goes_on_before(away: Company) -> None:
    program = json_program(away)
    program.send(b"".join(b'{"text": "line %d", "ref": %d}\n' % (n, n) for n in range(5)))
    program.send(b'{"command": "/version", "ref": "version"}\n{"command": "/nick ci", "ref": 9}\n')
    lines = program.read_until('"ok", "ref": 9')
    assert any('"ref": "version"' in line for line in lines)
    assert not any('"ref": 0' in line for line in lines)
    come_back(away)
    answers = [program.read_until('"ok"')[-1] for _ in range(5)]
    places = [Place(number, away.room.log.epoch) for number in range(1, 6)]
    assert answers == [accepted_line(ref, place) for ref, place in enumerate(places)]


def test_an_action_and_a_topic_have_their_ids_in_the_ok(company: Company) -> None:
    program, bob = json_program(company), company.join("bob")
    program.send(b'{"text": "waves", "kind": "action", "ref": 1}\n')
    (answer,) = program.read_until('"ref": 1')[-1:]
    bob.read_until("waves")
    last = company.room.log.end.id
    assert answer == accepted_line(1, Place(last, company.room.log.epoch))


def test_who_ends_their_input_is_still_told_that_it_is_said(away: Company) -> None:
    program = json_program(away)
    program.send(b'{"text": "the last", "ref": 1}\n')
    program.end_input()
    store_of(away).tried.wait()
    wait_until(lambda: program.client.pending, "it waits")
    come_back(away)
    assert program.read_to_end().endswith(
        accepted(PROGRAM, 1, Place(1, away.room.log.epoch), "lobby")
    )


@pytest.mark.parametrize("command", ["/version", "/who", "/uptime", "/nick zoe", "/why", "/topic"])
def test_a_command_that_reads_nothing_does_not_wait(away: Company, command: str) -> None:
    peer = away.converse()
    peer.read_until("/help lists the commands")
    peer.send(b"said before\n")
    store_of(away).tried.wait()
    peer.send(f"{command}\n".encode())
    assert peer.read_line().startswith(" * ")
    assert store_of(away).is_away


def test_quit_does_not_wait(away: Company) -> None:
    peer = away.converse()
    peer.read_until("/help lists the commands")
    peer.send(b"said before\n/quit\n")
    peer.end_input()
    assert peer.read_to_end().endswith(b" * Goodbye\n")
    assert store_of(away).is_away


def test_who_asks_what_was_said_waits_for_their_own_line(company: Company) -> None:
    peer = company.converse()
    peer.read_until("/help lists the commands")
    peer.send(b"last\n/history 1\n")
    assert peer.read_until("] ")[-1].endswith(": last")


def test_who_asks_what_was_said_does_not_wait_for_ever(away: Company) -> None:
    peer = away.converse()
    peer.read_until("/help lists the commands")
    peer.send(b"last\n/history 1\n/forget yes\n")
    assert "No messages in #lobby yet" in peer.read_line()
    assert "not stored yet; nothing was deleted" in peer.read_line()


def test_ann_hears_the_answers_that_bob_is_owed_in_no_other_order(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one")
    heard(bob, 1)
    company.hub.enqueue(bob.client, voice_of(bob.client.display).notices(["owed"]))
    company.say(ann, "two")
    lines = bob.read_until("ann: two")
    assert " * owed" in lines


def test_what_a_program_is_sent_and_answered_comes_in_the_order_of_the_places(
    away: Company,
) -> None:
    program, bob = json_program(away), away.join("bob")
    for number in range(3):
        program.send(b'{"text": "mine", "ref": %d}\n' % number)
        wait_until(partial(are_pending, away, 3 * number + 1), "it waits")
        away.say(bob, "his", "and more")
        wait_until(partial(are_pending, away, 3 * number + 3), "that waits too")
    come_back(away)
    lines = list[str]()
    while len(lines) < 9:
        lines += [line for line in program.read_lines(1) if '"id"' in line]
    assert [json.loads(line)["id"] for line in lines] == list(range(1, 10))


def are_pending(company: Company, count: int) -> bool:
    """Whether so many lines have no place yet."""
    return sum(len(each.utterance.texts) for each in company.room.pending) == count
