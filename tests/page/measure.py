"""How long the page keeps the browser busy: `python -m tests.page.measure`, some seconds.

A room has 10,000 messages. They are scrolled back to the first one, and 2,000 more come at once.
The longest task is what a person would feel; the figures are those of Debian's Chromium, without a
screen.
"""

import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.blackbox.server import Server
from tests.page.conftest import CHROMIUM
from tests.page.person import PagePerson

MESSAGES = 10_000
FLOOD = 2_000

OBSERVE = """
    () => { window.tasks = [];
            new PerformanceObserver(list => tasks.push(...list.getEntries().map(e => e.duration)))
                .observe({ entryTypes: ["longtask"] }); }
"""

TO_THE_TOP = """
    () => { const log = document.querySelector("#log");
            log.scrollTop = Math.max(0, log.scrollTop - 3000);
            return log.classList.contains("whole"); }
"""


def report(what: str, page: Any, began: float) -> None:
    """Print the long tasks since the last report."""
    tasks = sorted(page.evaluate("() => window.tasks.splice(0)"))
    nodes = page.evaluate("() => document.querySelectorAll('#log .entry').length")
    longest = f"longest task {tasks[-1]:.0f} ms" if tasks else "no task over 50 ms"
    took = time.monotonic() - began
    print(f"{what}: {took:.1f} s, {longest}, {len(tasks)} over 50 ms, {nodes} entries in the page")


def measure(folder: Path) -> None:
    """Print what coming, scrolling and a flood take."""
    server = Server("--rate", "0", "--history", str(folder / "chat.db"))
    server.wait_until_it_listens()
    try:
        bob = server.person("bob")
        lines = [f"{number} {'word ' * (number % 20)}" for number in range(MESSAGES)]
        talker = server.program("/nick bot", *lines)
        bob.expect(f"bot: {MESSAGES - 1} ")
        with sync_playwright() as started:
            browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            ann = PagePerson(browser.new_context(), server)
            ann.page.evaluate(OBSERVE)
            began = time.monotonic()
            ann.take_name("ann")
            ann.expect(f"bot: {MESSAGES - 1} ")
            report("coming", ann.page, began)
            began = time.monotonic()
            ann.page.wait_for_function(TO_THE_TOP, timeout=120_000)
            report(f"scrolling back over {MESSAGES} messages", ann.page, began)
            began = time.monotonic()
            ann.page.click("#jump")
            ann.expect(f"bot: {MESSAGES - 1} ")
            report("to the newest", ann.page, began)
            began = time.monotonic()
            talker.say(*(f"flood {number}" for number in range(FLOOD)))
            ann.expect(f"flood {FLOOD - 1}")
            report(f"{FLOOD} messages at once", ann.page, began)
            browser.close()
    finally:
        server.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
