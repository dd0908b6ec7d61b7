"""hub.hub: the shared dict of clients, what they say, and what is done to all of them."""

import logging

import pytest

from gchat.hub import hub, membership
from gchat.hub.client import Client
from gchat.hub.naming import rename
from gchat.model.events import Announced
from tests.unit.hub.told import log_of
from tests.unit.peers import Company, wait_until


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
