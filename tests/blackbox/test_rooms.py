"""Rooms: going there and away, and that nothing of one is seen or felt in another."""

import re
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import TIME, Person, in_background, meet
from tests.blackbox.server import Server
from tests.conftest import StartServer


def go(room: str, *people: Person) -> None:
    """Have `people` go to `room`."""
    for person in people:
        person.say(f"/join {room}")
        person.expect(f" * You are in #{room}")


def test_who_goes_to_a_room_is_told_who_is_there_what_it_is_about_and_what_was_said(
    server: Server,
) -> None:
    ann, bob = server.named("ann", "bob")
    ann.say("a word in the lobby", "/join builds")
    assert ann.expect("You are in") == " * You are in #builds; nobody else is here"
    ann.say("/topic the night's builds", "a word in here")
    assert ann.line() == " * You set the topic: the night's builds"
    bob.expect("a word in the lobby")
    bob.say("/join #Builds")
    assert bob.expect("You are in") == " * You are in #builds, with ann"
    assert bob.line() == " * Topic: the night's builds"
    assert re.fullmatch(f"{TIME}ann: a word in here", bob.line())
    assert bob.unread() == []


def test_who_comes_and_goes_is_told_in_both_rooms_and_not_to_themselves(server: Server) -> None:
    ann, bob, carl = server.named("ann", "bob", "carl")
    meet(ann, bob, carl)
    go("builds", bob)
    assert ann.line() == " * bob left"
    go("builds", carl)
    assert ann.line() == " * carl left"
    assert bob.line() == " * carl joined"
    carl.say("/leave")
    assert carl.line() == " * You are in #lobby, with ann"
    carl.expect("carl: hello")  # the last of what is shown again
    assert bob.line() == " * carl left"
    assert ann.line() == " * carl joined"
    assert [person.unread() for person in (ann, bob, carl)] == [[], [], []]


def test_who_and_rooms_tell_of_all_rooms(server: Server) -> None:
    ann, bob = server.named("ann", "bob")
    meet(ann, bob)
    go("builds", bob)
    assert ann.line() == " * bob left"
    bob.say("/topic fast ones")
    bob.expect("You set the topic")
    ann.say("/who builds", "/who #BUILDS", "/rooms", "/who nowhere")
    assert ann.line() == " * #builds, 1 here: bob"
    assert ann.line() == " * #builds, 1 here: bob"
    assert [ann.line().split() for _ in range(2)] == [
        ["*", "#lobby", "1", "here"],
        ["*", "#builds", "1", "here", "fast", "ones"],
    ]
    assert ann.line() == " * There is no room nowhere; /rooms lists the rooms"


def test_a_topic_is_told_to_the_room_alone_and_can_be_asked_for_and_taken_away(
    server: Server,
) -> None:
    ann, bob, carl = server.named("ann", "bob", "carl")
    meet(ann, bob, carl)
    go("builds", ann, bob)
    meet(ann, bob)
    carl.lines_until("left")
    ann.say("/topic", "/topic tea", "/topic", "/topic -", "/topic", f"/topic {'x' * 201}")
    assert [ann.line() for _ in range(6)] == [
        " * #builds has no topic",
        " * You set the topic: tea",
        " * Topic: tea",
        " * You cleared the topic",
        " * #builds has no topic",
        " * Topic too long (201 characters, limit 200)",
    ]
    assert [bob.line(), bob.line()] == [
        " * ann set the topic: tea",
        " * ann cleared the topic",
    ]
    assert not [line for line in carl.unread() if "topic" in line or "tea" in line]
    assert bob.unread() == []


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("/join lobby", "You are in #lobby already"),
        ("/leave", "/quit leaves the chat"),
        ("/join", "Usage: /join ROOM"),
        ("/join two words", "Names have letters, digits, - _ . and no spaces"),
        ("/join 127.0.0.1", "cannot look like an address"),
        ("/join #", "cannot be empty"),
        ("/join " + "x" * 25, "Name too long (25 characters, limit 24)"),
        ("/join a\x1bb", "Names have letters"),
    ],
)
def test_going_where_one_cannot_go_is_refused_and_one_stays(
    server: Server, line: str, why: str
) -> None:
    ann, bob = server.named("ann", "bob")
    meet(ann, bob)
    ann.say(line)
    assert why in ann.line()
    ann.say("still here")
    assert bob.message() == "ann: still here"


def test_nothing_of_one_room_is_seen_in_another_and_all_of_it_in_the_same_order_in_its_own(
    server: Server,
) -> None:
    lines, rooms = 100, ("red", "green", "blue")
    crowd = {room: server.people(4) for room in rooms}
    for room, people in crowd.items():
        go(room, *people)

    def talk(person: Person, room: str) -> list[str]:
        for n in range(lines):
            person.say(f"{room} {n}", *([f"/me is in {room}"] if n % 10 == 0 else []))
        own = lines * 11 // 10
        return [person.message() for _ in range(own * (len(crowd[room]) - 1))]

    with ThreadPoolExecutor(12) as pool:
        heard = {
            room: [pool.submit(talk, person, room) for person in people]
            for room, people in crowd.items()
        }
    for room, people in crowd.items():
        everything = {line for talked in heard[room] for line in talked.result()}
        assert all(room in line for line in everything)
        for person, talked in zip(people, heard[room], strict=True):
            assert [line for line in person.unread() if not line.startswith(" * ")] == []
            for other, others in zip(people, heard[room], strict=True):
                pair = (f"{person.address}:", f"{other.address}:")
                seen, seen_by_other = (
                    [
                        line
                        for line in each.result()
                        if not line.removeprefix(" ** ").startswith(pair)
                        and not line.startswith(tuple(f" ** {end[:-1]} " for end in pair))
                    ]
                    for each in (talked, others)
                )
                assert seen == seen_by_other


def test_who_moves_to_and_fro_hears_in_each_stay_a_piece_without_holes_and_never_twice(
    start_server: StartServer,
) -> None:
    server = start_server("--replay", "0", "--rate", "0")
    talkers = {room: server.person(f"{room}-talker") for room in "ab"}
    movers = server.people(6)
    go("a", talkers["a"], *movers)
    go("b", talkers["b"])
    done = Event()

    def talk(talker: Person) -> None:
        for portion in count():
            talker.say(*(str(portion * 50 + n) for n in range(50)))
            talker.who()
            if done.is_set():
                break

    def move(mover: Person) -> list[str]:
        lines: list[str] = []
        for n in range(50):
            room = "ba"[n % 2]
            mover.say(f"/join {room}")
            lines += mover.lines_until(f" * You are in #{room}")
            lines += mover.lines_until("-talker: ")
        return lines + mover.unread()

    with ThreadPoolExecutor(8) as pool:
        talking = [pool.submit(talk, talker) for talker in talkers.values()]
        try:
            for moved in [pool.submit(move, mover) for mover in movers]:
                assert_pieces_without_holes(moved.result())
        finally:
            done.set()
        for talked in talking:
            talked.result()


def assert_pieces_without_holes(lines: list[str]) -> None:
    room, last, fresh = "a", {"a": -1, "b": -1}, True
    for line in lines:
        if arrived := re.match(r" \* You are in #(\w)[,;] ", line):
            room, fresh = arrived[1], True
        elif said := re.fullmatch(r"(\w)-talker: (\d+)", line):
            assert said[1] == room, line
            number = int(said[2])
            assert number > last[room] if fresh else number == last[room] + 1, line
            last[room], fresh = number, False


@pytest.mark.options("--rate", "0")
def test_a_flood_in_one_room_is_not_noticed_in_another(
    server: Server, bystanders: Bystanders
) -> None:
    lines = 60_000
    flooder, reader = server.people(2)
    go("flood", flooder, reader)
    with ThreadPoolExecutor(1) as pool, bystanders:
        flood = b"".join(b"flood %d\n" % n for n in range(lines))
        flooding = in_background(pool, flooder, flood)
        prefix = f"{flooder.address}: flood "
        for n in range(lines):
            assert reader.message() == f"{prefix}{n}"
        flooding.result()
        bystanders.talk_on(1)
    assert bystanders.messages == []
    assert not [line for line in bystanders.heard if "missed" in line]


@pytest.mark.options("--rate", "0")
def test_those_who_never_read_in_one_room_are_not_noticed_in_another(
    server: Server, bystanders: Bystanders
) -> None:
    talker = server.person("talker")
    stalled = [server.program("/join flood", "here", receive_buffer=4096) for _ in range(20)]
    go("flood", talker)
    with bystanders:
        filling = "x" * 50_000
        for n in range(600):
            talker.say(f"{n} {filling}")
        assert "talker" in talker.who()
        bystanders.talk_on(20)
        for program in stalled:
            program.reset()
    assert bystanders.messages == []


def in_two_rooms(server: Server) -> tuple[Person, Person, Person]:
    """One who talks in #old, one in #new, and one in #old who will move, of small sockets."""
    talker, mate = server.named("talker", "mate")
    mover = server.person("mover", receive_buffer=4096)
    go("old", talker, mover)
    go("new", mate)
    return talker, mate, mover


def fill(talker: Person, mover: Person) -> int:
    """Have `talker` say more than the sockets of `mover`, who does not read, can hold."""
    count, filling = 200, "x" * 10_000
    talker.say(*(f"{n} {filling}" for n in range(count)))
    assert mover.name in talker.who()
    return count


@pytest.mark.options("--rate", "0")
def test_who_moves_while_their_socket_is_full_gets_all_of_the_old_room_and_then_the_new(
    server: Server, bystanders: Bystanders
) -> None:
    talker, mate, mover = in_two_rooms(server)
    with bystanders:
        count = fill(talker, mover)
        mover.say("my last word here", "/join new", "my first word there")
        talker.expect("mover: my last word here")
        bystanders.talk_on(20)
        heard = mover.lines_until("You are in #new, with mate")
        said = [line.split()[1] for line in heard if line.startswith("talker: ")]
        assert said == [str(n) for n in range(count)]
        assert mate.expect("mover: ") == "mover: my first word there"
        talker.expect(" * mover left")
        talker.say("after all")
        assert talker.who() == ["talker"]
        assert mover.unread() == []
    assert bystanders.messages == []


@pytest.mark.options("--rate", "0")
def test_who_breaks_off_while_moving_with_a_full_socket_is_gone_and_told_of_where_they_were(
    server: Server, bystanders: Bystanders
) -> None:
    talker, mate, mover = in_two_rooms(server)
    with bystanders:
        fill(talker, mover)
        mover.say("my last word here", "/join new")
        talker.expect("mover: my last word here")
        mover.reset()
        talker.expect(" * mover left")
        server.expect_log("leave mover")
    assert mate.who() == ["mate"]
    assert talker.who() == ["talker"]
    assert bystanders.messages == []


@pytest.mark.options("--rate", "0")
def test_the_server_ends_in_time_though_somebody_moves_with_a_full_socket(server: Server) -> None:
    talker = server.person("talker")
    mover = server.person("mover", receive_buffer=4096)
    go("old", talker, mover)
    fill(talker, mover)
    mover.say("my last word here", "/join new")
    talker.expect("mover: my last word here")
    server.process.terminate()
    assert talker.expect("going down")
    assert server.wait() == 0
