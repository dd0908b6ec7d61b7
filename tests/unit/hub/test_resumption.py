"""hub.resumption: with a token a client goes on as the one that it was."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from gevent.event import Event

from gchat.commands.table import Refused
from gchat.commands.talk import PRIVATE_LIMIT
from gchat.doors import opening
from gchat.hub import membership, resumption
from gchat.hub.resumption import (
    DISPLACEMENTS,
    BeingResumed,
    DisplacedTooOften,
    NotReading,
    leave,
    resume,
)
from gchat.jobs.checkpointer import Checkpointer
from gchat.jobs.recorder import Recorder
from gchat.model import presence
from gchat.model.display import PLAIN
from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.model.sanctions import Sanction
from gchat.store.errors import StoreError
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import person, refusal, shown, told
from tests.unit.peers import DEADLINE, Company, Peer, wait_until


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comings and goings are told at once, and who is silent is so from the start."""
    monkeypatch.setattr(presence, "INTERVAL", 0.0)
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.0)


class Server:
    """One with a history file, that can be started again."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.company: Company
        self.checkpointer: Checkpointer

    def start(self) -> Company:
        self.company = Company(store=SqliteStore(self._path))
        self.company.start(Recorder(self.company.hub).run)
        self.checkpointer = Checkpointer(self.company.hub)
        return self.company

    def stop(self) -> None:
        self.checkpointer.write()
        self.company.__exit__(None, None, None)
        self.company.hub.store.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(str(tmp_path / "chat.db"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def company(server: Server) -> Company:
    return server.company


@pytest.fixture
def bob(company: Company) -> Peer:
    return person(company, "bob")


@pytest.fixture
def ann(company: Company) -> Peer:
    return named(company, "ann")


def somebody(company: Company) -> Peer:
    """A person with a session."""
    peer = company.converse()
    wait_until(lambda: peer.client.until is None, "it is listened to")
    peer.read_until("/help lists the commands")
    return peer


def named(company: Company, name: str) -> Peer:
    """The same, with a name and a token."""
    peer = somebody(company)
    peer.send(f"/nick {name}\n".encode())
    peer.read_until("/token shows how")
    return peer


def gone(company: Company, peer: Peer) -> Identity:
    """End the connection of `peer`."""
    identity = company.hub.identities.of(peer.client.number)
    assert identity
    peer.close()
    wait_until(lambda: identity.number not in company.hub.clients, "it is gone")
    company.hub.pending_writes.wait_for_all(DEADLINE)  # so that who comes now is not told of that
    return identity


def back(company: Company, token: str) -> Peer:
    """Somebody who shows `token`."""
    peer = somebody(company)
    peer.send(f"/resume {token}\n".encode())
    peer.read_until("Welcome back")
    return peer


def at_once(company: Company, token: str, monkeypatch: pytest.MonkeyPatch) -> Peer:
    """The same, whose first line that is."""
    monkeypatch.setattr(opening, "QUIET_MOMENT", DEADLINE)
    peer = company.converse(f"/resume {token}\n".encode())
    assert peer.read_line() == " * Welcome back! You are ann in #lobby, with bob\n"
    return peer


def all_shown(company: Company, peer: Peer) -> list[str]:
    """All lines that `peer` has been sent, when all is done that was begun."""
    hub = company.hub
    wait_until(lambda: not (hub.resumed or hub.pending_writes.rooms), "all is done")
    return shown(company, peer)


def lines(company: Company, peer: Peer) -> list[str]:
    """The same, without what it was told that it has missed."""
    return [line for line in all_shown(company, peer) if "You missed" not in line]


# After it has left


def test_what_was_missed_comes_once_and_what_comes_then_too(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "heard")
    assert ann.read_line() == "bob: heard\n"
    identity = gone(company, ann)
    company.say(bob, "missed", "this too")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    again = back(company, ann.client.token)
    assert all_shown(company, again) == [
        " * You missed 2 messages:",
        "bob: missed",
        "bob: this too",
    ]
    company.say(bob, "and this")
    assert lines(company, again) == ["bob: and this"]
    assert again.client.number == identity.number
    assert again.client.lag == 0


def test_who_has_missed_nothing_is_told_so(company: Company, ann: Peer) -> None:
    gone(company, ann)
    again = back(company, ann.client.token)
    assert all_shown(company, again) == [" * You missed no messages"]


def test_its_own_messages_are_its_own(company: Company, ann: Peer, bob: Peer) -> None:
    ann.send(b"mine\n")
    assert lines(company, bob)[-1] == "ann: mine"
    gone(company, ann)
    again = back(company, ann.client.token)
    assert lines(company, again) == []
    again.send(b"still mine\n")
    wait_until(lambda: "ann: still mine" in lines(company, bob), "it is heard")
    assert lines(company, again) == []
    assert again.client.lag == 0


def test_what_it_said_before_it_showed_its_token_is_its_own_as_well(
    company: Company, ann: Peer, bob: Peer
) -> None:
    gone(company, ann)
    company.say(bob, "missed")
    again = somebody(company)
    again.send(f"is anybody here?\n/resume {ann.client.token}\n".encode())
    again.read_until("Welcome back")
    assert all_shown(company, again) == [" * You missed 1 message:", "bob: missed"]
    assert again.client.lag == again.client.own_ahead == 0


def test_everything_else_comes_back_too(company: Company, ann: Peer, bob: Peer) -> None:
    cy = person(company, "cy")
    for line in (b"/join builds\n", b"/ignore cy\n", b"/time UTC\n", b"/bell on\n"):
        ann.send(line)
    ann.read_until("The bell is on")
    ann.client.muted = Sanction("op")
    told(company, bob, "/msg ann psst")
    ann.read_until("psst")
    gone(company, ann)
    again = back(company, ann.client.token)
    client = again.client
    assert client.name == "ann"
    assert client.log.room == "builds"
    assert client.number in company.hub.rooms.by_name["builds"].clients
    assert client.number not in company.room.clients
    assert list(client.ignores.names) == ["cy"]
    assert client.ignores.hides(cy.client.number, "cy")
    assert client.display == ann.client.display
    assert client.display.time
    assert client.number in company.hub.bells._on
    assert client.muted == Sanction("op")
    assert client.correspondent == bob.client.number
    client.muted = None
    again.send(b"/reply hello\n")
    bob.read_until("ann -> bob: hello")


def test_a_mute_of_the_connection_cannot_be_shaken_off_with_a_token(
    company: Company, ann: Peer
) -> None:
    gone(company, ann)
    again = somebody(company)
    again.client.muted = Sanction("op")
    again.send(f"/resume {ann.client.token}\n".encode())
    again.read_until("You missed")
    assert again.client.muted == Sanction("op")


def test_what_belongs_to_the_connection_stays(company: Company, ann: Peer) -> None:
    gone(company, ann)
    again = somebody(company)
    again.client.display = again.client.display._replace(end="\r\n")
    again.send(f"/resume {ann.client.token}\r\n".encode())
    assert again.read_until("You missed")[-1].endswith("no messages")
    assert again.client.display == PLAIN._replace(end="\r\n")


def test_others_learn_that_it_is_back_and_who_it_is(company: Company, ann: Peer, bob: Peer) -> None:
    gone(company, ann)
    assert lines(company, bob)[-1] == " * ann left"
    again = somebody(company)
    address = again.client.address
    assert lines(company, bob) == [f" * {address} joined"]
    again.send(f"/resume {ann.client.token}\n".encode())
    again.read_until("Welcome back")
    assert lines(company, bob) == [f" * {address} is now ann"]


def test_who_comes_back_in_another_room_leaves_this_one(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/join builds\n")
    ann.read_until("You are in #builds")
    gone(company, ann)
    cy = person(company, "cy")
    membership.move(company.hub, cy.client, "builds")
    lines(company, bob)
    again = back(company, ann.client.token)
    address = f"127.0.0.1:{40000 + len(company.peers)}"
    assert lines(company, bob) == [f" * {address} joined", f" * {address} left"]
    assert lines(company, cy) == [" * ann joined"]
    assert again.client.number in company.hub.rooms.by_name["builds"].clients


def test_those_who_ignored_it_still_do(company: Company, ann: Peer, bob: Peer) -> None:
    told(company, bob, "/ignore ann")
    ann.send(b"/nick anna\n")
    ann.read_until("You are now anna")
    gone(company, ann)
    lines(company, bob)
    again = back(company, ann.client.token)
    cy = person(company, "cy")
    again.send(b"hello\n")
    cy.read_until("anna: hello")
    assert not [line for line in lines(company, bob) if "anna" in line]
    assert again.client.number in company.hub.names.ignored


def test_nobody_else_can_take_its_name(company: Company, ann: Peer, bob: Peer) -> None:
    gone(company, ann)
    other = somebody(company)
    other.send(b"/nick ANN\n")
    assert other.read_until("ANN2")[-1] == (
        " * The name ANN is reserved for a user who has left: if that is you, type /resume TOKEN; "
        "ANN2 is free"
    )
    other.send(b"/nick ann2\n")
    other.read_until("You are now ann2")


def test_who_had_a_name_meanwhile_gives_it_up(company: Company, ann: Peer) -> None:
    gone(company, ann)
    other = named(company, "ann2")
    token, number = other.client.token, other.client.number
    other.send(f"/resume {ann.client.token}\n".encode())
    other.read_until("Welcome back! You are ann")
    assert company.hub.identities.shown(token) is None
    assert company.hub.identities.of(number) is None
    assert number not in company.hub.clients
    assert company.hub.names.free("ann2") == "ann2"
    other.send(b"/token\n")
    assert other.read_until("/resume")[-1].endswith(ann.client.token)


# On the first line


def test_on_the_first_line_there_is_no_other_welcome(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(company, ann)
    company.say(bob, "missed")
    lines(company, bob)
    again = at_once(company, ann.client.token, monkeypatch)
    assert all_shown(company, again) == [" * You missed 1 message:", "bob: missed"]
    assert again.client.person
    assert lines(company, bob) == [" * ann joined"]


# While the other connection hangs


def test_the_other_connection_is_ended_and_nobody_is_told(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines(company, bob)
    again = at_once(company, ann.client.token, monkeypatch)
    assert ann.read_to_end() == (b" * Disconnected: your token was used on another connection\n")
    wait_until(lambda: len(company.hub.clients) == 2, "only two are left")
    assert lines(company, bob) == []
    company.say(bob, "hello")
    assert lines(company, again) == ["bob: hello"]
    again.send(b"hello yourself\n")
    wait_until(lambda: "ann: hello yourself" in all_shown(company, bob), "it is heard")
    assert company.room.clients.keys() == {bob.client.number, again.client.number}


def test_what_it_was_sent_and_has_not_taken_is_sent_again(
    company: Company, ann: Peer, bob: Peer
) -> None:
    told(company, bob, "/msg ann heard")
    ann.read_until("heard")
    texts = [f"{number} {'x' * 1000}" for number in range(1000)]
    company.say(bob, *texts)
    wait_until(lambda: ann.client.connection.blocked, "its connection takes no more")
    told(company, bob, "/msg ann psst")
    taken = ann.read_lines(10)
    again = back(company, ann.client.token)
    assert ann.client.cursor.id < company.room.log.end.id  # it gets no more, should it be able to
    assert ann.client.until == ann.client.cursor
    missed = [line for line in again.read_until(texts[-1]) if ": " in line]
    assert missed.pop(0).endswith("bob -> ann: psst")
    lines = [f"bob: {text}" for text in texts]
    assert taken == lines[:10]
    # A unix socket counts more for a packet than is in it: some come twice, but all do.
    assert missed == lines[-len(missed) :]
    assert 1000 > len(missed) > 900


def test_only_one_may_go_on_with_a_token_at_a_time(company: Company, ann: Peer) -> None:
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    company.hub.resumed[identity.number] = Event()
    other = company.join()
    with pytest.raises(BeingResumed):
        resume(company.hub, other.client, identity, ann.client.token)
    assert other.client.until is None


def test_one_that_does_not_read_keeps_nobody_from_its_token(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "READING_PATIENCE", 0.0)
    identity = company.hub.identities.of(ann.client.number)
    assert identity
    stalled = company.program(2048)
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(1000)))
    wait_until(lambda: stalled.client.connection.blocked, "its connection takes no more")
    with pytest.raises(NotReading):
        resume(company.hub, stalled.client, identity, ann.client.token)
    assert not company.hub.resumed
    assert company.hub.clients[identity.number] is ann.client
    assert stalled.client.until is None
    assert back(company, ann.client.token).client.number == identity.number


def test_two_connections_with_one_token_do_not_end_each_other_for_ever(
    company: Company, ann: Peer
) -> None:
    token, number = ann.client.token, ann.client.number
    for _ in range(int(DISPLACEMENTS.burst)):
        assert back(company, token).client.number == number
        wait_until(lambda: not company.hub.resumed, "it is resumed")
    holder = company.hub.clients[number]
    identity, other = company.hub.identities.of(number), company.join()
    assert identity
    with pytest.raises(DisplacedTooOften) as refused:
        resume(company.hub, other.client, identity, token)
    assert 0 < refused.value.wait <= 1 / DISPLACEMENTS.rate
    assert company.hub.clients[number] is holder
    holder.dismiss("test")
    wait_until(lambda: number not in company.hub.clients, "it has left")
    assert back(company, token).client.number == number


# After a restart


def test_it_all_holds_over_a_restart(server: Server) -> None:
    company = server.company
    ann, bob = named(company, "ann"), person(company, "bob")
    for line in (b"/time UTC\n", b"/ignore cy\n"):
        ann.send(line)
    ann.read_until("You now ignore cy")
    ann.send(b"mine\n")
    bob.read_until("ann: mine")
    gone(company, ann)
    company.say(bob, "missed")
    told(company, bob, "/msg ann psst")
    server.stop()

    company = server.start()
    bob = person(company, "bob")
    company.say(bob, "missed, too")
    company.hub.pending_writes.wait_for_all(DEADLINE)
    told(company, bob, "/msg ann psst again")
    again = back(company, ann.client.token)
    found = all_shown(company, again)
    assert found[0] == " * You missed 2 messages:"
    assert [line.partition("] ")[2] for line in found[1:]] == [
        "bob -> ann: psst",
        "bob -> ann: psst again",
        "bob: missed",
        "bob: missed, too",
    ]
    assert list(again.client.ignores.names) == ["cy"]


def test_who_goes_while_private_messages_are_read_finds_them_after_a_restart(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = server.company
    ann, bob = named(company, "ann"), person(company, "bob")
    gone(company, ann)
    told(company, bob, "/msg ann psst")
    begun, end = Event(), Event()
    take = company.hub.directory.take_privates

    def take_slowly(number: int) -> list[Private]:
        begun.set()
        end.wait(DEADLINE)
        return take(number)

    monkeypatch.setattr(company.hub.directory, "take_privates", take_slowly)
    again = somebody(company)
    again.send(f"/resume {ann.client.token}\n".encode())
    assert begun.wait(DEADLINE)
    again.client.expel("kicked")
    wait_until(lambda: again.client.number not in company.hub.clients, "it is gone")
    end.set()
    wait_until(lambda: company.hub.identities.undelivered, "they have been read")
    server.stop()

    company = server.start()
    again = back(company, ann.client.token)
    again.read_until("bob -> ann: psst")


def test_what_nobody_came_back_for_is_forgotten(server: Server) -> None:
    company = server.company
    ann = named(company, "ann")
    identity = gone(company, ann)
    bob = person(company, "bob")
    told(company, bob, "/msg ann psst")
    company.hub.identities.expire(time.time() + 10, 5.0, company.hub.clients)
    server.stop()
    company = server.start()
    assert company.hub.identities.shown(ann.client.token) is None
    assert company.hub.directory.take_privates(identity.number) == []


def test_without_a_time_to_reserve_nothing_is_kept(company: Company, ann: Peer) -> None:
    company.hub.settings.reserve = 0
    gone(company, ann)
    assert company.hub.identities.shown(ann.client.token) is None
    assert company.hub.names.free("ann") == "ann"


# Private messages


def test_private_messages_that_were_not_read_are_kept(
    server: Server, company: Company, bob: Peer
) -> None:
    ann = named(company, "ann")
    company.say(bob, *("x" * 1000 for _ in range(1000)))
    wait_until(lambda: ann.client.connection.blocked, "its connection takes no more")
    told(company, bob, "/msg ann psst")
    gone(company, ann)
    server.checkpointer.write()
    assert not company.hub.identities.undelivered
    again = back(company, ann.client.token)
    assert [line for line in again.read_until("psst") if "psst" in line]


def test_private_messages_come_in_their_order_whether_they_were_on_their_way_or_stored(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, *("x" * 1000 for _ in range(1000)))
    wait_until(lambda: ann.client.connection.blocked, "its connection takes no more")
    told(company, bob, "/msg ann one")
    gone(company, ann)
    told(company, bob, "/msg ann two")
    again = back(company, ann.client.token)
    private = [line[-3:] for line in again.read_until("two") if "->" in line]
    assert private == ["one", "two"]


def test_of_more_private_messages_than_are_kept_none_is_lost_in_silence(
    company: Company, ann: Peer, bob: Peer
) -> None:
    company.say(bob, "read")
    ann.read_until("bob: read")
    accepted, why = [], ""
    for number in range(900):
        try:
            told(company, bob, f"/msg ann psst {number}")
            accepted.append(number)
        except Refused as refused:
            why = str(refused)
            break
        wait_until(lambda: not company.hub.ready_rooms, "it is sent, as far as that is possible")
    assert "has not read earlier messages" in why
    assert 50 < len(accepted) < 800
    assert not ann.client.owed  # all of it is on its way
    # Her connection hangs. (If it ended, a unix socket would say that all has arrived.)
    again = back(company, ann.client.token)
    private = [line for line in lines(company, again) if "psst" in line]
    assert [int(line.rsplit(" ", 1)[1]) for line in private] == accepted


def test_who_ignores_somebody_is_kept_nothing_of_theirs(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/ignore bob\n")
    ann.read_until("You now ignore bob")
    gone(company, ann)
    assert refusal(company, bob, "/msg ann psst") == "ann ignores you; not sent"
    told(company, person(company, "cy"), "/msg ann hello")
    again = back(company, ann.client.token)
    (private,) = (line for line in lines(company, again) if "->" in line)
    assert private.endswith("cy -> ann: hello")


def test_what_is_kept_for_one_who_is_not_here_is_bounded(
    company: Company, ann: Peer, bob: Peer
) -> None:
    gone(company, ann)
    kept = PRIVATE_LIMIT // 4068 + 1
    for number in range(kept):
        told(company, bob, f"/msg ann {number:3} {'x' * 4000}")
    why = "ann is not here and has too many unread messages; not sent"
    assert refusal(company, bob, "/msg ann one more") == why
    again = back(company, ann.client.token)
    numbers = [int(line.split()[4]) for line in lines(company, again) if "->" in line]
    assert numbers == list(range(kept))


def test_if_the_file_cannot_be_written_to_who_wants_something_kept_is_told(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(company, ann)
    monkeypatch.setattr(company.hub.directory, "keep_privates", full)
    why = "ann is not here, and the message cannot be stored: the disk is full; not sent"
    assert refusal(company, bob, "/msg ann psst") == why


def full(*_: object) -> None:
    raise StoreError("the disk is full")


def test_leaving_is_nothing_for_who_has_no_token(company: Company, bob: Peer) -> None:
    leave(company.hub, bob.client)
    assert not company.hub.identities.changed
