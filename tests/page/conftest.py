"""A browser, and pages in it. The browser is Debian's: Playwright's own need not be fetched."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.page.person import PagePerson

CHROMIUM = which("chromium") or ""
SCREENSHOTS = Path("/tmp/gchat-page")
"""Where a picture of each page of a test that failed is left."""

playwright = pytest.importorskip("playwright.sync_api")

OpenPage = Callable[..., PagePerson]
"""Takes what `PagePerson` takes, and options for Playwright's new_context."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One for all tests; each has profiles of its own."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Note whether the test itself has failed, for `open_page`."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages, each with a profile of its own; at the end none may have complained."""
    people: list[PagePerson] = []

    def open_it(
        server: Any, name: str = "", path: str = "/", scheme: str = "http", **options: Any
    ) -> PagePerson:
        context = options.pop("context", None) or browser.new_context(**options)
        people.append(PagePerson(context, server, path, scheme))
        if name:
            people[-1].take_name(name)
        return people[-1]

    yield open_it
    if request.node.stash.get(FAILED, False):
        SCREENSHOTS.mkdir(exist_ok=True)
        for number, person in enumerate(people):
            shown = re.sub(r"\W+", "-", request.node.name)
            person.page.screenshot(path=SCREENSHOTS / f"{shown}-{number}.png")
    complaints = [each for person in people for each in person.complaints]
    for person in people:
        person.page.context.close()
    assert not complaints
