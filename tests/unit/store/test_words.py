"""store.sqlite.words: the index of words, and what is found with it."""

import re
import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gchat.model.message import Kind
from gchat.model.room_log import Entry
from gchat.store.errors import TookTooLong
from gchat.store.sqlite import messages, words
from gchat.store.sqlite.schema import open_file, open_to_read
from gchat.store.sqlite.words import decode_hits
from gchat.text.query import NotAQuery, Query, read_query
from tests.unit.store.entries import entries

LAST = 2**62


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_file(str(tmp_path / "chat.db"))) as file:
        yield file


def said(*texts: str, name: str = "ann", room: str = "lobby", first: int = 1) -> list[Entry]:
    return [
        (number, number, 1000.0 + number, room, Kind.SAY, 7, name, text)
        for number, text in enumerate(texts, first)
    ]


def found(file: sqlite3.Connection, typed: str, before: int = LAST, count: int = 100) -> list[str]:
    query = read_query(typed, 2000.0, None)
    return [hit.text for _, hit in decode_hits(words.find(file, query, before, count))]


def test_words_phrases_and_beginnings_are_found_the_newest_first(file: sqlite3.Connection) -> None:
    messages.append(
        file, said("Deploy it", "it was deployed", "that was it", "was that it", "déploy")
    )
    assert words.index(file, 1000) == 0
    assert found(file, "deploy") == ["déploy", "Deploy it"]
    assert found(file, "IT was") == ["was that it", "that was it", "it was deployed"]
    assert found(file, '"that was it"') == ["that was it"]
    assert found(file, "dep*") == ["déploy", "it was deployed", "Deploy it"]
    assert found(file, "nowhere") == []


def test_who_where_and_since_when_narrow_it(file: sqlite3.Connection) -> None:
    messages.append(file, said("one", "two", name="ann"))
    messages.append(file, said("two", "three", name="bob-2", room="builds", first=3))
    words.index(file, 1000)
    assert found(file, "two") == ["two", "two"]
    assert found(file, "two from:ann") == found(file, "two in:lobby") == ["two"]
    assert found(file, "from:bob-2") == found(file, "in:builds") == ["three", "two"]
    assert found(file, "from:bob-2 in:lobby") == found(file, "three in:lobby") == []
    late = Query(("two",), since=1002.0)
    assert len(decode_hits(words.find(file, late, LAST, 9))) == 2
    assert len(decode_hits(words.find(file, late._replace(since=1002.5), LAST, 9))) == 1
    assert decode_hits(words.find(file, late._replace(since=1003.5), LAST, 9)) == []
    assert len(decode_hits(words.find(file, Query(room="lobby", since=1002.0), LAST, 9))) == 1


def test_only_what_people_have_said_is_found(file: sqlite3.Connection) -> None:
    messages.append(file, [(1, 0, 1.0, "lobby", Kind.NOTICE, 7, "ann", "ann left")])
    messages.append(file, [(2, 1, 1.0, "lobby", Kind.ACTION, 7, "ann", "left it")])
    words.index(file, 1000)
    assert found(file, "left") == found(file, "from:ann") == found(file, "in:lobby") == ["left it"]


def test_so_many_are_found_before_a_place(file: sqlite3.Connection) -> None:
    messages.append(file, entries(30))
    words.index(file, 1000)
    assert found(file, "text", count=2) == ["text 30", "text 29"]
    assert found(file, "text", before=29, count=2) == ["text 28", "text 27"]
    assert found(file, "in:lobby", before=3) == ["text 2", "text 1"]


def test_messages_are_entered_step_by_step_each_once(file: sqlite3.Connection) -> None:
    messages.append(file, entries(25))
    assert [words.index(file, 10) for _ in range(4)] == [15, 5, 0, 0]
    messages.append(file, entries(5, first=26))
    assert words.index(file, 10) == 0
    assert len(found(file, "text")) == 30


def test_what_takes_too_long_is_given_up(
    file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages.append(file, entries(3000))
    words.index(file, 10_000)
    monkeypatch.setattr(words, "PATIENCE", 0.0)
    monkeypatch.setattr(words, "STEPS", 100)
    with pytest.raises(TookTooLong):
        found(file, "text in:nowhere")
    monkeypatch.undo()
    assert found(file, "text in:nowhere") == []


def test_newest_hits_are_found_without_sorting_all(file: sqlite3.Connection) -> None:
    plans = list[str]()

    messages.append(file, entries(10))
    words.index(file, 100)
    path = file.execute("PRAGMA database_list").fetchone()[2]
    with closing(open_to_read(path)) as reader:
        reader.set_trace_callback(plans.append)
        found(reader, "text in:lobby since:1d")
        found(reader, "in:lobby")
        reader.set_trace_callback(None)
        for statement in plans:
            if "json_group_array" in statement:
                plan = reader.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
                assert not any("B-TREE" in row[3] for row in plan), plan


def test_each_term_is_a_string_in_the_index_s_language() -> None:
    query = Query(('say "x"', "err*", "NOT", "a*b"), "ann")
    assert words.matching(query) == (
        'text : "say ""x""" AND text : "err" * AND text : "NOT" AND text : "a*b" AND name : "ann"'
    )
    assert words.matching(Query(room="builds", since=3.0)) == ""


WORD = re.compile(r"[^\W_]+")


def split(text: str) -> list[str]:
    """The words of a text, as unicode61 has them."""
    plain = unicodedata.normalize("NFKD", text)
    return WORD.findall("".join(c for c in plain if not unicodedata.combining(c)).lower())


def has(text: str, term: str) -> bool:
    """Whether the words of `term` follow one another in `text`; the last may be a beginning."""
    wanted, beginning = split(term), term.endswith("*")
    inside = split(text)
    for start in range(len(inside) - len(wanted) + 1):
        part = inside[start : start + len(wanted)]
        last = part[-1].startswith(wanted[-1]) if beginning else part[-1] == wanted[-1]
        if part[:-1] == wanted[:-1] and last:
            return True
    return False


LETTERS = st.text("aAbBäÉ1 -_.'\"*()", max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(LETTERS, min_size=1, max_size=8), LETTERS)
def test_all_is_found_that_has_the_words_and_nothing_else(
    file: sqlite3.Connection, texts: list[str], typed: str
) -> None:
    try:
        query = read_query(typed, 2000.0, None)
    except NotAQuery:
        return
    file.execute("DELETE FROM messages")
    file.execute("INSERT INTO words (words) VALUES ('delete-all')")
    file.execute("UPDATE state SET value = 0 WHERE name = 'indexed'")
    messages.append(file, said(*texts))
    words.index(file, 1000)
    expected = [text for text in texts if all(has(text, term) for term in query.terms)]
    assert found(file, typed) == expected[::-1]
