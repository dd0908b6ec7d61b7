"""The web page and the rooms that there are: finding, joining, opening them; many of them."""

import socket
from contextlib import ExitStack
from typing import Any

import pytest

from tests.blackbox.connection import JsonProgram
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.page.conftest import OpenPage
from tests.page.person import PagePerson

PHONE = {"width": 320, "height": 568}

OFFERED = """
    () => [...document.querySelectorAll("#open-rooms li")].map(item => item.textContent.trim())
"""


def open_room(server: Server, name: str) -> None:
    """Have somebody be in a room called so."""
    person = server.person()
    person.say(f"/join {name}")
    person.expect(f"You are in #{name}")


def people_in_room(program: JsonProgram) -> set[str]:
    """The names of all who are where `program` is."""
    answers = program.carry_out(command="/who")
    return {each["name"] for answer in answers for each in answer.get("people", ())}


def offered(person: PagePerson) -> list[str]:
    """The rooms that the open directory offers, with what it tells of each."""
    texts: Any = person.page.evaluate(OFFERED)
    return [" ".join(text.split()) for text in texts]


def expect_offered(person: PagePerson, *texts: str) -> None:
    """Wait until the directory offers these, in this order."""
    person.page.wait_for_function(
        f"texts => JSON.stringify(({OFFERED})().map(text => text.replace(/\\s+/g, ' ')))"
        " === JSON.stringify(texts)",
        arg=list(texts),
    )


def test_a_newcomer_sees_which_rooms_there_are_and_joins_one(
    server: Server, open_page: OpenPage
) -> None:
    bob = server.person("bob")
    bob.say("/join builds", "/topic nightly <b>builds</b>", "hello from builds")
    bob.expect("You set the topic")
    server.person("cleo").say("/join builds")
    bob.expect(" * cleo joined")
    ann = open_page(server, "ann")
    ann.page.click("#show-directory")
    expect_offered(ann, "#builds 2 here nightly <b>builds</b>", "#lobby 1 here, joined")
    ann.page.click("#open-rooms li:has-text('#builds')")
    ann.page.wait_for_selector("#directory", state="hidden")
    ann.expect_rooms("#lobby", "#builds")
    ann.expect("hello from builds")
    assert ann.page.evaluate("() => document.activeElement.id") == "input"
    ann.page.click("#show-directory")
    expect_offered(ann, "#builds 3 here, joined nightly <b>builds</b>", "#lobby 1 here, joined")


def test_a_room_is_found_with_the_keyboard_alone(server: Server, open_page: OpenPage) -> None:
    for room in ("red-1", "red-2", "blue"):
        open_room(server, room)
    ann = open_page(server, "ann", viewport=PHONE)
    ann.page.click("#show-left")
    assert ann.page.evaluate(
        "() => document.querySelector('#left').contains(document.activeElement)"
    )
    ann.page.focus("#show-directory")
    ann.page.keyboard.press("Enter")
    ann.page.wait_for_selector("#open-rooms li:has-text('#blue')")
    ann.page.keyboard.type("#Red")
    expect_offered(ann, "#red new room", "#red-1 1 here", "#red-2 1 here")
    chosen = "#open-rooms [aria-selected=true]"
    for key, room in (("ArrowDown", "#red-1"), ("ArrowDown", "#red-2"), ("ArrowUp", "#red-1")):
        ann.page.keyboard.press(key)
        assert ann.page.inner_text(f"{chosen} bdi") == room
        active = ann.page.get_attribute("#join-name", "aria-activedescendant")
        assert ann.page.get_attribute(chosen, "id") == active
    ann.page.keyboard.press("Enter")
    ann.expect_rooms("#lobby", "#red-1")
    ann.page.wait_for_selector("#left", state="hidden")


def test_what_is_typed_is_joined_also_if_another_name_begins_so(
    server: Server, open_page: OpenPage
) -> None:
    open_room(server, "group-10")
    ann = open_page(server, "ann")
    ann.enter("group-1")
    ann.page.click("#show-directory")
    ann.page.fill("#join-name", "GROUP-1")
    expect_offered(ann, "#group-1 1 here, joined", "#group-10 1 here")
    ann.page.fill("#join-name", "Not a Name")
    expect_offered(ann, "#not-a-name new room")
    ann.page.fill("#join-name", "no/name")
    ann.page.keyboard.press("Enter")
    ann.page.wait_for_selector("#directory-told:has-text('Names have letters')")
    ann.page.keyboard.press("Escape")
    ann.expect_rooms("#lobby", "#group-1")


def test_fifty_rooms_and_more_are_there_and_twenty_can_be_joined(
    server: Server, open_page: OpenPage
) -> None:
    program = server.json_program("opener")
    others = [server.json_program(f"opener-{number}") for number in range(3)]
    for number in range(60):
        opener = [program, *others][number // 19]
        opener.carry_out(join=f"room-{number:02}")
    ann = open_page(server, "ann", viewport={"width": 1280, "height": 720})
    ann.page.click("#show-directory")
    ann.page.wait_for_selector("#directory-told:has-text('11 more')")
    assert len(offered(ann)) == 50
    ann.page.fill("#join-name", "m-59")
    expect_offered(ann, "#m-59 new room", "#room-59 1 here")
    ann.page.keyboard.press("Escape")
    for number in range(19):
        ann.enter(f"room-{number:02}")
    ann.page.click("#show-directory")
    ann.page.fill("#join-name", "room-59")
    ann.page.press("#join-name", "Enter")
    ann.page.wait_for_selector("#directory-told:has-text('you can be in 20 rooms at a time')")
    ann.page.keyboard.press("Escape")
    rooms = [f"#room-{number:02}" for number in range(19)]
    ann.expect_rooms("#lobby", *rooms)
    program.carry_out(text="over here, ann", room="room-02")
    ann.page.wait_for_selector(".room:has-text('#room-02') .count.loud")
    in_sight = """
        () => { const [list, room] = ["#rooms", "#rooms .current"]
                    .map(each => document.querySelector(each).getBoundingClientRect());
                return room.top >= list.top - 1 && room.bottom <= list.bottom + 1; }
    """
    ann.page.set_viewport_size({"width": 1280, "height": 400})
    for _ in range(20):
        ann.page.keyboard.press("Alt+ArrowUp")
        ann.page.wait_for_function(in_sight)
    ann.page.reload()
    ann.wait_until_open()
    ann.expect_rooms("#lobby", *rooms)


@pytest.mark.options("--max-per-address", "0", "--connect-rate", "0")
def test_a_thousand_people_are_listed_and_found(server: Server, open_page: OpenPage) -> None:
    names = [f"p{number:03}" for number in range(990)]
    names += [f"אבגדהוזחט-{number}" for number in range(5)]
    names += [f"a-name-of-24-letters-{number:03}" for number in range(5)]
    with ExitStack() as crowd:
        for name in names:
            connection = crowd.enter_context(socket.create_connection(server.address))
            connection.sendall(f"/nick {name}\n".encode())
        watcher = server.json_program("watcher")
        wait_until(lambda: set(names) <= people_in_room(watcher), "all have their names")
        ann = open_page(server, "ann", viewport={"width": 1280, "height": 720})
        ann.page.wait_for_selector("#people-title:has-text('1002 here')")
        listed = ann.page.locator("#people li")
        assert ann.page.inner_text("#people-more") == f"and {1002 - listed.count()} others"
        assert ann.page.evaluate("() => document.querySelectorAll('*').length") < 1500
        ann.page.fill("#find-person", "P777")
        ann.expect_people("p777")
        ann.page.fill("#find-person", "zed")
        ann.page.wait_for_selector("#people-more:has-text('Nobody here is called so')")
        ann.page.fill("#find-person", "-letters-")
        ann.expect_people(*names[-5:])
        not_cut = "button => button.scrollWidth <= button.clientWidth"
        assert ann.page.evaluate(
            f"() => [...document.querySelectorAll('#people .person')].every({not_cut})"
        )
        ann.page.fill("#find-person", "בג")
        ann.expect_people(*names[-10:-5])
        ann.page.click("#people button:has-text('-3')")
        ann.page.click("#menu button:has-text('Write to them alone')")
        ann.expect_rooms("#lobby", "@אבגדהוזחט-3")


def test_what_needs_the_connection_says_that_it_is_lost(
    server: Server, open_page: OpenPage
) -> None:
    open_room(server, "tea")
    ann = open_page(server, "ann")
    ann.enter("builds")
    ann.page.context.set_offline(True)
    ann.page.wait_for_selector("#banner:has-text('You are offline')")
    ann.page.click("#show-directory")
    ann.page.wait_for_selector("#directory-told:has-text('The connection is lost; try again')")
    ann.page.fill("#join-name", "tea")
    ann.page.press("#join-name", "Enter")
    ann.page.wait_for_selector("#directory-told:has-text('The connection is lost; try again')")
    ann.page.keyboard.press("Escape")
    ann.page.hover(".room:has-text('#builds')")
    ann.page.click("[aria-label='Leave this room: #builds']")
    ann.expect("Not done, as the connection is lost: /leave #builds")
    ann.page.click("#show-invite")
    ann.expect("Not done, as the connection is lost: /invite")
    ann.page.context.set_offline(False)
    ann.wait_until_open()
    ann.expect_rooms("#lobby", "#builds")
    ann.page.click("#show-directory")
    ann.page.fill("#join-name", "te")
    expect_offered(ann, "#te new room", "#tea 1 here")
