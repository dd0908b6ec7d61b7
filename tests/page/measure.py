"""How long the page keeps the browser busy: `python -m tests.page.measure`, some seconds.

A room has 10,000 messages. They are scrolled back to the first one, and 2,000 more come at once.
The longest task is what a person would feel; on a machine with other things to do, what it takes
of CPU is what the page can be blamed for. The figures are those of Debian's Chromium, without a
screen.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.blackbox.server import Server
from tests.page.conftest import CHROMIUM
from tests.page.person import PagePerson

MESSAGES = 10_000
FLOOD = 2_000

LONG = 50
"""Milliseconds of a task that people begin to feel."""

TASK, MAIN = "ThreadControllerImpl::RunTask", "CrRendererMain"
"""What Chromium calls a task, and the thread of a page, in a trace."""

TO_THE_TOP = """
    () => { const log = document.querySelector("#log");
            log.scrollTop = Math.max(0, log.scrollTop - 3000);
            return log.classList.contains("whole"); }
"""


@contextmanager
def report(what: str, page: Any) -> Iterator[None]:
    """Print how long the longest tasks of the page took which happened meanwhile."""
    browser, began = page.context.browser, time.monotonic()
    browser.start_tracing(page=page, categories=["toplevel"])
    yield
    took = time.monotonic() - began
    tasks = tasks_of(json.loads(browser.stop_tracing())["traceEvents"])
    longest, cpu = (max(task[at] for task in tasks) for at in (0, 1))
    count = sum(task[0] > LONG for task in tasks)
    nodes = page.evaluate("() => document.querySelectorAll('*').length")
    print(
        f"{what}: {took:.1f} s, longest task {longest:.0f} ms ({count} over {LONG} ms), "
        f"at most {cpu:.0f} ms of CPU; {nodes} nodes in the page"
    )


def tasks_of(events: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """The tasks of the page in a trace: of each, milliseconds, and milliseconds of CPU."""
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == MAIN
    }
    return [
        (event["dur"] / 1000, event.get("tdur", 0) / 1000)
        for event in events
        if event["name"] == TASK and "dur" in event and (event["pid"], event["tid"]) in threads
    ]


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
            with report("coming", ann.page):
                ann.take_name("ann")
                ann.expect(f"bot: {MESSAGES - 1} ")
            with report(f"scrolling back over {MESSAGES} messages", ann.page):
                ann.page.wait_for_function(TO_THE_TOP, timeout=120_000)
            with report("to the newest", ann.page):
                ann.page.click("#jump")
                ann.expect(f"bot: {MESSAGES - 1} ")
            with report(f"{FLOOD} messages at once", ann.page):
                talker.say(*(f"flood {number}" for number in range(FLOOD)))
                ann.expect(f"flood {FLOOD - 1}")
            browser.close()
    finally:
        server.dispose()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))
