"""hub.hub: the shared dict of clients, names, and the notices of who came and left."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gchat.hub import hub, membership
from gchat.hub.client import Client
from gchat.hub.names import NameTaken
from gchat.hub.naming import rename
from gchat.hub.welcome import welcome_to_room
from gchat.model import presence
from gchat.model.events import Announced, TopicSet
from gchat.protocol.sentences import sentence
from gchat.text.naming import MAX_NAME, NotAName, as_name
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture
def quiet() -> Iterator[Company]:
    """A hub without a broadcaster: its log tells what it would send."""
    with Company(broadcasting=False) as company:
        yield company


def log_of(company: Company) -> list[str]:
    log = company.room.log
    return [
        f"{each.name}: {each.text}" if each.is_spoken else sentence(each)
        for each in log.after(log.start.id, 1000)
    ]


def announce(*peers: Peer, company: Company) -> None:
    for peer in peers:
        membership.announce(company.hub, peer.client)


def test_who_enters_is_in_the_dict_and_in_the_lobby_until_it_is_removed(quiet: Company) -> None:
    client = quiet.join().client
    hub = quiet.hub
    assert hub.clients == quiet.room.clients == {client.number: client}
    membership.part(hub, client, "test")
    assert quiet.room.clients == {}
    assert hub.clients == {client.number: client}  # it may still be owed something
    membership.remove(hub, client)
    assert hub.clients == {}
    assert quiet.room.visits == {}
    assert not quiet.room.listeners


def test_joining_and_leaving_are_logged_with_the_reason_but_talk_is_not(
    quiet: Company, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    peer = quiet.join("ann")
    quiet.say(peer, "a secret")
    membership.part(quiet.hub, peer.client, "connection reset")
    address = peer.client.address
    # As they were when they were logged: a client may have another name by now.
    assert [record.message for record in caplog.records] == [
        f"join {address}",
        f"{address} is now ann",
        f"leave ann ({address}): connection reset",
    ]


def test_what_is_said_is_in_the_log_under_the_name_of_that_moment(quiet: Company) -> None:
    peer = quiet.join()
    quiet.say(peer, "one", "two")
    rename(quiet.hub, peer.client, "ann")
    quiet.say(peer, "three")
    address = peer.client.address
    assert log_of(quiet) == [f"{address}: one", f"{address}: two", "ann: three"]
    assert peer.client.own_ahead == 3
    assert peer.client.last_own == quiet.room.log.end.id
    assert quiet.room.queue.unsent == len(f"{address}one{address}twoannthree")


def test_what_is_said_before_a_client_listens_is_kept_for_it(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]


def test_a_lost_client_is_owed_nothing_more(quiet: Company) -> None:
    client = quiet.join().client
    membership.lose(quiet.hub, client, "test")
    quiet.hub.tell(client, "anything")
    assert client.owed_bytes == 0
    assert client.number not in quiet.room.listeners


def test_waiting_until_empty_ends_with_the_last_client(quiet: Company) -> None:
    assert membership.wait_until_empty(quiet.hub, 0)
    peers = [quiet.join(), quiet.join()]
    assert not membership.wait_until_empty(quiet.hub, 0.001)
    waiting = quiet.start(membership.wait_until_empty, quiet.hub, 10)
    for peer in peers:
        membership.part(quiet.hub, peer.client, "test")
        membership.remove(quiet.hub, peer.client)
    assert waiting.get(timeout=10)


# All of them


def test_each_client_is_there_once_and_others_have_their_turn_in_between(
    quiet: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "AT_ONCE", 4)
    clients = [quiet.join().client for _ in range(10)]
    turns: list[int] = []
    seen: list[Client] = []
    monkeypatch.setattr(hub, "give_way", lambda: turns.append(len(seen)))
    for client in quiet.hub.each_client():
        assert not quiet.hub.lock.locked()
        seen.append(client)
    assert seen == clients
    assert turns == [4, 8]


def test_who_comes_or_goes_while_all_are_looked_at_is_no_error(quiet: Company) -> None:
    first, second = quiet.join(), quiet.join()
    seen: list[Client] = []
    for client in quiet.hub.each_client():
        seen.append(client)
        if client is first.client:
            quiet.join()
            membership.part(quiet.hub, second.client, "test")
            membership.remove(quiet.hub, second.client)
    assert seen == [first.client]


def test_a_notice_to_all_is_seen_in_every_room_by_everybody(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.start(membership.move, company.hub, bob.client, "builds").get(timeout=10)
    company.hub.notify_all(Announced("op", "look here"))
    for peer in (ann, bob):
        assert peer.read_lines(1) == [" * op announces: look here"]


@pytest.mark.parametrize(
    ("why", "goodbye"),
    [("", "The server is going down"), ("at noon", "The server is going down: at noon")],
)
def test_the_end_of_the_server_is_asked_for_with_the_reason(
    why: str, goodbye: str, quiet: Company
) -> None:
    assert not quiet.hub.shutdown.asked.is_set()
    quiet.hub.shutdown.ask(why)
    assert quiet.hub.shutdown.asked.is_set()
    assert quiet.hub.shutdown.goodbye == goodbye
    assert not quiet.hub.shutdown.closing  # that is for who ends it


def test_a_countdown_tells_everybody_and_ends_the_server(quiet: Company) -> None:
    quiet.hub.shutdown.start(0, "ann", "a new version")
    wait_until(quiet.hub.shutdown.asked.is_set, "it is asked for")
    assert log_of(quiet) == ["ann shuts the server down now: a new version"]
    assert quiet.hub.shutdown.goodbye == "The server is going down: a new version"


# Who came and left


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


# Names


def test_a_new_name_is_told_to_the_others_only(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "NAME_PATIENCE", 0.0)
    ann, bob = company.join(), company.join("bob")
    announce(ann, company=company)
    before = ann.client.address
    assert bob.read_lines(1) == [f" * {before} joined"]
    rename(company.hub, ann.client, "ann")
    assert bob.read_lines(1) == [f" * {before} is now ann"]
    company.say(bob, "hello")
    assert ann.read_lines(1) == ["bob: hello"]


def test_the_same_name_again_is_no_news(quiet: Company) -> None:
    quiet.join("bob")
    ann = quiet.join("ann")
    announce(ann, company=quiet)
    rename(quiet.hub, ann.client, "ann")
    assert log_of(quiet) == ["ann joined"]


def test_a_taken_name_is_refused_in_any_case_with_a_free_one(quiet: Company) -> None:
    quiet.join("Ann")
    quiet.join("ann2")
    bob = quiet.join("bob")
    with pytest.raises(NameTaken) as taken:
        rename(quiet.hub, bob.client, "aNN")
    assert taken.value.free == "aNN3"
    assert bob.client.name == "bob"
    rename(quiet.hub, bob.client, taken.value.free)


def test_ones_own_name_can_be_written_in_another_case(quiet: Company) -> None:
    ann = quiet.join("ann")
    rename(quiet.hub, ann.client, "ANN")
    assert ann.client.name == "ANN"
    assert quiet.hub.names.holder("ann") is ann.client


def test_a_name_is_free_again_when_its_owner_takes_another_or_leaves(quiet: Company) -> None:
    ann, bob = quiet.join("ann"), quiet.join("bob")
    rename(quiet.hub, ann.client, "anna")
    rename(quiet.hub, bob.client, "ann")
    membership.part(quiet.hub, bob.client, "test")
    rename(quiet.hub, ann.client, "ann")
    membership.part(quiet.hub, ann.client, "test")
    assert quiet.hub.names.holder("ann") is None


@settings(deadline=None, max_examples=100)
@given(st.text("a1.-é\u0301", min_size=1, max_size=MAX_NAME))
@example("1.222222222222222222222a")
def test_a_free_name_that_is_offered_is_a_name_and_free(text: str) -> None:
    try:
        name = as_name(text)
    except NotAName:
        assume(False)
    with Company(broadcasting=False) as company:
        company.join(name)
        other = company.join()
        with pytest.raises(NameTaken) as taken:
            rename(company.hub, other.client, name)
        assert as_name(taken.value.free) == taken.value.free
        rename(company.hub, other.client, taken.value.free)


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
