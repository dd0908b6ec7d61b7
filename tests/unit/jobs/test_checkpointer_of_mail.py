"""jobs.checkpointer: direct messages that have not arrived are in the file."""

from typing import Any

import pytest

from gchat.commands.table import Refused
from gchat.commands.talk import msg
from gchat.hub.checkpoint import give_token, leave
from gchat.hub.connection import Connection
from gchat.jobs.checkpointer import PRIVATES_AT_A_TIME, Checkpointer
from gchat.model.identities import Identity
from gchat.store.errors import StoreError
from gchat.store.sqlite.store import SqliteStore
from tests.unit.peers import Company, wait_until

NOTHING: list[str] = []


@pytest.fixture
def store(store_in_file: SqliteStore) -> SqliteStore:
    return store_in_file


class Post:
    """Bob, who sends direct messages to Ann, who has a token; and the file."""

    def __init__(self, company: Company) -> None:
        self.hub = company.hub
        self.bob = company.join("bob").client
        self.ann = company.join("ann").client
        self.on_the_way = 0
        """The bytes that have not arrived, on all connections."""
        self._checkpointer = Checkpointer(company.hub)

    def send(self, *texts: str, to: str = "ann") -> None:
        for text in texts:
            msg(self.hub, self.bob, to, text)

    def rest(self) -> None:
        wait_until(lambda: not self.hub.ready_rooms, "the broadcaster rests")

    def checkpoint(self) -> None:
        self.rest()
        self._checkpointer.update()
        self._checkpointer.write()

    def kept(self) -> list[str]:
        """What the file has for Ann."""
        return [private.text for private in self.hub.directory.privates(self.ann.number)]

    def leave(self) -> Identity:
        """Do what Ann's session does at its end."""
        identity = self.hub.identities.of(self.ann.number)
        assert identity
        leave(self.hub, self.ann)
        del self.hub.clients[self.ann.number]
        return identity


@pytest.fixture
def early_post(company: Company, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Ann has no token yet."""
    post = Post(company)
    monkeypatch.setattr(Connection, "unacknowledged", property(lambda _: post.on_the_way))
    return post


@pytest.fixture
def post(early_post: Post) -> Post:
    give_token(early_post.hub, early_post.ann)
    return early_post


@pytest.fixture
def writes(post: Post, monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many each call has written into the file, and how many it has deleted there."""
    write, calls = post.hub.directory.write_privates, list[tuple[int, int]]()

    def count(kept: Any, gone: Any) -> None:
        calls.append((len(kept), len(gone)))
        write(kept, gone)

    monkeypatch.setattr(post.hub.directory, "write_privates", count)
    return calls


def test_one_that_has_not_arrived_is_kept_until_it_has(post: Post) -> None:
    post.send("one", "two")
    post.on_the_way = len(b"bob -> ann: two\n")
    post.checkpoint()
    assert post.kept() == ["two"]
    post.checkpoint()
    assert post.kept() == ["two"]
    post.on_the_way = 0
    post.checkpoint()
    assert post.kept() == NOTHING


def test_nothing_is_written_of_those_that_arrive_at_once_nor_twice_of_those_that_do_not(
    post: Post, writes: list[tuple[int, int]]
) -> None:
    post.send("one")
    post.checkpoint()
    assert writes == []
    post.on_the_way = 1
    for text in ("two", "three"):
        post.send(text)
        post.checkpoint()
        post.checkpoint()
    assert writes == [(1, 0), (1, 1)]  # the first one arrives with the second
    post.on_the_way = 0
    post.checkpoint()
    assert writes[2:] == [(0, 1)]


def test_what_was_sent_before_there_was_a_token_is_kept_as_well(early_post: Post) -> None:
    post = early_post
    post.on_the_way = 1
    post.send("one")
    post.checkpoint()
    assert post.kept() == NOTHING
    give_token(post.hub, post.ann)
    post.checkpoint()
    assert post.kept() == ["one"]


def test_many_are_written_a_portion_at_a_time(post: Post, writes: list[tuple[int, int]]) -> None:
    texts = [str(number) for number in range(PRIVATES_AT_A_TIME + 20)]
    post.on_the_way = 10**6
    post.send(*texts)
    post.checkpoint()
    assert writes == [(PRIVATES_AT_A_TIME, 0), (20, 0)]
    assert post.kept() == texts


def test_long_ones_count_for_several(
    company: Company, post: Post, writes: list[tuple[int, int]]
) -> None:
    post.on_the_way = 10**6
    long = "x" * (PRIVATES_AT_A_TIME // 2 * 1024)
    for name in ("cy", "dora"):
        give_token(post.hub, company.join(name).client)
    for name in ("ann", "cy", "dora"):
        post.send(long, to=name)
    post.checkpoint()
    assert writes == [(2, 0), (1, 0)]


def test_those_for_one_who_has_left_are_written_as_well(post: Post) -> None:
    post.on_the_way = 1
    post.send("one")
    post.rest()
    assert post.leave().has_mail
    post.checkpoint()
    assert post.kept() == ["one"]


def test_those_for_one_who_is_forgotten_are_not(post: Post) -> None:
    post.on_the_way = 1
    post.send("one")
    post.rest()
    post.hub.identities.forget(post.leave())
    post.checkpoint()
    assert post.kept() == NOTHING
    assert post.hub.mail.of(post.ann.number, []) == []


def test_what_could_not_be_written_is_so_later(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    post.on_the_way = 1
    post.send("one")

    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(post.hub.directory, "write_privates", fail)
        post.checkpoint()
    assert post.kept() == NOTHING
    post.send("two")
    post.on_the_way = 100
    post.checkpoint()
    assert post.kept() == ["one", "two"]


def test_what_arrives_while_it_is_written_is_deleted_later(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = post.hub.directory.write_privates

    def arrive_meanwhile(kept: Any, gone: Any) -> None:
        post.on_the_way = 0
        post.ann.forget_arrived(post.ann.received_bytes)
        write(kept, gone)

    post.on_the_way = 1
    post.send("one")
    with monkeypatch.context() as patch:
        patch.setattr(post.hub.directory, "write_privates", arrive_meanwhile)
        post.checkpoint()
    assert post.kept() == NOTHING
    assert not post.hub.mail.take_arrived(1)


@pytest.mark.parametrize("why", ["", "error", "limit"])
def test_who_comes_back_while_one_is_stored_is_sent_it_once_whatever_becomes_of_that(
    post: Post, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    hub, number = post.hub, post.ann.number
    identity = post.leave()
    hub.names.release(post.ann)
    keep, found = hub.directory.keep_private, list[str]()

    def keep_late(*arguments: Any) -> bool:
        found.extend(each.text for each in hub.mail.of(number, []))  # as /resume does
        hub.clients[number] = post.ann
        if why == "error":
            raise StoreError("it is full")
        return why != "limit" and keep(*arguments)

    monkeypatch.setattr(hub.directory, "keep_private", keep_late)
    post.send("psst")
    assert found == ["psst"]
    assert not identity.has_mail
    assert post.kept() == (NOTHING if why else ["psst"])
    assert [each.text for each in hub.mail.of(number, [])] == (["psst"] if why else NOTHING)


@pytest.mark.parametrize("is_full", [True, False])
def test_one_that_is_refused_is_kept_nowhere(
    post: Post, monkeypatch: pytest.MonkeyPatch, is_full: bool
) -> None:
    hub = post.hub
    identity = post.leave()
    hub.names.release(post.ann)

    def refuse(*_: object) -> bool:
        if is_full:
            raise StoreError("it is full")
        return False

    monkeypatch.setattr(hub.directory, "keep_private", refuse)
    with pytest.raises(Refused):
        post.send("psst")
    assert hub.mail.of(identity.number, []) == []
    assert not identity.has_mail
