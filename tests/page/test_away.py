"""The web page and people who are away: this person, and others."""

from pathlib import Path
from signal import SIGTERM

from tests.blackbox.server import Server
from tests.conftest import StartServer
from tests.page.conftest import OpenPage


def test_a_person_is_away_until_they_are_back(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.page.click("#show-away")
    ann.page.fill("#away-text", "lunch, back at two")
    ann.page.press("#away-text", "Enter")
    ann.page.wait_for_selector("#state:has-text('away: lunch, back at two')")
    ann.page.wait_for_selector("#people .away:has-text('ann') >> text=away: lunch, back at two")
    bob.say("/msg ann psst")
    bob.expect("ann is away: lunch, back at two")
    ann.page.click("#show-away")
    assert ann.page.input_value("#away-text") == "lunch, back at two"
    ann.page.click("#end-away")
    ann.page.wait_for_function("() => document.querySelector('#state').textContent === 'here'")
    ann.page.wait_for_function("() => !document.querySelector('#people .away')")
    bob.say("/whois ann")
    bob.expect("ann: in #lobby")
    assert not [line for line in bob.unread() if "away" in line]


def test_away_needs_no_reason_and_a_message_ends_it(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.page.click("#show-away")
    ann.page.keyboard.press("Escape")
    ann.page.click("#show-away")
    assert ann.page.is_hidden("#end-away")
    ann.page.click("#set-away")
    ann.page.wait_for_selector("#state:has-text('away: not at the keyboard')")
    ann.say("here I am")
    bob.expect("ann: here I am")
    ann.page.wait_for_function("() => document.querySelector('#state').textContent === 'here'")


def test_others_who_are_away_are_marked_until_they_speak(
    server: Server, open_page: OpenPage
) -> None:
    bob = server.person("bob")
    bob.say("/away tea")
    bob.expect("You are away")
    ann = open_page(server, "ann")
    ann.page.wait_for_selector("#people .away:has-text('bob') >> text=away: tea")
    bob.say("back")
    ann.expect("bob: back")
    ann.page.wait_for_function("() => !document.querySelector('#people .away')")
    bob.say("/away again")
    bob.expect("You are away")
    ann.say("/msg bob hello")
    ann.expect("bob is away: again")
    ann.go_to("#lobby")
    ann.page.wait_for_selector("#people .away:has-text('bob') >> text=away: again")


def test_one_stays_away_while_the_server_starts_again(
    start_server: StartServer, open_page: OpenPage, tmp_path: Path
) -> None:
    options = ["--history", str(tmp_path / "chat.db")]
    server = start_server(*options)
    ann = open_page(server, "ann")
    ann.say("/away lunch")
    ann.page.wait_for_selector("#state:has-text('away: lunch')")
    server.signal(SIGTERM)
    server.wait()
    ann.page.wait_for_selector("#banner:not([hidden])")
    ann.say("/uptime")
    ann.expect("Not done, as the connection is lost: /uptime")
    again = start_server(*options, port=server.address[1])
    ann.wait_until_open()
    bob = again.person("bob")
    bob.say("/msg ann psst")
    bob.expect("ann is away: lunch")
    assert ann.page.inner_text("#state").endswith("away: lunch")


def test_who_is_away_is_asked_anew_for_somebody_who_comes_back_to_the_page(
    server: Server, open_page: OpenPage
) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.say("hello")  # behind all that a page asks when it comes
    bob.expect("ann: hello")
    bob.say("/away tea")
    bob.expect("You are away")
    in_a_minute = """
        () => { const now = Date.now;
                Date.now = () => now() + 61000;
                dispatchEvent(new Event("focus"));
                Date.now = now; }
    """
    ann.page.evaluate("() => dispatchEvent(new Event('focus'))")
    ann.say("not yet")
    bob.expect("ann: not yet")
    assert ann.page.locator("#people .away").count() == 0
    ann.page.evaluate(in_a_minute)
    ann.page.wait_for_selector("#people .away:has-text('bob') >> text=away: tea")
