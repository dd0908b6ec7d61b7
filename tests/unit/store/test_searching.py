"""store.sqlite.index and .searching: what is found in a file is what a look at all of it finds."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind
from gchat.model.runs import Row
from gchat.store.errors import TookTooLong
from gchat.store.sqlite import index, messages, schema, searching
from gchat.store.sqlite.archive import SqliteArchive
from gchat.store.sqlite.owed import OwedRows
from gchat.store.sqlite.schema import MIGRATIONS, open_file, open_to_read
from gchat.store.sqlite.searching import decode_hits
from gchat.text.query import NotAQuery, Query, read_query
from tests.unit.store.entries import entries, entry

LAST = 2**62
NOW = 2000.0


class AtOnce:
    """A worker that works at once."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self.file = file

    def run(self, function, *arguments):  # type: ignore[no-untyped-def]
        return function(self.file, *arguments)


def archive_of(file: sqlite3.Connection) -> SqliteArchive:
    worker = AtOnce(file)
    return SqliteArchive(worker, worker, worker, OwedRows())  # type: ignore[arg-type]


def said(*texts: str, name: str = "ann", room: str = "lobby", first: int = 1) -> list[Row]:
    return [
        entry(number, number, 1000.0 + number, room, Kind.SAY, 7, name, text)
        for number, text in enumerate(texts, first)
    ]


def index_all(file: sqlite3.Connection) -> None:
    while any(index.index(file, 1000)):
        pass


def found(file: sqlite3.Connection, typed: str, before: int = LAST, count: int = 100) -> list[str]:
    """The texts that are found, the newest first."""
    query = read_query(typed, NOW, None)
    hits, archive = list[str](), archive_of(file)
    while before and len(hits) < count:
        before, some = archive.find(query, before, count - len(hits))
        hits += [message.text for message in some]
    return hits


def test_any_part_of_a_text_is_found_the_newest_first(file: sqlite3.Connection) -> None:
    messages.append(file, said("Deploy it", "it was deployed", "that was it", "déploy", "上海东"))
    index_all(file)
    assert found(file, "ploy") == ["déploy", "it was deployed", "Deploy it"]
    assert found(file, '"was it"') == ["that was it"]
    assert found(file, "WAS it") == ["that was it", "it was deployed"]
    assert found(file, "海") == found(file, "上海") == ["上海东"]
    assert found(file, "y") == ["déploy", "it was deployed", "Deploy it"]
    assert found(file, "nowhere") == []


def test_who_where_and_when_narrow_it(file: sqlite3.Connection) -> None:
    messages.append(file, said("one", "two", name="ann"))
    messages.append(file, said("two", "three", name="Bob-2", room="builds", first=3))
    index_all(file)
    assert found(file, "two") == ["two", "two"]
    assert found(file, "two from:ann") == found(file, "two in:lobby") == ["two"]
    assert found(file, "from:bob-2") == found(file, "in:builds") == ["three", "two"]
    assert found(file, "from:bob-2 in:lobby") == found(file, "three in:lobby") == []
    archive = archive_of(file)
    for begin, end, hits in ((1002, 1004, 2), (1002.5, 1004, 1), (1005, 1006, 0), (0, 1002, 1)):
        query = Query(since=begin, before=end)
        assert len(archive.find(query, LAST, 9)[1]) == hits


def test_only_what_people_have_said_is_found(file: sqlite3.Connection) -> None:
    messages.append(file, [entry(1, 0, 1.0, "lobby", Kind.NOTICE, 7, "ann", "ann left")])
    messages.append(file, [entry(2, 1, 1.0, "lobby", Kind.ACTION, 7, "ann", "left it")])
    index_all(file)
    assert found(file, "left") == found(file, "from:ann") == found(file, "f") == ["left it"]


def test_so_many_are_found_before_a_place(file: sqlite3.Connection) -> None:
    messages.append(file, entries(30))
    index_all(file)
    assert found(file, "text", count=2) == ["text 30", "text 29"]
    assert found(file, "text", before=29, count=2) == ["text 28", "text 27"]
    assert found(file, "in:lobby", before=3) == ["text 2", "text 1"]
    before, hits = archive_of(file).find(Query(("text",)), LAST, 2)
    assert (before, len(hits)) == (29, 2)


def test_messages_are_entered_step_by_step_each_once(file: sqlite3.Connection) -> None:
    messages.append(file, entries(25))
    assert [index.index(file, 10).new for _ in range(4)] == [15, 5, 0, 0]
    messages.append(file, entries(5, first=26))
    assert index.index(file, 10) == (0, 0)
    assert len(found(file, "text")) == 30


def test_long_messages_are_entered_in_shorter_steps(file: sqlite3.Connection) -> None:
    messages.append(file, said(*["x" * index.CHARACTERS] * 5))
    assert [index.index(file, 10).new for _ in range(3)] == [4, 3, 2]


def test_what_was_there_before_the_index_is_entered_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "old.db")
    before = next(i for i, step in enumerate(MIGRATIONS) if "TABLE grams" in step)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", MIGRATIONS[:before])
        with closing(open_file(path)) as file:
            messages.append(file, entries(30))
            file.execute("INSERT INTO words (rowid, name, text) VALUES (1, 'ann', 'text 1')")
    with closing(open_file(path)) as file:
        assert index.left(file) == (0, 30)
        messages.append(file, entries(1, first=31))
        assert index.index(file, 10) == (0, 30)
        assert index.index(file, 10) == (0, 20)
        assert found(file, "text") == [f"text {number}" for number in range(31, 20, -1)]
        index_all(file)
        assert index.left(file) == (0, 0)
        assert len(found(file, "text")) == 31
        assert not file.execute("SELECT * FROM sqlite_schema WHERE name LIKE 'words%'").fetchall()


def test_what_takes_too_long_is_given_up(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.append(file, entries(3000))
    index_all(file)
    monkeypatch.setattr(searching, "PATIENCE", 0.0)
    monkeypatch.setattr(searching, "STEPS", 100)
    with pytest.raises(TookTooLong):
        found(file, "e")
    monkeypatch.undo()
    assert len(found(file, "e", count=3000)) == 3000


def test_newest_hits_are_found_without_sorting_all(file: sqlite3.Connection) -> None:
    plans = list[str]()
    messages.append(file, entries(10))
    index_all(file)
    path = file.execute("PRAGMA database_list").fetchone()[2]
    with closing(open_to_read(path)) as reader:
        reader.set_trace_callback(plans.append)
        found(reader, "text in:lobby since:1d")
        found(reader, "in:lobby")
        found(reader, "e")
        reader.set_trace_callback(None)
        plans = [each for each in plans if "json_group_array" in each and "LIMIT" in each]
        assert plans
        for statement in plans:
            plan = reader.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
            assert not any("B-TREE" in row[3] for row in plan), plan


def test_nothing_that_is_typed_means_anything_in_the_index_s_language(
    file: sqlite3.Connection,
) -> None:
    texts = ['say "x" NOT', "a*b OR", "^a:b NEAR(", "-a + {b}", "'; DROP", "%_\\"]
    messages.append(file, said(*texts))
    index_all(file)
    for text in texts:
        for word in text.split():
            if '"' not in word:
                assert found(file, word) == [each for each in texts if word.lower() in each.lower()]


def test_the_rarest_grams_are_looked_up(file: sqlite3.Connection) -> None:
    messages.append(file, said(*["the internet"] * 30, "xylophone net"))
    _, counts = searching.sample(file)
    assert counts["ne"] == 31
    chosen = searching.rarest(Query(("xylophone", "internet")), counts)
    assert len(chosen) == searching.LEAST_GRAMS
    assert set(chosen) <= {"xy", "yl", "lo", "op", "ph", "ho", "on"}
    assert searching.rarest(Query(("a",)), counts) == []


LETTERS = st.text(st.sampled_from('aAbBäÉ1 -_."*()ßsé上海검ไท🎉\ufe0f'), max_size=8)
PLACES = st.tuples(LETTERS, st.sampled_from(["ann", "Bob"]), st.sampled_from(["lobby", "ops"]))
FIELDS = st.sampled_from(["", "", " from:ann", " in:ops", " from:bob in:lobby"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PLACES, min_size=1, max_size=8), LETTERS, FIELDS, st.integers(1, 9))
def test_all_is_found_that_matches_and_nothing_else(
    file: sqlite3.Connection, lines: list[tuple[str, str, str]], typed: str, fields: str, step: int
) -> None:
    try:
        query = read_query(typed + fields, NOW, None)
    except NotAQuery:
        return
    file.executescript(
        "DELETE FROM messages; INSERT INTO grams (grams) VALUES ('delete-all');"
        "UPDATE state SET value = 0;"
    )
    for number, (text, name, room) in enumerate(lines, 1):
        messages.append(file, said(text, name=name, room=room, first=number))
    while any(index.index(file, step)):
        pass
    expected = [text for text, name, room in lines if query.matches(NOW, room, name, text)]
    assert found(file, typed + fields) == expected[::-1]
    hits = decode_hits(searching.find(file, query, [], 0, LAST, 99))
    assert len(hits) >= len(expected)
