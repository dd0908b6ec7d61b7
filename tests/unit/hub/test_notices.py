"""hub.notices: who came and left is told to the others, soon and together."""

import pytest

from gchat.hub import membership
from gchat.hub.naming import rename
from gchat.hub.welcome import welcome_to_room
from gchat.model import presence
from gchat.model.events import TopicSet
from tests.unit.hub.told import announce, log_of
from tests.unit.peers import Company, Peer, wait_until


def test_a_person_is_announced_to_the_others_and_not_to_itself(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    announce(ann, company=company)
    assert bob.read_lines(1) == [" * ann joined"]
    company.say(bob, "hello")
    assert ann.read_lines(1) == ["bob: hello"]


def test_a_program_is_never_announced(quiet: Company) -> None:
    program = quiet.join("program")
    quiet.say(program, "done")
    membership.part(quiet.hub, program.client, "end of input")
    assert log_of(quiet) == ["program: done"]


def test_the_first_is_told_at_once_and_the_rest_together_later(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 0.05)
    peers = [quiet.join(name) for name in ("ann", "bob", "cy", "di", "ed")]
    announce(*peers, company=quiet)
    assert log_of(quiet) == ["ann joined"]
    wait_until(lambda: len(log_of(quiet)) == 2, "the others are told")
    assert log_of(quiet)[1] == "bob, cy and 2 others joined"
    assert not quiet.room.teller


def test_when_the_loop_is_late_it_is_not_told_twice_in_a_second(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 60.0)
    peers = [quiet.join(name) for name in ("ann", "bob", "cy", "di")]
    announce(*peers[:2], company=quiet)
    monkeypatch.setattr(quiet.room.presence, "_next", 0.0)  # it is time, and bob's timer is late
    announce(*peers[2:], company=quiet)
    quiet.hub.presence_notices._tell_later(quiet.room)  # which comes only now
    assert log_of(quiet) == ["ann joined", "bob and cy joined"]
    assert quiet.room.teller


def test_a_leave_is_told_whatever_its_reason(quiet: Company) -> None:
    ann, bob = quiet.join("ann"), quiet.join("bob")
    announce(ann, company=quiet)
    quiet.room.presence._next = 0.0
    membership.part(quiet.hub, ann.client, "connection reset")
    assert log_of(quiet) == ["ann joined", "ann left"]
    assert bob.client.last_own == 0


def test_nobody_is_heard_before_they_have_come(quiet: Company) -> None:
    ann, bob = quiet.join("ann"), quiet.join("bob")
    announce(ann, bob, company=quiet)
    assert log_of(quiet) == ["ann joined"]
    quiet.say(bob, "hello")
    assert log_of(quiet) == ["ann joined", "bob joined", "bob: hello"]


def test_no_leaving_is_told_when_the_server_ends(quiet: Company) -> None:
    quiet.join("bob")
    ann = quiet.join("ann")
    announce(ann, company=quiet)
    quiet.room.presence._next = 0.0
    quiet.hub.shutdown.closing = True
    membership.part(quiet.hub, ann.client, "The server is going down")
    assert log_of(quiet) == ["ann joined"]


def test_who_comes_into_an_empty_room_is_announced_to_nobody(quiet: Company) -> None:
    announce(quiet.join("ann"), company=quiet)
    assert log_of(quiet) == []
    announce(quiet.join("bob"), company=quiet)
    assert log_of(quiet) == ["bob joined"]  # at once: nothing has been told just before


def test_who_comes_into_an_empty_room_is_not_told_who_left_it(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 1000.0)
    ann, bob = quiet.join("ann"), quiet.join("bob")
    announce(ann, company=quiet)
    for peer in (ann, bob):
        membership.part(quiet.hub, peer.client, "test")
    announce(quiet.join("cy"), company=quiet)
    quiet.hub.presence_notices.tell(quiet.room)
    assert log_of(quiet) == ["ann joined"]


def test_who_takes_the_name_of_one_who_has_left_takes_it_after_that_was_told(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 1000.0)
    ann, bob = quiet.join("ann"), quiet.join("bob")
    for peer in (ann, bob):
        membership.announce(quiet.hub, peer.client)
    quiet.hub.presence_notices.tell(quiet.room)
    membership.part(quiet.hub, ann.client, "test")
    rename(quiet.hub, bob.client, "ANN")
    assert log_of(quiet)[-2:] == ["ann left", "bob is now ANN"]


def test_what_is_told_about_somebody_comes_after_they_have_come(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 1000.0)
    ann, bob = quiet.join("ann"), quiet.join("bob")
    for peer in (ann, bob):
        membership.announce(quiet.hub, peer.client)
    quiet.hub.notify(quiet.room, TopicSet("tea"), bob.client.number, "bob")
    assert log_of(quiet)[-2:] == ["bob joined", "bob set the topic: tea"]


def test_among_many_who_come_the_ignored_have_lines_of_their_own(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 1000.0)
    ann, bob, cy = quiet.join("ann"), quiet.join("bob"), quiet.join("cy")
    quiet.hub.names.ignore(ann.client, "bob")
    for peer in (ann, bob, cy):
        membership.announce(quiet.hub, peer.client)
    quiet.hub.presence_notices.tell(quiet.room)
    assert log_of(quiet)[-2:] == ["cy joined", "bob joined"]


def test_a_class_that_comes_in_is_told_by_its_names_in_few_lines(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 0.05)
    teacher = quiet.join("teacher")
    announce(teacher, company=quiet)
    pupils = [quiet.join() for _ in range(30)]
    announce(*pupils, company=quiet)
    for number, pupil in enumerate(pupils):
        assert pupil.client.address not in _description_of(quiet, teacher)
        rename(quiet.hub, pupil.client, f"pupil{number}")
    wait_until(lambda: not quiet.room.teller, "all are told")
    told = log_of(quiet)
    assert told[0] == "pupil0 joined"
    assert len(told) < 10
    assert not any("now" in line or "127.0.0.1" in line for line in told)


def _description_of(company: Company, peer: Peer) -> str:
    welcome_to_room(company.hub, peer.client)
    return peer.client.owed[-1].data.decode()
