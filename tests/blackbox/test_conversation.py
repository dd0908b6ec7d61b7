"""Two people at two terminals: docs/using.md shows what is on their screens."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from shutil import which

import pytest

from tests.blackbox.connection import TIME
from tests.blackbox.readme import code_blocks
from tests.blackbox.server import Server
from tests.blackbox.terminal import Screen
from tests.blackbox.test_clients import needs_nc

pytestmark = [
    needs_nc,
    pytest.mark.skipif(not which("tmux"), reason="tmux is not installed (Debian: tmux)"),
]

Screens = tuple[Screen, Screen]


@pytest.fixture
def screens(server: Server) -> Iterator[Screens]:
    """Ann's and Bob's, each with a shell."""
    with ExitStack() as stack:
        ann, bob = (stack.enter_context(Screen()) for _ in range(2))
        yield ann, bob


def masked(lines: list[str]) -> list[str]:
    """`lines` without what is another one each time: ports, and times of day."""
    text = re.sub(r"(127\.0\.0\.1[: ])\d+", r"\1PORT", "\n".join(lines))
    return re.sub(TIME, "[TIME] ", text).split("\n")


def type_line(screen: Screen, text: str) -> None:
    """Type `text` and press Enter, when the screen shows it."""
    screen.type(text)
    screen.expect(text)
    screen.press("Enter")


def join(screen: Screen, server: Server) -> None:
    host, port = server.address
    screen.expect("$")
    type_line(screen, f"nc {host} {port}")
    screen.expect("/help lists the commands.")


def test_the_conversation_in_the_manual_looks_as_it_is_shown_there(
    server: Server, screens: Screens
) -> None:
    ann, bob = screens
    join(ann, server)
    type_line(ann, "/nick ann")
    ann.expect("You are now ann")
    type_line(ann, "/redraw on")
    ann.expect("Ctrl-R shows your line again")
    type_line(ann, "/join orders")
    ann.expect("nobody else is here")
    type_line(ann, "/topic why orders are slow")
    ann.expect("You set the topic: why orders are slow")
    type_line(ann, "is anybody looking at it?")

    with_ann = server.descriptors()
    join(bob, server)
    type_line(bob, "/nick bob")
    bob.expect("You are now bob")
    type_line(bob, "/redraw on")
    bob.expect("Ctrl-R shows your line again")
    type_line(bob, "/rooms")
    bob.expect("why orders are slow")
    type_line(bob, "/join orders")
    bob.expect("ann: is anybody looking at it?")
    ann.expect("bob joined")

    ann.type("should I restart the da")
    ann.expect("should I restart the da")
    type_line(bob, "I am, one query waits for a lock")
    ann.expect("bob: I am, one query waits for a lock")
    ann.press("C-r")
    ann.expect("should I restart the da")
    ann.type("tabase?")
    ann.expect("should I restart the database?")
    ann.press("Enter")
    bob.expect("ann: should I restart the database?")
    type_line(bob, "/me stops the query")
    ann.expect("bob stops the query")
    type_line(ann, "/msg bob whose was it?")
    for screen in screens:
        screen.expect("ann -> bob: whose was it?")
    type_line(bob, "/reply mine, sorry")
    for screen in screens:
        screen.expect("bob -> ann: mine, sorry")
    type_line(ann, "fast again, thanks!")
    bob.expect("ann: fast again, thanks!")
    type_line(bob, "/quit")
    bob.expect("Goodbye")
    # Before that, nc does not learn from Enter that it is over.
    server.wait_for_descriptors(with_ann)
    bob.press("Enter")
    bob.expect("$")
    ann.expect("bob left")

    blocks = code_blocks("Two people at two terminals", "docs/using.md")
    shown = [masked(block.rstrip().split("\n")) for block in blocks]
    assert [masked(screen.lines()) for screen in screens] == shown
