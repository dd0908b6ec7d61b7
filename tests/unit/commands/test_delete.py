"""commands.operators: /delete, and what is shown of what was deleted."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gchat.commands.arguments import MAX_TEXT
from gchat.jobs.recorder import Recorder
from gchat.store.errors import StoreError
from gchat.store.sqlite.store import SqliteStore
from tests.unit.commands.typing_lines import a_program, at, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until


@pytest.fixture(params=["in memory", "with a file"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    if request.param == "in memory":
        with Company() as company:
            yield company
        return
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Company]:
    """One with a file, where memory holds little."""
    store = SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


def say(company: Company, peer: Peer, *texts: str) -> int:
    """Returns the id of the last."""
    company.say(peer, *texts)
    write_all(company)
    return peer.client.log.end.id


def write_all(company: Company) -> None:
    wait_until(lambda: not company.hub.pending_writes.rooms, "all may be seen")


def texts(lines: list[str]) -> list[str]:
    """What was said, of lines that are shown again."""
    return [line.rpartition(": ")[2] for line in lines if line.startswith("[")]


def test_the_room_the_operator_and_the_log_learn_of_it_and_nobody_sees_it_again(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    number = say(company, ann, "one", "hunter2", "three") - 1
    shown(company, bob)
    shown(company, op)
    assert told(company, op, f"/delete {number} that was a password") == [
        "You deleted a message by ann: that was a password"
    ]
    write_all(company)
    assert shown(company, bob) == [" * op deleted a message by ann: that was a password"]
    assert shown(company, ann) == [" * op deleted a message by ann: that was a password"]
    assert caplog.messages == [
        f"{op.client} deleted a message by ann: that was a password, #lobby/{number}"
    ]
    lines = told(company, bob, "/history")
    assert lines[0] == "The last 2 messages in #lobby:"
    assert texts(lines) == ["one", "three"]
    lines = told(company, bob, "/since 1h")
    assert lines[0].startswith("2 messages since ")
    assert texts(lines) == ["one", "three"]
    assert texts(told(company, bob, f"/around lobby/{number}")) == ["one", "three"]
    assert told(company, bob, "/find hunter2") == ['No messages match "hunter2" (in all rooms)']
    newcomer = company.converse()
    replayed = newcomer.read_until("three")
    assert not any("hunter2" in line for line in replayed)
    assert any("one" in line for line in replayed)


def test_a_message_in_another_room_is_deleted_by_its_place(
    company: Company, op: Peer, ann: Peer
) -> None:
    run(company, ann, "/join builds")
    number = say(company, ann, "secret")
    shown(company, ann)
    shown(company, op)
    assert told(company, op, f"/delete #Builds/{number}") == ["You deleted a message by ann"]
    write_all(company)
    assert shown(company, ann) == [" * op deleted a message by ann"]
    assert told(company, ann, "/history") == ["No messages in #builds are kept any more"]


def test_an_action_is_deleted_too(company: Company, op: Peer, ann: Peer) -> None:
    run(company, ann, "/me waves")
    number = say(company, ann, "hello") - 1
    run(company, op, f"/delete {number}")
    shown(company, op)
    assert texts(told(company, op, "/history")) == ["hello"]


def test_what_cannot_be_deleted_is_refused(company: Company, op: Peer, ann: Peer) -> None:
    number = say(company, ann, "hello")
    run(company, ann, "/topic weather")
    notice = say(company, ann, "again") - 1
    assert refusal(company, op, "/delete 99") == "There is no message #lobby/99"
    assert "There is no message #cars/1" in refusal(company, op, "/delete cars/1")
    assert "is a notice" in refusal(company, op, f"/delete {notice}")
    run(company, op, f"/delete {number}")
    assert refusal(company, op, f"/delete {number}") == f"#lobby/{number} is deleted already"
    for wrong in ("ann", "0", "#lobby", "lobby/x", "1/2/3", "²"):
        assert refusal(company, op, f"/delete {wrong}").startswith("Usage: /delete PLACE [WHY]")
    why = "x" * (MAX_TEXT + 1)
    assert "Reason too long" in refusal(company, op, f"/delete {notice + 1} {why}")
    assert "is for operators" in refusal(company, ann, f"/delete {notice + 1}")
    shown(company, ann)
    assert texts(told(company, ann, "/history")) == ["again"]


def test_a_program_is_told_nothing(company: Company, op: Peer, ann: Peer) -> None:
    program = a_program(company, "ci")
    number = say(company, ann, "hello")
    shown(company, program)
    run(company, op, f"/delete {number}")
    assert shown(company, program) == []


def test_who_has_said_it_keeps_their_place_and_their_count(
    company: Company, op: Peer, ann: Peer
) -> None:
    number = say(company, ann, "one", "two")
    bob = at(person(company, "bob"), "10.1.0.2")
    run(company, op, f"/delete {number}")
    say(company, ann, "three")
    assert shown(company, bob)[-1] == "ann: three"
    assert ann.client.lag == bob.client.lag == 0
    wait_until(lambda: ann.client.own_ahead == 0, "she has got all")


# With a file


def test_it_is_deleted_in_a_room_that_is_closed_and_beyond_what_memory_holds(kept: Company) -> None:
    op, ann = person(kept, "op"), person(kept, "ann")
    op.client.operator = True
    kept.room.log._max_messages = 10
    say(kept, ann, "secret", *map(str, range(100)))
    assert kept.room.log.start.id > 1
    run(kept, ann, "/join builds")
    number = say(kept, ann, "secret")
    run(kept, ann, "/leave")
    del kept.hub.rooms.by_name["builds"]
    shown(kept, op)
    for place in (f"builds/{number}", "#lobby/1"):
        assert told(kept, op, f"/delete {place}")[-1] == "You deleted a message by ann"
    shown(kept, op)
    assert told(kept, op, "/find secret") == ['No messages match "secret" (in all rooms)']
    lines = told(kept, op, "/history 500")
    assert lines[0] == "The last 100 messages in #lobby:"
    assert texts(lines) == [str(number) for number in range(100)]


def test_if_it_cannot_be_deleted_from_the_file_the_operator_knows_and_can_try_again(
    kept: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    op, ann = person(kept, "op"), person(kept, "ann")
    op.client.operator = True
    number = say(kept, ann, "secret")
    shown(kept, op)

    def fail(*_arguments: object) -> None:
        raise StoreError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(kept.hub.store, "delete", fail)
        lines = told(kept, op, f"/delete {number}")
    assert lines[0] == "You deleted a message by ann"
    assert "it is still in the history file" in lines[1]
    assert lines[1].endswith("disk I/O error")
    assert caplog.messages[0].startswith(f"cannot delete #lobby/{number} from history")
    assert kept.hub.history.open("lobby").last(9, 99, kept.room.log.end)
    assert told(kept, op, f"/delete {number}") == ["You deleted a message by ann"]
    assert not kept.hub.history.open("lobby").last(9, 99, kept.room.log.end)
    assert "is deleted already" in refusal(kept, op, f"/delete {number}")


def test_what_is_deleted_while_it_is_being_found_is_not_shown(
    kept: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    op, ann = person(kept, "op"), person(kept, "ann")
    op.client.operator = True
    number = say(kept, ann, "secret", "secret too") - 1
    shown(kept, ann)
    find = kept.hub.archive.find

    def find_and_delete(*arguments: Any) -> Any:
        hits = find(*arguments)
        run(kept, op, f"/delete {number}")
        write_all(kept)
        return hits

    monkeypatch.setattr(kept.hub.archive, "find", find_and_delete)
    assert texts(told(kept, ann, "/find secret")) == ["secret too"]


def test_where_all_is_deleted_nothing_is_shown(kept: Company) -> None:
    ann = person(kept, "ann")
    kept.room.log._max_messages = 10
    say(kept, ann, *map(str, range(100)))
    while kept.room.log.give_up(kept.room.log.end.id):
        pass
    while kept.hub.store.trim_old(2.0**40, 100):
        pass
    shown(kept, ann)
    assert told(kept, ann, "/history") == ["No messages in #lobby are kept any more"]
    lines = told(kept, ann, "/since 1h")
    assert lines[0].startswith("Messages before ")
    assert lines[1].startswith("No messages since ")
    assert "There is no message" in refusal(kept, ann, "/around lobby/3")


# Topics


def test_a_topic_is_there_again_when_a_room_is_opened_again(kept: Company) -> None:
    ann = person(kept, "ann")
    run(kept, ann, "/join builds")
    assert (
        told(kept, ann, "/topic the night's builds")[-1] == "You set the topic: the night's builds"
    )
    topic = kept.hub.rooms.by_name["builds"].topic
    run(kept, ann, "/leave")
    del kept.hub.rooms.by_name["builds"]
    assert "Topic: the night's builds" in told(kept, ann, "/join builds")
    assert kept.hub.rooms.by_name["builds"].topic == topic
    run(kept, ann, "/topic -")
    run(kept, ann, "/leave")
    del kept.hub.rooms.by_name["builds"]
    run(kept, ann, "/join builds")
    assert kept.hub.rooms.by_name["builds"].topic is None


def test_the_lobbys_topic_is_there_after_a_restart(tmp_path: Path) -> None:
    for first in (True, False):
        store = SqliteStore(str(tmp_path / "chat.db"))
        with Company(store=store) as company:
            company.start(Recorder(company.hub).run)
            if first:
                run(company, person(company, "ann"), "/topic the weather")
            else:
                assert company.room.topic
                assert company.room.topic.text == "the weather"
        store.close()


def test_a_topic_that_cannot_be_written_is_one_and_its_setter_is_told(
    kept: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(kept.hub.directory, "write_topic", fail)
    assert told(kept, person(kept, "ann"), "/topic the weather") == [
        "You set the topic: the weather",
        "Not saved to the history file: this will be lost when the server stops",
    ]
    assert kept.room.topic
