"""The web page over lost connections, reloads and restarts: nothing is lost or comes twice."""

from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from typing import Any

import pytest

from tests.blackbox.http_clients import curl
from tests.blackbox.server import Server
from tests.conftest import StartServer
from tests.page.conftest import OpenPage


@pytest.fixture(params=["file", "memory"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """With a history file, there are tokens."""
    return ["--history", str(tmp_path / "chat.db")] if request.param == "file" else []


@pytest.fixture
def server(start_server: StartServer, options: list[str]) -> Server:
    return start_server(*options)


def test_a_reload_shows_the_same_and_no_line_twice(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.enter("builds")
    ann.go_to("#lobby")
    bob.say("one")
    ann.expect("one")
    ann.say("two")
    bob.expect("ann: two")
    for _ in range(3):
        ann.page.reload()
        ann.wait_until_open()
        ann.expect_said(["one", "two"])
        ann.expect_rooms("#lobby", "#builds")
        ann.page.wait_for_selector("#me:has-text('You are ann')")


def test_what_is_typed_before_the_page_is_back_is_sent(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    ann.say("before")
    bob.expect("ann: before")
    ann.page.reload(wait_until="domcontentloaded")
    ann.say("too early")
    bob.expect("ann: too early")
    ann.expect_said(["before", "too early"])


def test_what_is_said_while_it_is_offline_comes_once(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("before")
    ann.expect("before")
    ann.page.context.set_offline(True)
    ann.page.wait_for_selector("#banner:has-text('You are offline')")
    bob.say(*(f"meanwhile {number}" for number in range(200)))
    ann.say("typed meanwhile")
    ann.page.wait_for_selector(".pending")
    ann.page.context.set_offline(False)
    ann.wait_until_open()
    bob.expect("ann: typed meanwhile")
    meanwhile = [f"meanwhile {number}" for number in range(200)]
    ann.expect("meanwhile 199")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    assert ann.page.is_hidden("#banner")
    bob.say("after")
    ann.expect("after")
    assert ann.read_all() == ["before", *meanwhile, "typed meanwhile", "after"]
    assert [line for line in bob.unread() if "typed" in line] == []


def test_a_server_that_stands_still_loses_nothing(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    server.signal(SIGSTOP)
    ann.say("are you there?")
    ann.page.wait_for_selector("#banner:has-text('does not answer')")
    server.signal(SIGCONT)
    bob.expect("ann: are you there?")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    ann.wait_until_open()
    assert ann.said() == ["are you there?"]


@pytest.mark.parametrize("end", [SIGTERM, SIGKILL])
def test_it_comes_back_after_a_restart(
    start_server: StartServer, options: list[str], open_page: OpenPage, end: int
) -> None:
    server = start_server(*options)
    ann = open_page(server, "ann")
    ann.say("before")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    server.process.send_signal(end)
    server.wait()
    ann.page.wait_for_selector("#banner:not([hidden])")
    ann.say("typed while it was away")
    again = start_server(*options, port=server.address[1])
    bob = again.person("bob")
    ann.wait_until_open()
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    bob.say("hello")
    ann.expect("bob: hello")
    ann.expect_said(["before", "typed while it was away", "hello"])
    said = curl(again, "/lobby/raw?poll=1").body.splitlines()
    assert said[-2:] == ["ann: typed while it was away", "bob: hello"]
    assert said.count("ann: typed while it was away") == 1


def test_a_second_tab_takes_over_and_the_first_can_take_back(
    start_server: StartServer, tmp_path: Path, open_page: OpenPage
) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"))
    bob, first = server.person("bob"), open_page(server, "ann")
    bob.say("one")
    first.expect("one")
    second = open_page(server, context=first.page.context)
    second.wait_until_open()
    second.expect_said(["one"])
    first.page.wait_for_selector("#banner:has-text('another tab')")
    first.page.wait_for_selector("body[data-state='taken over']")
    bob.say("two")
    second.expect_said(["one", "two"])
    first.page.click("#banner button:has-text('Use here')")
    first.wait_until_open()
    first.expect_said(["one", "two"])
    second.page.wait_for_selector("#banner:has-text('another tab')")
    assert bob.who() == ["ann", "bob"]


class Way:
    """The way of a page's WebSockets to the server."""

    def __init__(self, context: Any) -> None:
        self.is_cut = self.is_late = False
        """Nothing gets through; nothing of what the page sends does."""
        self.came: list[str] = []
        """What the page was sent."""
        self._ends: list[Any] = []
        context.route_web_socket("**/ws", self._connect)

    def cut(self) -> None:
        """End the connection, and let none through until `is_cut` is false."""
        self.is_cut = True
        for each in self._ends:
            each.close()

    def _connect(self, page: Any) -> None:
        if self.is_cut:
            page.close()
            return
        server = page.connect_to_server()
        self._ends = [page, server]

        def pass_on(data: str) -> None:
            self.came.append(data)
            page.send(data)

        page.on_message(lambda data: self.is_late or server.send(data))
        server.on_message(pass_on)


def test_what_is_shown_to_a_newcomer_that_will_resume_does_not_count(
    browser: Any, start_server: StartServer, tmp_path: Path, open_page: OpenPage
) -> None:
    """On a slow network it hears others before the server knows it; then the network fails."""
    server = start_server("--history", str(tmp_path / "chat.db"))
    context = browser.new_context()
    way = Way(context)
    bob, ann = server.person("bob"), open_page(server, "ann", context=context)
    bob.say("one")
    ann.expect_said(["one"])
    way.cut()
    bob.say("two")
    while "ann" in bob.who():
        ann.page.wait_for_timeout(20)
    way.is_late, way.is_cut = True, False
    while len(bob.who()) == 1:
        ann.page.wait_for_timeout(20)
    bob.say("three")
    while not any('"three"' in each for each in way.came):
        ann.page.wait_for_timeout(20)
    way.cut()
    way.is_late = way.is_cut = False
    ann.expect_said(["one", "two", "three"])


def test_a_token_of_nc_leads_into_the_page(
    start_server: StartServer, tmp_path: Path, open_page: OpenPage
) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"))
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("/join builds", "from nc", "/token")
    token = bob.expect("/resume ").rpartition(" ")[2]
    ann.say(f"/resume {token}")
    bob.expect("Disconnected: your token was used on another connection")
    ann.page.wait_for_selector("#me:has-text('You are bob')")
    ann.expect_rooms("#builds")
    ann.expect("from nc")
    ann.say("from the page")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    ann.page.reload()
    ann.wait_until_open()
    ann.expect_said(["from nc", "from the page"])
    ann.page.wait_for_selector("#me:has-text('You are bob')")


def test_a_kick_is_told_and_the_page_stays_away(
    start_server: StartServer, open_page: OpenPage
) -> None:
    server = start_server(environment={"GCHAT_OP_PASSWORD": "abracadabra"})
    op, ann = server.person("op"), open_page(server, "ann")
    op.say("/op abracadabra")
    op.expect("You are now an operator")
    op.say("/kick ann noise")
    ann.page.wait_for_selector("#banner:has-text('kicked by op: noise')")
    ann.page.click("#banner button:has-text('Connect')")
    ann.wait_until_open()
