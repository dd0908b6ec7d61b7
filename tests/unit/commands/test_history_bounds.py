"""commands.history: looking back costs others nothing, however much there is."""

import time

import pytest

from gchat.commands.finding import PORTION
from gchat.commands.search import MOST_FOUND
from gchat.hub.owed import OWED_LIMIT
from gchat.model.message import Kind
from gchat.model.room_log import RoomLog
from tests.unit.commands.typing_lines import END, fill, person, run, shown
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

SMALL = 2048
ALL = ["/history 100000", "/since 1h", "/find message"]


@pytest.mark.parametrize("line", ALL)
def test_looking_back_is_no_faster_than_it_is_read_and_complete(
    line: str, company: Company
) -> None:
    fill(company, 20_000, "message" + "x" * 1000)
    slow = person(company, "slow", SMALL)
    looking = company.start(run, company, slow, line)
    wait_until(lambda: slow.client.owed_bytes > OWED_LIMIT, "much is owed")
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    assert not looking.ready()
    assert slow.client.owed_bytes <= 2 * OWED_LIMIT
    most = 0
    count = 20_000 if line != "/find message" else MOST_FOUND
    for _ in range(count + 1):
        slow.read_line()
        most = max(most, slow.client.owed_bytes)
    assert most <= 2 * OWED_LIMIT
    wait_until(looking.ready, "it is done")


@pytest.mark.parametrize("line", ["/history 100000", "/since 1h", "/find zebra"])
@pytest.mark.parametrize("ignores", [False, True])
def test_a_bystander_is_heard_while_100000_messages_are_looked_through(
    ignores: bool, line: str, company: Company, bob: Peer, cy: Peer
) -> None:
    fill(company, 100_000)
    run(company, bob, "/join den")
    run(company, cy, "/join den")
    shown(company, bob)
    ann = person(company, "ann")
    if ignores:  # so there is nothing to wait for her to read
        run(company, ann, "/ignore zoe")
    looking = company.start(run, company, ann, line)
    company.start(ann.read_to_end)
    for number in range(5):
        company.say(cy, str(number))
        assert bob.read_line() == f"cy: {number}\n"
        assert not looking.ready()
    wait_until(looking.ready, "it is done")


def test_looking_for_what_is_not_there_gives_way_also_among_long_messages(
    company: Company, bob: Peer, cy: Peer
) -> None:
    fill(company, 2000, "x" * 10_000)
    run(company, bob, "/join den")
    run(company, cy, "/join den")
    shown(company, bob)
    looking = company.start(run, company, person(company, "ann"), "/find zebra")
    for number in range(3):
        company.say(cy, str(number))
        assert bob.read_line() == f"cy: {number}\n"
        assert not looking.ready()


@pytest.fixture
def lasting() -> type[str]:
    """What texts can be made of, to see how much of them is still kept."""

    class Text(str):
        kept = 0

        def __init__(self, text: str) -> None:
            type(self).kept += len(self)

        def __del__(self) -> None:
            type(self).kept -= len(self)

    return Text


@pytest.mark.parametrize("line", ["/history 100", "/since 1h", "/find x"])
def test_who_looks_back_and_does_not_read_holds_on_to_little_of_what_is_forgotten(
    line: str, lasting: type[str]
) -> None:
    each = 10_000
    with Company(RoomLog("lobby", max_messages=2 * PORTION)) as company:
        company.room.log.append(
            time.time(), Kind.SAY, [lasting("x" * each) for _ in range(PORTION)], 99, "zoe"
        )
        company.room.sent = company.room.log.end
        slow = person(company, "slow", SMALL)
        company.start(run, company, slow, line)
        wait_until(lambda: slow.client.connection.blocked, "its socket is full")
        company.room.log.append(time.time(), Kind.SAY, ["y"] * 4 * PORTION, 99, "zoe")
        assert lasting.kept <= 4 * OWED_LIMIT + each  # type: ignore[attr-defined]


def looked_back_while_the_log_went_on() -> list[str]:
    """What somebody is shown who asked for 400 messages, and of whose room the log has been
    filled with others before the answer was read."""
    with Company(RoomLog("lobby", max_messages=500)) as company:
        slow = person(company, "slow", SMALL)
        fill(company, 500, "before" + "x" * 1000)
        looking = company.start(run, company, slow, "/history 400")
        wait_until(lambda: slow.client.connection.blocked, "its socket is full")
        fill(company, 1000, "after")
        slow.client.cursor = slow.client.log.end
        reading = company.start(slow.read_until, END)
        wait_until(looking.ready, "it is done")
        company.hub.tell(slow.client, END)
        lines: list[str] = reading.get(timeout=DEADLINE)
        return lines


def test_what_is_said_after_the_question_is_no_part_of_the_answer() -> None:
    lines = looked_back_while_the_log_went_on()
    assert lines[0] == " * The last 400 messages in #lobby:"
    assert not any("after" in line for line in lines)


def test_what_is_no_longer_kept_when_the_answer_comes_to_it_is_not_left_out_in_silence() -> None:
    lines = looked_back_while_the_log_went_on()
    complete = sum("before" in line for line in lines) == 400
    assert complete or any("no longer kept" in line or "missed" in line for line in lines)
