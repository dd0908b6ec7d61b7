"""The web page: names, rooms, people, talk and history, beside people who use nc."""

import pytest

from tests.blackbox.server import Server
from tests.conftest import StartServer
from tests.page.conftest import OpenPage

AT_END = """
    () => { const log = document.querySelector("#log");
            return document.querySelector("#jump").hidden
                && log.scrollHeight - log.scrollTop - log.clientHeight < 30; }
"""
"""Whether the last message is in sight."""


def test_somebody_comes_takes_a_name_and_talks_with_nc(server: Server, open_page: OpenPage) -> None:
    bob = server.person("bob")
    ann = open_page(server, "ann")
    bob.expect(" * ann joined")
    bob.say("hello from nc")
    ann.expect("bob: hello from nc")
    ann.say("hello from a page", "/me waves", "//not a command", "/usr/bin/ld: not found")
    bob.expect("ann: hello from a page")
    bob.expect(" ** ann waves")
    bob.expect("ann: /not a command")
    bob.expect("ann: /usr/bin/ld: not found")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    ann.expect_people("ann", "bob")
    assert ann.page.title() == "#lobby · gchat"
    ann.page.close()
    bob.expect(" * ann left")


def test_a_name_that_is_taken_is_asked_for_again(server: Server, open_page: OpenPage) -> None:
    server.person("bob")
    ann = open_page(server)
    ann.page.fill("#ask-name", "bob")
    ann.page.press("#ask-name", "Enter")
    ann.page.wait_for_selector("#ask-why:has-text('The name bob is taken')")
    ann.take_name("ann")
    ann.page.wait_for_selector("#me:has-text('You are ann')")


def test_several_lines_are_several_messages(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.page.fill("#input", "one")
    ann.page.press("#input", "Shift+Enter")
    ann.page.type("#input", "two")
    ann.page.press("#input", "Enter")
    bob.expect("ann: one")
    bob.expect("ann: two")
    ann.expect_said(["one", "two"])


def test_rooms_count_what_is_unread_and_are_left(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.enter("builds")
    ann.expect_rooms("#lobby", "#builds")
    bob.say("one", "two, ann")
    ann.page.wait_for_selector(".room:has-text('#lobby') .count.loud:has-text('2')")
    ann.page.wait_for_function("() => document.title === '(1!) #builds · gchat'")
    ann.go_to("#lobby")
    ann.expect_said(["one", "two, ann"])
    assert ann.page.locator("mark").all_inner_texts() == ["ann"]
    ann.page.wait_for_function("() => !document.querySelector('.room .count')")
    ann.say("/leave")
    ann.page.wait_for_function("() => document.querySelector('#room').textContent === '#builds'")
    ann.expect_rooms("#builds")
    bob.say("/join builds", "here as well")
    ann.expect("bob: here as well")


@pytest.mark.parametrize("count", [60, 300])
def test_a_room_is_shown_from_where_it_was_looked_at(
    server: Server, open_page: OpenPage, count: int
) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say(*(f"before {number}" for number in range(60)))
    ann.expect("before 59")
    ann.enter("builds")
    bob.say(*(f"meanwhile {number}" for number in range(count)))
    ann.page.wait_for_selector(f".room:has-text('#lobby') .count:has-text('{count}')")
    ann.go_to("#lobby")
    in_sight = """
        text => { const log = document.querySelector("#log").getBoundingClientRect();
                  const found = [...document.querySelectorAll("#log .new, #log .line")]
                      .find(each => each.textContent.includes(text))?.getBoundingClientRect();
                  return found && found.top >= log.top && found.bottom <= log.bottom; }
    """
    for text in ("New since you looked", "before 59", "meanwhile 0"):
        ann.page.wait_for_function(in_sight, arg=text)
    assert not ann.page.evaluate(in_sight, f"meanwhile {count - 1}")
    ann.page.click("#jump")
    ann.page.wait_for_function(in_sight, arg=f"meanwhile {count - 1}")
    ann.page.wait_for_function("() => !document.querySelector('.room .count')")


def test_what_is_new_is_what_others_have_said(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("before")
    ann.expect("bob: before")
    ann.enter("builds")
    cleo = server.person("cleo")
    bob.expect(" * cleo joined")
    cleo.say("/quit")
    bob.expect(" * cleo left")
    ann.go_to("#lobby")
    ann.expect("cleo left")
    assert not ann.page.is_visible(".new")
    ann.go_to("#builds")
    server.person("dora").say("hello")
    bob.expect("dora: hello")
    ann.go_to("#lobby")
    ann.page.wait_for_selector(".entry:has-text('dora: hello') .new")
    assert ann.page.locator(".new").count() == 1


def test_a_link_leads_into_a_room(server: Server, open_page: OpenPage) -> None:
    ann = open_page(server, "ann", "/?room=Builds")
    assert ann.page.inner_text("#room") == "#builds"
    ann.expect_rooms("#lobby", "#builds")


def test_topics_people_and_new_names_are_kept_up_to_date(
    server: Server, open_page: OpenPage
) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("/topic see https://tea.example/x")
    ann.page.wait_for_selector("#topic a[href='https://tea.example/x']")
    bob.say("/nick robert")
    ann.page.wait_for_selector("#people bdi:has-text('robert')")
    server.person("cleo")
    ann.page.wait_for_selector("#people bdi:has-text('cleo')")
    bob.say("/quit")
    ann.page.wait_for_function(
        "() => !document.querySelector('#people').textContent.includes('robert')"
    )


def test_direct_messages_are_conversations(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("/msg ann psst")
    ann.page.wait_for_selector(".room:has-text('@bob') .count.loud")
    ann.go_to("@bob")
    ann.expect("bob: psst")
    ann.say("what?")
    bob.expect("ann -> bob: what?")
    ann.expect_said(["psst", "what?"])
    ann.expect_people("bob")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    ann.go_to("#lobby")
    ann.say("/msg bob again")
    bob.expect("ann -> bob: again")
    ann.say("/msg nobody hello")
    ann.expect("Not sent: Nobody here is called nobody")


def test_commands_answer_and_refusals_say_why(server: Server, open_page: OpenPage) -> None:
    ann = open_page(server, "ann")
    ann.say("/uptime")
    ann.expect("Up since")
    ann.say("/nosuch")
    ann.expect("Unknown command /nosuch")
    ann.say("/nick anna")
    ann.page.wait_for_function("() => document.querySelector('#me').textContent === 'You are anna'")


def test_history_scrolls_back_to_the_beginning_each_line_once(
    server: Server, open_page: OpenPage
) -> None:
    bob = server.person("bob")
    server.program("/nick bot", *(f"line {number}" for number in range(1200)))
    bob.expect("bot: line 1199")
    ann = open_page(server, "ann")
    ann.expect("bot: line 1199")
    assert ann.read_all() == [f"line {number}" for number in range(1200)]
    assert ann.page.evaluate("() => document.querySelectorAll('*').length") < 2000


def test_a_flood_leaves_the_newest_in_sight_and_misses_nothing(
    server: Server, open_page: OpenPage
) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("before")
    ann.expect("before")
    texts = [f"line {number}" for number in range(1500)]
    server.program("/nick bot", *texts)
    ann.expect("line 1499")
    ann.page.wait_for_function(AT_END)
    assert ann.page.evaluate("() => document.querySelectorAll('*').length") < 2000
    assert ann.read_all() == ["before", *texts]


def test_a_banner_leaves_the_newest_in_sight(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say(*(f"line {number}" for number in range(60)))
    ann.expect("line 59")
    ann.page.wait_for_function(AT_END)
    ann.page.evaluate(
        """() => { document.querySelector("#banner").hidden = false;
                  document.querySelector("#banner").textContent = "no connection";
                  document.querySelector("#log").dispatchEvent(new Event("scroll")); }"""
    )
    bob.say("one more")
    ann.expect("one more")
    ann.page.wait_for_function(AT_END)


def test_what_was_said_before_the_end_is_shown(
    start_server: StartServer, open_page: OpenPage
) -> None:
    """What comes is taken in by and by, but before what the end of the connection means."""
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    op, ann = server.person("op"), open_page(server, "ann")
    op.say("/op abracadabra")
    op.expect("You are now an operator")
    op.say(*(f"line {number}" for number in range(1500)), "/kick ann")
    ann.page.wait_for_selector("#banner:has-text('kicked by op')")
    ann.expect("line 1499")


def test_names_and_commands_are_completed(server: Server, open_page: OpenPage) -> None:
    server.person("bobby")
    ann = open_page(server, "ann")
    ann.page.wait_for_selector("#people bdi:has-text('bobby')")
    ann.page.type("#input", "bo")
    ann.page.press("#input", "Tab")
    assert ann.page.input_value("#input") == "bobby: "
    ann.page.fill("#input", "")
    ann.page.type("#input", "/upt")
    ann.page.wait_for_selector("#choices li:has-text('/uptime')")
    ann.page.press("#input", "Tab")
    assert ann.page.input_value("#input") == "/uptime"


def test_a_draft_waits_in_its_room(server: Server, open_page: OpenPage) -> None:
    ann = open_page(server, "ann")
    ann.page.fill("#input", "half a thou")
    ann.enter("builds")
    assert ann.page.input_value("#input") == ""
    ann.go_to("#lobby")
    assert ann.page.input_value("#input") == "half a thou"


def test_what_is_found_leads_to_its_place(server: Server, open_page: OpenPage) -> None:
    bob = server.person("bob")
    server.program("/nick bot", *(f"line {number}" for number in range(600)))
    bob.expect("bot: line 599")
    ann = open_page(server, "ann")
    ann.page.keyboard.press("Control+k")
    ann.page.fill("#find-text", "line 23 ")
    ann.page.press("#find-text", "Enter")
    ann.page.click("#found button:has-text('line 230')")
    ann.page.wait_for_selector(".entry.found:has-text('line 230')")
    ann.page.wait_for_selector("text=line 235")


def test_a_deleted_message_goes_out_of_sight(
    start_server: StartServer, open_page: OpenPage
) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("something rude")
    ann.expect("something rude")
    ann.say("/op abracadabra")
    ann.expect("You are now an operator")
    ann.page.click(".entry:has-text('rude') .act")
    ann.page.click("#menu button:has-text('Delete this message')")
    ann.expect("deleted by ann")
    assert "rude" not in ann.page.inner_text("#log")


def test_the_password_is_asked_for(start_server: StartServer, open_page: OpenPage) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open sesame"})
    server.password = "open sesame"
    ann = open_page(server)
    ann.page.fill("#ask-name", "ann")
    ann.page.press("#ask-name", "Enter")
    ann.page.fill("#ask-password", "wrong")
    ann.page.press("#ask-password", "Enter")
    ann.page.wait_for_selector("#ask-why:has-text('Wrong password')")
    ann.page.fill("#ask-password", "open sesame")
    ann.page.press("#ask-password", "Enter")
    ann.wait_until_open()
    bob = server.person("bob")
    ann.say("hello")
    bob.expect("ann: hello")
    ann.page.reload()
    ann.wait_until_open()


@pytest.mark.options("--web-title", "Café & <Tea>")
def test_the_page_has_the_title_of_the_server(server: Server, open_page: OpenPage) -> None:
    ann = open_page(server)
    assert ann.page.title() == "Café & <Tea>"
