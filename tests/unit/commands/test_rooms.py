"""commands.rooms: going there, and what goes on in them."""

import pytest

from gchat.commands.arguments import MAX_TEXT
from gchat.commands.rooms import NAMES_SHOWN, ROOMS_SHOWN
from gchat.hub import rooms as all_rooms
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until

# /join and /leave


def test_who_joins_a_room_is_told_who_is_there_the_topic_and_what_was_said_last(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, bob, "/join builds") == ["You are in #builds; nobody else is here"]
    run(company, bob, "/topic the night's builds")
    company.say(bob, "done")
    shown(company, ann)
    told_lines = told(company, ann, "/join #Builds")
    assert told_lines[:2] == ["You are in #builds, with bob", "Topic: the night's builds"]
    assert told_lines[2].endswith("] bob: done")
    assert len(told_lines) == 3


def test_those_in_both_rooms_are_told_who_came_and_left(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, bob, "/join den")
    shown(company, bob)
    shown(company, cy)
    run(company, ann, "/join den")
    assert shown(company, bob) == [" * ann joined"]
    assert shown(company, cy) == [" * ann left"]
    run(company, ann, "/leave")
    assert shown(company, bob) == [" * ann left"]
    assert shown(company, cy) == [" * ann joined"]


def test_one_hears_the_room_where_one_is_and_no_other(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/join den")
    shown(company, ann)
    shown(company, bob)
    company.say(bob, "in the lobby")
    company.say(ann, "in the den")
    assert shown(company, ann) == []
    assert shown(company, bob) == []


def test_who_goes_has_got_all_that_was_said_before_and_nothing_that_is_said_after(
    company: Company, bob: Peer, cy: Peer
) -> None:
    slow = person(company, "slow", 2048)
    lines = [f"{number:0100}" for number in range(1000)]
    company.say(bob, *lines)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    going = company.start(run, company, slow, "/join den")
    wait_until(lambda: slow.client.until is not None, "it goes")
    company.say(cy, "too late")
    assert not going.ready()
    received = slow.read_until("You are in #den")
    assert received[:-1] == [f"bob: {line}" for line in lines]
    assert shown(company, slow) == []


def test_a_program_that_goes_to_a_room_is_told_nothing_and_nobody_is_told_of_it(
    company: Company, ann: Peer
) -> None:
    run(company, ann, "/join builds")
    company.say(ann, "before")
    shown(company, ann)
    program = a_program(company, "ci")
    assert told(company, program, "/join builds") == []
    company.say(program, "done")
    assert shown(company, ann) == ["ci: done"]
    assert told(company, program, "/leave") == []


def test_leave_goes_back_to_the_lobby_and_from_there_leads_out(company: Company, ann: Peer) -> None:
    run(company, ann, "/join den")
    assert told(company, ann, "/leave")[-1].startswith("You are in #lobby")
    assert refusal(company, ann, "/leave") == "You are in #lobby already; /quit leaves the chat"


@pytest.mark.parametrize("name", ["a b", "127.0.0.1", "x" * 100, "##", "#", "\\x1b[2J", "a/b"])
def test_what_cannot_be_a_room_is_refused_with_the_reason(
    name: str, company: Company, ann: Peer
) -> None:
    assert refusal(company, ann, f"/join {name}").startswith(("Name", "A name"))
    assert list(company.hub.rooms.by_name) == ["lobby"]
    assert ann.client.log is company.room.log


def test_going_where_one_is_already_is_refused(company: Company, ann: Peer, bob: Peer) -> None:
    assert refusal(company, ann, "/join #LOBBY") == "You are in #lobby already"
    assert shown(company, bob) == []


@pytest.fixture
def full(company: Company, monkeypatch: pytest.MonkeyPatch) -> Company:
    """There are as many rooms as there may be, with somebody in each."""
    monkeypatch.setattr(all_rooms, "MAX_ROOMS", 3)
    monkeypatch.setattr(all_rooms, "SHARE", 0)
    for name in ("one", "two"):
        run(company, person(company, f"in-{name}"), f"/join {name}")
    return company


@pytest.mark.placed
def test_a_room_too_many_is_refused_and_one_stays_where_one_was(full: Company) -> None:
    ann, bob = person(full, "ann"), person(full, "bob")
    assert refusal(full, ann, "/join three") == (
        "#three cannot be opened: all 3 rooms are taken. /rooms lists rooms to join; empty ones "
        "are closed after 10 min."
    )
    full.say(bob, "hello")
    full.say(ann, "hello yourself")
    assert shown(full, ann) == ["bob: hello"]
    assert shown(full, bob) == ["ann: hello yourself"]
    assert told(full, ann, "/join one")[0] == "You are in #one, with in-one"


@pytest.mark.placed
def test_a_room_that_is_empty_gives_way_to_a_new_one_if_there_are_too_many(full: Company) -> None:
    run(full, full.peers[0], "/leave")  # #one is empty now
    ann = person(full, "ann")
    assert told(full, ann, "/join three")[0].startswith("You are in #three")
    assert "one" not in full.hub.rooms.by_name


# /rooms


def test_rooms_lists_the_rooms_with_how_many_are_there_and_the_topics(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/topic all and nothing")
    run(company, cy, "/join builds")
    lines = told(company, cy, "/rooms")[-2:]
    assert [line.split(maxsplit=3) for line in lines] == [
        ["#lobby", "2", "here", "all and nothing"],
        ["#builds", "1", "here"],
    ]


def test_of_very_many_rooms_those_with_the_most_people_are_listed(
    company: Company, ann: Peer
) -> None:
    for number in range(ROOMS_SHOWN + 10):
        run(company, person(company), f"/join room{number}")
        if number == ROOMS_SHOWN + 5:
            run(company, person(company), f"/join room{number}")
    shown(company, ann)
    lines = told(company, ann, "/rooms")
    assert len(lines) == ROOMS_SHOWN + 1
    assert lines[0].startswith(f"#room{ROOMS_SHOWN + 5} ")
    assert lines[-1] == "and 11 smaller rooms"


def test_rooms_are_looked_for_by_a_part_of_their_names(company: Company, ann: Peer) -> None:
    for number in range(ROOMS_SHOWN + 10):
        run(company, person(company), f"/join room{number}")
    shown(company, ann)
    for typed in ("room59", "#ROOM59", "m59"):
        assert told(company, ann, f"/rooms {typed}") == ["#room59     1 here"]
    assert told(company, ann, "/rooms room")[-1] == "and 10 smaller rooms"
    assert told(company, ann, "/rooms <b>") == ["No room has “<b>” in its name; /join makes one"]
    assert len(told(company, ann, f"/rooms {'x' * 60_000}")[0]) < 100


# /topic


def test_a_topic_is_told_to_the_room_and_shown_to_who_asks(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, cy, "/join den")
    shown(company, cy)
    shown(company, ann)
    assert told(company, ann, "/topic") == ["#lobby has no topic"]
    assert told(company, ann, "/topic the  weather") == ["You set the topic: the  weather"]
    assert shown(company, bob)[-1] == " * ann set the topic: the  weather"
    assert told(company, bob, "/topic") == ["Topic: the  weather"]
    assert shown(company, cy) == []
    assert told(company, cy, "/topic") == ["#den has no topic"]


def test_a_topic_can_be_taken_away(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/topic the weather")
    assert told(company, ann, "/topic -")[-1] == "You cleared the topic"
    assert shown(company, bob)[-1] == " * ann cleared the topic"
    assert told(company, ann, "/topic") == ["#lobby has no topic"]


def test_too_long_a_topic_is_refused_with_its_length_and_the_old_one_stays(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/topic " + "x" * MAX_TEXT)
    shown(company, bob)
    why = refusal(company, ann, "/topic " + "y" * (MAX_TEXT + 1))
    assert why == f"Topic too long ({MAX_TEXT + 1} characters, limit {MAX_TEXT})"
    assert shown(company, bob) == []
    assert told(company, bob, "/topic") == ["Topic: " + "x" * MAX_TEXT]


def test_a_program_that_sets_a_topic_is_told_nothing_and_sees_no_others(
    company: Company, ann: Peer
) -> None:
    program = company.program()
    shown(company, ann)
    run(company, program, "/topic builds")
    assert shown(company, ann) == [f" * {program.client.name} set the topic: builds"]
    run(company, ann, "/topic other builds")
    assert shown(company, program) == []


# /who


def test_who_lists_everybody_by_name(company: Company, ann: Peer) -> None:
    company.join("zoe")
    other = company.join()
    assert told(company, ann, "/who") == [f"#lobby, 3 here: {other.client.name}, ann and zoe"]


@pytest.mark.parametrize("name", ["den", "#den", "DEN"])
def test_who_lists_who_is_in_another_room(name: str, company: Company, ann: Peer) -> None:
    run(company, company.join("zoe"), "/join den")
    assert told(company, ann, f"/who {name}") == ["#den, 1 here: zoe"]


def test_who_is_listed_is_known_by_their_name(company: Company, ann: Peer, bob: Peer) -> None:
    company.room.presence.join(bob.client.number, "bob")
    told(company, ann, "/who")
    assert not company.room.presence.rename(bob.client.number, "bobby")


def test_who_of_a_room_that_everybody_has_left_says_so(company: Company, ann: Peer) -> None:
    zoe = company.join("zoe")
    run(company, zoe, "/join den")
    run(company, zoe, "/leave")
    assert told(company, ann, "/who den") == ["#den is empty"]


def test_who_of_no_room_is_refused_and_makes_none(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, "/who den") == "There is no room den; /rooms lists the rooms"
    assert list(company.hub.rooms.by_name) == ["lobby"]
    assert len(refusal(company, ann, "/who " + "x" * 60_000)) < 2 * MAX_TEXT


def test_who_of_very_many_stays_short(company: Company, ann: Peer) -> None:
    for number in range(NAMES_SHOWN + 10):
        company.join(f"name{number:04}")
    (line,) = told(company, ann, "/who")
    assert line.startswith(f"#lobby, {NAMES_SHOWN + 11} here: ann, ")
    assert line.endswith(" and 11 others")


def test_a_room_whose_name_grows_when_it_is_folded_is_refused_if_it_is_too_long(
    company: Company, ann: Peer
) -> None:
    assert "48 characters" in refusal(company, ann, f"/join {'ß' * 24}")
    told(company, ann, f"/join {'ß' * 12}")
    assert ann.client.log.room == "ss" * 12
    run(company, ann, "/leave")
    run(company, ann, f"/join {'ss' * 12}")


def test_who_marks_operators_and_the_away(company: Company, ann: Peer, bob: Peer, op: Peer) -> None:
    run(company, bob, "/away lunch")
    assert told(company, ann, "/who")[-1] == "#lobby, 3 here: ann, bob (away) and op (operator)"
    run(company, op, "/away tea")
    assert told(company, ann, "/who")[-1].endswith("op (operator, away)")
