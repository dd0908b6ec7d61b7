"""The web page in small and in large: nothing is cut off, all can be reached with the keyboard."""

from typing import Any

import pytest

from tests.blackbox.server import Server
from tests.page.conftest import OpenPage

SIZES = [(320, 568), (390, 844), (768, 1024), (1280, 800)]

FITS = """
    () => [...document.querySelectorAll("header, main, #log, #composer, #input, #send, #banner")]
        .filter(node => node.getClientRects().length)
        .filter(node => { const box = node.getBoundingClientRect();
                          return box.left < -1 || box.right > innerWidth + 1; })
        .map(node => node.id || node.tagName)
        .concat(document.documentElement.scrollWidth > innerWidth ? ["page"] : [])
"""


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wider_than_the_screen(
    server: Server, open_page: OpenPage, size: tuple[int, int]
) -> None:
    bot = server.json_program("a-name-of-24-letters-all")
    bot.carry_out(command=f"/topic {'a long topic ' * 12}")
    ann = open_page(server, "ann", viewport={"width": size[0], "height": size[1]})
    bot.carry_out(text="word " * 200)
    bot.carry_out(text="x" * 500)
    bot.carry_out(text="https://example.com/" + "path/" * 60)
    bot.carry_out(text="مرحبا بالعالم " * 30)
    ann.expect("https://example.com/")
    ann.page.wait_for_function("() => document.querySelectorAll('.say').length === 4")
    ann.page.wait_for_function(f"() => ({FITS})().length === 0")


def test_drawers_open_and_close_on_a_phone(server: Server, open_page: OpenPage) -> None:
    server.person("bob")
    ann = open_page(server, "ann", viewport={"width": 320, "height": 568}, has_touch=True)
    assert not ann.page.is_visible("#rooms")
    ann.page.tap("#show-left")
    ann.page.wait_for_selector("#rooms .room", state="visible")
    ann.page.tap("#show-directory")
    ann.page.fill("#join-name", "builds")
    ann.page.press("#join-name", "Enter")
    ann.page.wait_for_function("() => document.querySelector('#room').textContent === '#builds'")
    ann.page.wait_for_selector("#left", state="hidden")
    ann.page.tap("#show-right")
    ann.page.wait_for_selector("#people .person", state="visible")
    ann.page.keyboard.press("Escape")
    ann.page.wait_for_selector("#right", state="hidden")


@pytest.mark.parametrize("size", [SIZES[0], SIZES[-1]])
def test_ones_own_name_is_not_cut_off(
    server: Server, open_page: OpenPage, size: tuple[int, int]
) -> None:
    ann = open_page(server, "ann", viewport={"width": size[0], "height": size[1]})
    cut = """
        () => { const [node, side] = ["#show-away", "#left"].map(e => document.querySelector(e));
                const [box, around] = [node, side].map(each => each.getBoundingClientRect());
                return node.scrollWidth > node.clientWidth || node.scrollHeight > node.clientHeight
                    || box.right > around.right + 1 || box.bottom > innerHeight + 1; }
    """
    for name in ("W" * 24, "אבגדהוזחטיכלמנסעפצקרש", "ann"):
        ann.say(f"/nick {name}", "/away lunch, and then a long walk around the lake")
        ann.page.wait_for_function(
            "name => document.querySelector('#me').textContent === `You are ${name}`", arg=name
        )
        ann.page.wait_for_function("() => document.querySelector('#state').textContent.length > 9")
        if size[0] < 760:
            ann.page.click("#show-left")
            ann.page.wait_for_selector("#show-away", state="visible")
        assert ann.page.is_visible("#show-invite")
        ann.page.wait_for_function(f"() => !({cut})()")
        ann.page.keyboard.press("Escape")
        ann.page.wait_for_selector("#left", state="hidden" if size[0] < 760 else "visible")


def test_all_can_be_done_with_the_keyboard(server: Server, open_page: OpenPage) -> None:
    bob = server.person("bob")
    ann = open_page(server)
    ann.page.keyboard.type("ann")
    ann.page.keyboard.press("Enter")
    ann.wait_until_open()
    ann.page.keyboard.press("Tab")
    seen: set[str] = set()
    for _ in range(40):
        seen.add(ann.page.evaluate("() => document.activeElement.id"))
        ann.page.keyboard.press("Tab")
    assert {"show-find", "show-settings", "show-directory", "show-away", "log", "input"} <= seen
    ann.page.focus("#input")
    ann.page.keyboard.type("hello")
    ann.page.keyboard.press("Enter")
    bob.expect("ann: hello")


def test_what_a_screen_reader_is_told_of_a_message(server: Server, open_page: OpenPage) -> None:
    bob, ann = server.person("bob"), open_page(server, "ann")
    bob.say("hello", "again")
    ann.expect("again")
    ann.page.wait_for_selector("#log[aria-live=polite]")
    assert ann.page.get_attribute("#log", "role") == "log"
    lines = ann.page.locator(".say .line").all_text_contents()
    assert [line.partition(" ")[2] for line in lines] == ["bob: hello", "bob: again"]
    names: Any = ann.page.evaluate(
        """() => [...document.querySelectorAll("button, input, textarea")]
            .filter(node => !(node.textContent.trim() || node.labels?.length
                              || node.getAttribute("aria-label")))
            .map(node => node.outerHTML)"""
    )
    assert names == []
