"""hub.membership for clients in several rooms: what concerns them is told and done in each."""

import gc
import json

import gevent
import pytest

from gchat import commands
from gchat.hub import membership
from gchat.hub.rooms import EMPTY_TIME, MAX_ROOMS, TooManyRooms
from gchat.hub.seats import FurtherSeat, Seats
from gchat.model import presence
from gchat.model.room_log import RoomLog
from tests.unit.commands.typing_lines import run
from tests.unit.peers import HOME, Company, Peer, wait_until
from tests.unit.programs import carry_out, listener, read, rooms_of, send, speaking_json


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "INTERVAL", 0.0)


def in_rooms(company: Company, *names: str, send_buffer: int = 0) -> Peer:
    """A program called `bot` in the lobby and in further rooms."""
    bot = speaking_json(company, "bot", send_buffer)
    for name in names:
        assert carry_out(bot, join=name)[-1]["kind"] == "ok"
    return bot


def operator(company: Company) -> Peer:
    peer = company.join("op")
    peer.client.operator = True
    return peer


def test_ok_comes_behind_all_that_was_said_before_in_that_room(company: Company) -> None:
    bot, bob = in_rooms(company, "builds", send_buffer=2048), listener(company, "bob", "builds")
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(300)))
    company.wait_until_placed()
    wait_until(lambda: bot.client.connection.blocked, "its connection takes no more")
    send(bot, text="mine", room="builds", ref="this")
    seen = []
    while (fields := read(bot))["kind"] != "ok":
        seen.append(fields)
    assert fields["room"] == "builds"
    said = [each for each in seen if each["kind"] == "say"]
    assert [each["text"].split()[0] for each in said] == list(map(str, range(300)))
    assert fields["id"] > seen[-1]["id"]


@pytest.mark.parametrize("request_for", [{}, {"ref": "this"}, {"room": "builds"}])
def test_who_is_in_a_room_is_told_among_the_events_of_that_room(
    company: Company, request_for: dict[str, str]
) -> None:
    bot, bob = in_rooms(company, "builds", send_buffer=2048), listener(company, "bob", "builds")
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(300)))
    company.wait_until_placed()
    wait_until(lambda: bot.client.connection.blocked, "its connection takes no more")
    send(bot, command="/who builds", **request_for)
    seen = []
    while (fields := read(bot))["kind"] != "answer":
        seen.append(fields)
    assert [each["text"].split()[0] for each in seen if each["kind"] == "say"][-1] == "299"


def test_its_own_lines_are_counted_in_the_room_in_which_they_are(company: Company) -> None:
    bot, bob = in_rooms(company, "builds"), listener(company, "bob", "builds")
    ann = listener(company, "ann")
    for number in range(20):
        send(bot, text=f"lobby {number}")
        send(bot, text=f"builds {number}", room="builds")
    ann.read_until("lobby 19")
    bob.read_until("builds 19")
    company.say(bob, "end")
    while (fields := read(bot))["text"] != "end":
        assert fields["kind"] != "say"
    wait_until(lambda: not any(seat.own_ahead for seat in bot.client.seats), "all is passed")
    assert [seat.lag for seat in bot.client.seats] == [0, 0]


@pytest.mark.placed
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/kick bot enough", " * bot was kicked by op: enough"),
        ("/ban bot", None),
        ("/mute bot 10m", " * bot is muted by op for 10 min"),
    ],
)
def test_what_an_operator_does_to_it_is_told_in_each_of_its_rooms(
    company: Company, line: str, told: str | None
) -> None:
    bot, op = in_rooms(company, "builds"), operator(company)
    if told is None:
        bot.client.address = "10.0.0.7:5000"
        told = " * bot was banned by op"
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    run(company, op, line)
    assert ann.read_lines(1) == [told]
    assert bob.read_lines(1) == [told]


def test_a_kicked_one_leaves_all_its_rooms(company: Company) -> None:
    bot, op = in_rooms(company, "builds", "ops"), operator(company)
    ann, bob = listener(company, "ann"), listener(company, "bob", "builds")
    run(company, op, "/kick bot")
    wait_until(lambda: not any("bot" in names(company, room) for room in ROOMS), "it has left")
    company.say(ann, "after")
    company.say(bob, "after")
    texts = [json.loads(line)["text"] for line in bot.read_to_end().splitlines()]
    assert "You were kicked by op" in texts
    assert "after" not in texts
    wait_until(lambda: bot.client.number not in company.hub.clients, "it is gone")
    assert not company.hub.slots.total


ROOMS = ("lobby", "builds", "ops")


def names(company: Company, room: str) -> list[str]:
    return [client.name for client in company.hub.rooms.by_name[room].clients.values()]


def test_whois_and_why_tell_all_its_rooms(company: Company) -> None:
    bot = in_rooms(company, "builds", "ops")
    for command in ("/whois bot", "/why"):
        answer = carry_out(bot, command=command)[0]
        assert "in #lobby, #builds and #ops" in answer["text"]
        assert answer["rooms"] == list(ROOMS)
        assert answer["room"] == "lobby"


def test_programs_that_enter_rooms_at_the_same_time_have_no_more_than_the_limit(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, open_room = company.hub, company.hub.history.open

    def open_slowly(name: str) -> RoomLog:
        gevent.sleep(0.02)
        return open_room(name)

    monkeypatch.setattr(hub.history, "open", open_slowly)
    hub.settings.limits.max_per_address = 2
    bots = [speaking_json(company, f"bot{number}") for number in range(5)]
    for number, bot in enumerate(bots):
        send(bot, join=f"room{number}", ref=number)
    ends = list[str]()
    for bot in bots:
        while (fields := read(bot))["kind"] not in ("ok", "error"):
            pass
        ends.append(fields["kind"])
    assert sorted(ends) == ["error"] * 3 + ["ok"] * 2
    assert hub.slots.total == 2


def test_a_room_in_which_it_has_a_further_seat_is_not_closed(company: Company) -> None:
    bot, hub = in_rooms(company, "builds", send_buffer=2048), company.hub
    bob = listener(company, "bob", "builds")
    company.say(bob, *(f"{number} {'x' * 1000}" for number in range(300)))
    company.wait_until_placed()
    membership.quit_room(hub, bob.client)
    membership.enter_room(hub, bob.client, hub.lobby)
    bot.end_input()
    wait_until(lambda: not hub.rooms.by_name["builds"].clients, "both have left")
    hub.rooms.by_name["builds"].empty_since -= EMPTY_TIME + 1
    hub.rooms.close_empty(hub.clients.values())
    assert "builds" in hub.rooms.by_name
    assert b"299 x" in bot.read_to_end()
    wait_until(lambda: bot.client.number not in hub.clients, "it is gone")
    hub.pending_writes.wait_for_all(10)
    wait_until(lambda: not hub.rooms.by_name["builds"].teller, "nothing is to be told")
    hub.rooms.close_empty(hub.clients.values())
    assert "builds" not in hub.rooms.by_name


def test_a_room_that_somebody_is_about_to_enter_is_not_closed(company: Company) -> None:
    hub = company.hub
    with membership.kept_open(hub, "one", HOME) as one:
        for number in range(MAX_ROOMS):
            try:
                membership.find_or_open(hub, f"room{number}", HOME)
            except TooManyRooms:
                break
        assert hub.rooms.by_name["one"] is one
    one.empty_since -= EMPTY_TIME + 1
    hub.rooms.close_empty(hub.clients.values())
    assert "one" not in hub.rooms.by_name


def test_a_connection_that_breaks_is_removed_from_all_rooms(company: Company) -> None:
    bot, bob = in_rooms(company, "builds"), listener(company, "bob", "builds")
    bot.close()
    company.say(bob, "hello")
    wait_until(lambda: bot.client.number not in company.hub.clients, "it is gone")
    for name in ("lobby", "builds"):
        room = company.hub.rooms.by_name[name]
        for held in (room.clients, room.listeners, room.visits):
            assert bot.client.number not in held


def test_further_seats_take_their_turns_in_the_order_in_which_they_had_something(
    company: Company,
) -> None:
    bot = in_rooms(company, "builds", "ops")
    seats = bot.client.connection.seats
    assert isinstance(seats, Seats)
    first, second, third = seats.all
    assert seats.next is None
    assert [seats.may_send(seat) for seat in (second, first, third)] == [True, False, False]
    seats.end_turn(second, has_more=True)
    assert seats.next is first
    seats.end_turn(first, has_more=False)
    assert [seats.is_waiting(seat) for seat in (first, second, third)] == [False, True, True]
    assert seats.next is third
    seats.remove(third)
    assert seats.next is second
    seats.end_turn(second, has_more=False)
    assert seats.next is None
    assert seats.may_send(second)
    membership.listen(company.hub, bot.client)  # what answers it comes in the first room
    assert seats.next is first
    wait_until(lambda: seats.next is None, "all have had their turns")


def test_what_only_programs_can_ask_for_is_no_command(company: Company) -> None:
    assert set(commands.REQUESTS) == {"join", "leave"}
    bot = in_rooms(company)
    assert rooms_of(bot) == ["lobby"]


def test_a_client_that_has_left_several_rooms_holds_on_to_nothing(company: Company) -> None:
    bot = in_rooms(company, "builds", "ops")
    gc.collect()
    number, seats = bot.client.number, len(objects(FurtherSeat))
    gc.disable()
    try:
        bot.end_input()
        bot.read_to_end()
        wait_until(lambda: number not in company.hub.clients, "it is gone")
        del bot.client
        wait_until(lambda: len(objects(FurtherSeat)) < seats, "what it was is freed")
    finally:
        gc.enable()


def objects(kind: type) -> list[object]:
    """All there are of a kind."""
    return [each for each in gc.get_objects() if isinstance(each, kind)]
