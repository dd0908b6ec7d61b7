"""commands.finding: with a history file and without one, the same is found in all rooms."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gchat.commands import finding
from gchat.jobs.recorder import Recorder
from gchat.model.message import Kind, Message
from gchat.runtime import gate
from gchat.runtime.waited import count_wait
from gchat.store.base import Store
from gchat.store.memory import MemoryStore
from gchat.store.sqlite.store import SqliteStore
from gchat.text.query import Query
from tests.unit.commands.typing_lines import person, refusal, run, told
from tests.unit.peers import Company, Peer, wait_until

SAID = [
    ("lobby", "ann", "我家在上海东边。"),
    ("lobby", "bob", "Deploying 120c858aa"),
    ("builds", "ann", "camelCase in Straße"),
    ("lobby", "ann", "🎉 café"),
    ("builds", "bob", "it was deployed"),
]

FOUND = {
    "上海": [0],
    "ploy": [1, 4],
    "120C858": [1],
    "case": [2],
    "strasse": [2],
    "cafe": [3],
    "🎉": [3],
    "é": [1, 2, 3, 4],
    "ploy in:builds": [4],
    "from:BOB": [1, 4],
    "from:bob in:#Builds was": [4],
    "it dep": [4],
    '"dep it"': [],
    "since:1h deploy": [1, 4],
    "before:1h deploy": [],
    "in:lobby": [0, 1, 3],
}


@pytest.fixture(params=["memory", "file"])
def company(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Company]:
    in_memory = request.param == "memory"
    store: Store = MemoryStore() if in_memory else SqliteStore(str(tmp_path / "chat.db"))
    with Company(store=store) as company:
        company.start(Recorder(company.hub).run)
        yield company
    store.close()


@pytest.fixture
def ann(company: Company) -> Peer:
    ann, bob = person(company, "ann"), person(company, "bob")
    for room, name, text in SAID:
        peer = ann if name == "ann" else bob
        if peer.client.log.room != room:
            run(company, peer, f"/join {room}")
        company.say(peer, text)
        wait_until(lambda: not company.hub.pending_writes.rooms, "it is written")
    told(company, ann, "/version")
    return ann


@pytest.mark.parametrize("typed", FOUND)
def test_the_same_is_found_in_memory_and_in_the_file(
    company: Company, ann: Peer, typed: str
) -> None:
    lines = told(company, ann, f"/find {typed}")
    texts = [text for _, _, text in SAID]
    # What is said in two rooms in the same millisecond is in either order.
    assert sorted(line.partition(": ")[2] for line in lines if line.startswith("[")) == sorted(
        texts[number] for number in FOUND[typed]
    )


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("Zebra", 'No messages match "Zebra" (in all rooms)'),
        ("zebra fish", 'No messages match "zebra" and "fish" (in all rooms)'),
        ('"a zebra" in:builds', 'No messages match "a zebra" (in #builds)'),
        ("zebra from:Bob", 'No messages match "zebra" (in all rooms, from bob)'),
        ("zebra in:zoo", "There is no room #zoo, and no messages of it; /rooms lists the rooms"),
        ("in:zoo", "There is no room #zoo, and no messages of it; /rooms lists the rooms"),
        ("from:zed", "There are no messages from zed: they may have had another name then"),
    ],
)
def test_nothing_found_says_what_was_looked_for_and_where(
    company: Company, ann: Peer, typed: str, answer: str
) -> None:
    assert told(company, ann, f"/find {typed}") == [answer]


def test_nothing_found_says_in_which_time(company: Company, ann: Peer) -> None:
    run(company, ann, "/time UTC")
    told(company, ann, "/version")
    (line,) = told(company, ann, "/find zebra since:2000d before:1000d")
    assert line.startswith('No messages match "zebra" (in all rooms, since 20')
    assert ", before 20" in line


def test_a_search_that_takes_too_long_is_given_up(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "BUDGET", -1.0)
    monkeypatch.setattr(finding, "PORTION", 1)
    if company.hub.store.is_kept:
        monkeypatch.setattr(company.hub.archive, "find", lambda *_: (1, []))
    assert refusal(company, ann, "/find zebra").startswith("The search timed out")


def test_what_a_search_waits_for_a_lock_neither_ends_it_nor_counts_as_work(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    find, clock, later = company.hub.archive.find, time.perf_counter, 0.0
    charged = list[float]()

    def find_later(query: Query, before: int, count: int) -> tuple[int, list[Message]]:
        nonlocal later
        later += 1000.0
        count_wait(1000.0)
        return find(query, before, 1)

    monkeypatch.setattr(company.hub.archive, "find", find_later)
    for module in (time, gate):
        monkeypatch.setattr(module, "perf_counter", lambda: clock() + later)
    for each in (company.hub.command_gate, company.hub.search_gate):
        monkeypatch.setattr(each, "charge", lambda _, seconds: charged.append(seconds))
    assert len(told(company, ann, "/find ploy")) == 3
    assert sum(charged) < 1000.0


def test_the_latest_of_all_rooms_are_found_however_long_their_logs_are() -> None:
    with Company() as company:
        ann = person(company, "ann")
        now = time.time()
        for number in range(3):
            run(company, ann, f"/join room{number}")
            log = ann.client.log
            for moment in range(300):
                log.append(now + 3 * moment + number, Kind.SAY, [f"{3 * moment + number}"], 9, "z")
        run(company, ann, "/leave")
        told(company, ann, "/version")
        lines = told(company, ann, "/find from:z")
        assert [line.rpartition(" ")[2] for line in lines[1:]] == [
            str(number) for number in range(850, 900)
        ]
