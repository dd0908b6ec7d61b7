"""A program in several rooms that comes back, those who talk in them, and what it is sent."""

from typing import Any

from gchat.hub.checkpoint import give_token
from tests.unit.peers import DEADLINE, Company, Peer
from tests.unit.programs import Fields, carry_out, listener, read, speaking_json

ROOMS = ["lobby", "builds", "ops"]


def in_all_rooms(company: Company, name: str = "bot") -> Peer:
    """A program with a token in all ROOMS."""
    bot = speaking_json(company, name)
    for room in ROOMS[1:]:
        assert carry_out(bot, join=room)[-1]["kind"] == "ok"
    give_token(company.hub, bot.client)
    return bot


def talkers(company: Company) -> list[Peer]:
    """One in each room."""
    return [listener(company, f"{room}-talker", room) for room in ROOMS]


def say(company: Company, talkers: list[Peer], text: str) -> None:
    for talker in talkers:
        company.say(talker, text)
    company.hub.pending_writes.wait_for_all(DEADLINE)


def resumed(company: Company, **fields: Any) -> tuple[Peer, list[Fields]]:
    """A new connection that comes back, and what it is sent up to the `ok` or the `error`."""
    again = speaking_json(company, "other")
    return again, carry_out(again, **fields)


def read_up_to(peer: Peer, text: str, objects: list[Fields]) -> dict[str, list[str]]:
    """The texts of each room, up to the one in which `text` has come everywhere."""
    texts: dict[str, list[str]] = {room: [] for room in ROOMS}
    objects = [*objects]
    while True:
        for each in objects:
            if each["kind"] == "say":
                texts[each["room"]].append(each["text"])
        if all(found[-1:] == [text] for found in texts.values()):
            return texts
        objects = [read(peer)]
