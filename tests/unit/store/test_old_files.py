"""store.sqlite.schema: a history file that the version before has made is brought up to date."""

import gzip
from contextlib import closing
from pathlib import Path

import pytest

from gchat.model.message import Kind
from gchat.protocol.sentences import sentence
from gchat.store.history import History
from gchat.store.sqlite import inspect
from gchat.store.sqlite.schema import open_to_read
from gchat.store.sqlite.store import SqliteStore
from gchat.text.query import Query, read_query

VERSION_1 = Path(__file__).parents[2] / "data" / "version-1.db.gz"
"""A talk of ann and bob, written by a gchat with notices as sentences: topic, mute, ban, rooms."""


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "chat.db"
    path.write_bytes(gzip.decompress(VERSION_1.read_bytes()))
    return str(path)


def test_what_was_said_is_there_and_what_happened_as_it_was_told(path: str) -> None:
    store = SqliteStore(path)
    with closing(store):
        log = History(store).open("lobby")
        found = log.after(0, 100)
        assert [message.id for message in found] == list(range(1, 19))
        assert [m.text for m in found if m.is_spoken][-4:] == [
            "the secret",
            "waves",
            "three",
            "four",
        ]
        told = [sentence(m) for m in found if m.kind in (Kind.NOTICE, Kind.PRESENCE)]
        assert "ann set the topic: tea at four" in told
        assert told[-1] == "ann left"
        assert {message.epoch for message in found} == {log.epoch}
        assert {message.ref for message in found} == {None}
        assert store.archive.left().old > 0
        while any(store.archive.index(100)):
            pass
        _, hits = store.archive.find(query("secret"), 2**62, 9)
        assert [hit.text for hit in hits] == ["the secret"]


def test_who_can_come_back_goes_on_where_they_were(path: str) -> None:
    store = SqliteStore(path)
    with closing(store):
        epoch = store.open("lobby").epoch
        places = {each.name: each.places for each in store.directory.identities()}
        assert {name: [place.room for place in of] for name, of in places.items()} == {
            "ann": ["lobby"],
            "robert": ["lobby"],
        }
        assert places["ann"][0].cursor.id == 16
        assert places["ann"][0].epoch == epoch
        assert store.directory.sanctions("ban")


def test_it_is_sound_and_stays_in_its_epoch_when_it_is_opened_again(path: str) -> None:
    epochs = set()
    for _ in range(3):
        with closing(SqliteStore(path)) as store:
            epochs.add(store.open("lobby").epoch)
    assert len(epochs) == 1
    with closing(open_to_read(path)) as file:
        assert inspect.faults(file) == []


def query(typed: str) -> Query:
    return read_query(typed, 2e9, None)
