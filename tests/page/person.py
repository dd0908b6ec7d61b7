"""Somebody who takes part by the web page."""

import re
from typing import Any

from tests.blackbox.server import Server

EXPECTED = re.compile(
    r"WebSocket connection to .* failed|net::ERR_|status of 50[03]|Failed to load resource"
)
"""What a browser says of a server that is away; everything else is a mistake of the page."""

SAID = """
    () => [...document.querySelectorAll("#log .entry:is(.say, .action) .text")]
        .map(text => text.textContent)
"""


READ_DOWN = """
    async () => {
        const [log, seen] = [document.querySelector("#log"), new Map()];
        for (;;) {
            for (const text of document.querySelectorAll("#log .entry:is(.say, .action) .text")) {
                const { entry } = text.closest(".entry");
                if (!seen.has(entry)) seen.set(entry, text.textContent);
            }
            const before = log.scrollTop;
            log.scrollTop += 1500;
            await new Promise(resolve => setTimeout(resolve, 60));
            if (log.scrollTop === before && document.querySelector("#jump").hidden)
                return [...seen.values()];
        }
    }
"""
"""Scrolls from the beginning to the end; the texts that are seen on the way, in their order."""


class PagePerson:
    """A page of the server, in a browser's `context`. What takes longer than 30 s is an error."""

    def __init__(self, context: Any, server: Server, path: str = "/", scheme: str = "http") -> None:
        host, port = server.address
        self.url = f"{scheme}://{host}:{port}{path}"
        self.complaints: list[str] = []
        self.page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(self.url)

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.complaints.append(message.text)

    def take_name(self, name: str) -> None:
        """Be called `name`, which is asked for at first."""
        self.page.fill("#ask-name", name)
        self.page.click("#ask-form button.main")
        self.wait_until_open()

    def wait_until_open(self) -> None:
        """Wait until the connection is there."""
        self.page.wait_for_selector("body[data-state=open]")

    def say(self, *lines: str) -> None:
        """Type lines, and send them one by one."""
        for line in lines:
            self.page.fill("#input", line)
            self.page.press("#input", "Enter")

    def said(self) -> list[str]:
        """The messages that are in the page."""
        texts = self.page.evaluate(SAID)
        assert isinstance(texts, list)
        return texts

    def read_all(self) -> list[str]:
        """The messages of the room, from the first one on: nobody has them all in sight."""
        self.page.wait_for_function(
            """() => {
                const log = document.querySelector("#log");
                log.scrollTop = 0;
                return log.classList.contains("whole");
            }"""
        )
        texts = self.page.evaluate(READ_DOWN)
        assert isinstance(texts, list)
        return texts

    def expect(self, text: str) -> None:
        """Wait until a line with `text` is in the page."""
        self.page.wait_for_function(
            "text => [...document.querySelectorAll('#log .line')]"
            ".some(line => line.textContent.includes(text))",
            arg=text,
        )

    def expect_said(self, texts: list[str]) -> None:
        """Wait until these messages are in the page, in this order, and no others."""
        self.page.wait_for_function(
            f"texts => JSON.stringify(({SAID})()) === JSON.stringify(texts)", arg=texts
        )

    def expect_rooms(self, *labels: str) -> None:
        """Wait until these rooms and conversations are listed."""
        self.page.wait_for_function(
            "labels => JSON.stringify(labels) === JSON.stringify("
            "[...document.querySelectorAll('#rooms .label')].map(each => each.textContent))",
            arg=list(labels),
        )

    def expect_people(self, *names: str) -> None:
        """Wait until these people are listed, in this order."""
        self.page.wait_for_function(
            "names => JSON.stringify(names) === JSON.stringify("
            "[...document.querySelectorAll('#people bdi')].map(each => each.textContent))",
            arg=list(names),
        )

    def enter(self, room: str) -> None:
        """Join a room, or open it, by its name."""
        self.page.click("#show-directory")
        self.page.fill("#join-name", room)
        self.page.press("#join-name", "Enter")
        self.page.wait_for_function(
            "room => document.querySelector('#room').textContent === '#' + room", arg=room
        )

    def go_to(self, label: str) -> None:
        """Look at a room or a conversation that is listed."""
        self.page.click(f"#rooms .room:has-text('{label}')")
