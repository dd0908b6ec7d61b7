"""hub.resumption: direct messages that were not read, or came while their receiver was away."""

import pytest

from gchat.commands.table import Refused
from gchat.hub.direct_messages import PRIVATE_LIMIT
from gchat.hub.left_rooms import Missed
from gchat.model.message import Private
from gchat.store.errors import StoreError
from tests.unit.commands.typing_lines import person, refusal, told
from tests.unit.hub.resumption.returning import (
    Server,
    back,
    gone,
    lines,
    named,
    somebody,
)
from tests.unit.peers import Company, Peer, wait_until


def test_private_messages_that_were_not_read_are_kept(
    server: Server, company: Company, bob: Peer
) -> None:
    ann = named(company, "ann")
    company.say(bob, *("x" * 1000 for _ in range(1000)))
    wait_until(lambda: ann.client.connection.blocked, "its connection takes no more")
    told(company, bob, "/msg ann psst")
    gone(company, ann)
    server.checkpointer.write()
    assert company.hub.directory.privates(ann.client.number)
    again = back(company, ann.client.token)
    assert [line for line in again.read_until("psst") if "psst" in line]


def test_private_messages_that_had_not_arrived_at_a_checkpoint_come_after_a_kill(
    server: Server, company: Company, ann: Peer, bob: Peer
) -> None:
    told(company, bob, "/msg ann one")
    ann.read_until("one")
    wait_until(lambda: not ann.client.connection.unacknowledged, "it has arrived")
    for text in ("two", "three"):
        told(company, bob, f"/msg ann {text}")
    wait_until(lambda: not company.hub.ready_rooms, "they are on their way")
    server.checkpointer.update()
    server.checkpointer.write()
    for _ in range(2):  # they are kept until they have arrived
        server.kill()
        company = server.start()
        again = back(company, ann.client.token)
        private = [line.rsplit(" ", 1)[1] for line in lines(company, again) if "->" in line]
        assert private == ["two", "three"]
    wait_until(lambda: not again.client.connection.unacknowledged, "they have arrived")
    server.checkpointer.update()
    server.checkpointer.write()
    server.kill()
    again = back(server.start(), ann.client.token)
    assert not [line for line in lines(server.company, again) if "->" in line]


def test_what_a_connection_was_sent_before_it_resumed_is_kept_with_the_rest(
    server: Server, company: Company, ann: Peer, bob: Peer
) -> None:
    gone(company, ann)
    told(company, bob, "/msg ann one")
    stranger = somebody(company)
    told(company, bob, f"/msg {stranger.client.address} two")
    stranger.send(f"/resume {ann.client.token}\n".encode())
    wait_until(lambda: stranger.client.number == ann.client.number, "they have resumed")
    wait_until(lambda: not stranger.client.owed, "all is on its way")
    server.checkpointer.update()
    server.checkpointer.write()
    server.kill()
    again = back(server.start(), ann.client.token)
    private = [line for line in lines(server.company, again) if "->" in line]
    assert [line.rsplit(" ", 1)[1] for line in private] == ["one", "two"]


def test_one_that_is_stored_while_its_recipient_resumes_comes_at_once(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(company, ann)

    def wait(*_: object) -> list[Missed]:
        told(company, bob, "/msg ann psst")
        return []

    monkeypatch.setattr("gchat.hub.resumption.read_missed", wait)
    again = back(company, ann.client.token)
    (private,) = [line for line in lines(company, again) if "->" in line]
    assert private.endswith("bob -> ann: psst")


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


def test_who_is_ignored_stays_so_under_a_name_that_they_take_meanwhile(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/ignore bob\n")
    ann.read_until("You now ignore bob")
    gone(company, ann)
    told(company, bob, "/nick carol")
    company.say(bob, "boo")
    assert refusal(company, bob, "/msg ann psst") == "ann ignores you; not sent"
    again = back(company, ann.client.token)
    company.say(bob, "boo again")
    company.say(person(company, "cy"), "hello")
    assert not [line for line in again.read_until("cy: hello") if "boo" in line]
    again.send(b"/unignore carol\n")
    again.read_until("no longer ignore bob")
    assert not company.hub.names._ignorers


def test_nothing_is_kept_of_whom_somebody_ignored_that_will_not_come_back(
    company: Company, ann: Peer, bob: Peer
) -> None:
    ann.send(b"/ignore bob\n")
    ann.read_until("You now ignore bob")
    identity = gone(company, ann)
    assert company.hub.names.ignored_by(identity) == ({"bob"}, {bob.client.number})
    company.hub.identities.forget(identity)
    assert not company.hub.names._ignorers
    assert not company.hub.names.ignored


def test_what_was_kept_of_somebody_ignored_is_not_shown(
    server: Server, company: Company, ann: Peer
) -> None:
    """Where several servers share a store, it may be kept by one that does not know that."""
    ann.send(b"/ignore bob\n")
    ann.read_until("You now ignore bob")
    number, directory = ann.client.number, company.hub.directory
    gone(company, ann)
    for name in ("Bob", "cy"):
        kept = Private(1.0, name, "ann", f"from {name}", company.hub.mail.next_number())
        directory.keep_private(number, kept, PRIVATE_LIMIT)
    again = back(company, ann.client.token)
    (private,) = (line for line in lines(company, again) if "->" in line)
    assert private.endswith("cy -> ann: from cy")
    server.checkpointer.write()
    assert [each.name for each in directory.privates(number)] == ["cy"]


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


def test_one_long_message_leaves_room_for_those_of_others(
    company: Company, ann: Peer, bob: Peer
) -> None:
    gone(company, ann)
    told(company, bob, f"/msg ann {'x' * (PRIVATE_LIMIT + 1)}")
    assert refusal(company, bob, "/msg ann one more").startswith("ann is not here and has too many")
    told(company, person(company, "cy"), "/msg ann hello")
    again = back(company, ann.client.token)
    senders = [line.split()[1] for line in lines(company, again) if "->" in line]
    assert senders == ["bob", "cy"]


def test_if_the_file_cannot_be_written_to_who_wants_something_kept_is_told(
    company: Company, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone(company, ann)
    monkeypatch.setattr(company.hub.directory, "keep_private", full)
    why = "ann is not here, and the message cannot be stored: the disk is full; not sent"
    assert refusal(company, bob, "/msg ann psst") == why


def full(*_: object) -> None:
    raise StoreError("the disk is full")
