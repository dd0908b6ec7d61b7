"""The picture in README.md: `python -m tests.page.picture` writes docs/page.png.

A real page beside what somebody with nc sees of the same conversation.
"""

import base64
import html
import io
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.blackbox.connection import Person
from tests.blackbox.server import ROOT, Server
from tests.page.conftest import CHROMIUM
from tests.page.person import PagePerson

PAGE = {"width": 860, "height": 480}
COLOURS = 128

FRAME = """
    <body style="margin:0; display:flex; gap:14px; padding:14px; background:#e9ebee; width:1310px">
    <img src="data:image/png;base64,{page}" style="border-radius:8px; box-shadow:0 1px 5px #0005">
    <pre style="margin:0; flex:1; background:#16181d; color:#e4e7ec; border-radius:8px;
        font:13px/1.5 monospace; padding:14px; white-space:pre-wrap; box-shadow:0 1px 5px #0005"
    >{terminal}</pre>
"""


class Terminal:
    """Somebody with nc, and what is on their screen."""

    def __init__(self, server: Server) -> None:
        self.person: Person = server.person()
        self._screen = ["$ nc chat.example 7878", *self.person.welcome.splitlines()]

    def take_name(self, name: str) -> None:
        """Type the first command."""
        self.person.say(f"/nick {name}")
        shown = self.person.lines_until(f"You are now {name}")
        self._screen += [*shown[:-1], f"\0/nick {name}", shown[-1]]

    def type(self, line: str) -> None:
        """Type a line, which nc shows as it is typed."""
        self._screen += [*self.person.unread(), f"\0{line}"]
        self.person.say(line)

    def screen(self) -> str:
        """What is on the screen, as HTML; what was typed is in bold."""
        lines = [*self._screen, *self.person.unread()]
        shown = [
            f"<b>{html.escape(line[1:])}</b>" if line.startswith("\0") else html.escape(line)
            for line in lines
            if not line.startswith(" * /redraw") and " here: " not in line
        ]
        return "\n".join(shown).replace(self.person.address, "10.0.0.7:42188")


def converse(server: Server, browser: Any) -> tuple[PagePerson, Terminal]:
    """Ann has the page, bob has nc."""
    cleo = server.person("cleo")
    cleo.say("/topic release on Thursday: https://wiki.example/release")
    cleo.expect("You set the topic")
    ann = PagePerson(browser.new_context(viewport=PAGE), server)
    ann.take_name("ann")
    ann.say("morning! is the staging database back?")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    bob = Terminal(server)
    bob.take_name("bob")
    ann.page.wait_for_selector("#people bdi:has-text('bob')")
    bob.type("restarting it now, systemctl hung again")
    ann.expect("systemctl hung again")
    cleo.say("`df -h` says /var is at 98 %")
    ann.expect("98 %")
    ann.say("that is the journal: `journalctl --vacuum-size=2G`")
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    bob.type("ann: that helped, it is up. thanks!")
    ann.expect("thanks!")
    cleo.say("/me gets coffee")
    ann.expect("gets coffee")
    ann.enter("builds")
    ann.go_to("#lobby")
    cleo.say("/join builds", "nightly is green", "/msg ann cake in the kitchen")
    ann.page.wait_for_selector(".room:has-text('@cleo') .count")
    return ann, bob


def main() -> None:
    """Write the picture."""
    server = Server()
    server.wait_until_it_listens()
    try:
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            ann, bob = converse(server, browser)
            ann.page.evaluate("() => document.activeElement.blur()")
            ann.page.mouse.move(400, 10)
            page = base64.b64encode(ann.page.screenshot()).decode()
            frame = browser.new_page(viewport={"width": 1340, "height": PAGE["height"] + 28})
            frame.set_content(FRAME.format(page=page, terminal=bob.screen()))
            picture = Image.open(io.BytesIO(frame.screenshot()))
            picture.convert("RGB").quantize(COLOURS).save(ROOT / "docs/page.png", optimize=True)
            browser.close()
    finally:
        server.dispose()


if __name__ == "__main__":
    main()
