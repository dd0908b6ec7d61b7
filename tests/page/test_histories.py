"""The web page while everything goes wrong in turn: nothing is missing, nothing comes twice.

A page and others talk in a room, while the page is offline, is loaded again, the server stands
still or starts again. In the end the page has to show what the history file has, in its order.
"""

from pathlib import Path
from random import Random
from signal import SIGCONT, SIGSTOP, SIGTERM

import pytest

from tests.blackbox.http_clients import curl, post
from tests.blackbox.server import Server
from tests.conftest import StartServer
from tests.page.conftest import OpenPage
from tests.page.person import PagePerson

ROUNDS = 12


class Trial:
    """A server with a history file, a page, and what befalls them."""

    def __init__(self, start: StartServer, options: list[str], page: OpenPage) -> None:
        self._start = start
        self._options = options
        self.server: Server = start(*options)
        self.ann: PagePerson = page(self.server, "ann")
        self.said = 0

    def talk(self) -> None:
        """Somebody says something, and so does the page, whether it is connected or not."""
        self.said += 1
        self.ann.say(f"page {self.said}")
        post(self.server, "/lobby?name=bob", *(f"nc {self.said}.{n}" for n in range(5)))

    def offline(self) -> None:
        """The network is gone for a while."""
        self.ann.page.context.set_offline(True)
        self.talk()
        self.ann.page.context.set_offline(False)

    def reload(self) -> None:
        """The page is loaded again, with what it has not sent yet."""
        self.ann.page.context.set_offline(True)
        self.talk()
        self.ann.page.context.set_offline(False)
        self.ann.page.reload()

    def stand_still(self) -> None:
        """The server does nothing for a moment."""
        self.server.signal(SIGSTOP)
        self.ann.say("while it stood still")
        self.ann.page.wait_for_timeout(300)
        self.server.signal(SIGCONT)

    def restart(self) -> None:
        """The server ends, and another one goes on with its file."""
        self.server.signal(SIGTERM)
        assert self.server.wait() == 0
        self.ann.say("while it was away")
        self.server = self._start(*self._options, port=self.server.address[1])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.timeout(240)
def test_nothing_is_missing_and_nothing_comes_twice(
    start_server: StartServer, open_page: OpenPage, tmp_path: Path, seed: int
) -> None:
    trial = Trial(start_server, ["--history", str(tmp_path / "chat.db")], open_page)
    ann, random = trial.ann, Random(seed)
    for _ in range(ROUNDS):
        trial.talk()
        random.choice([trial.offline, trial.reload, trial.stand_still, trial.restart])()
    ann.wait_until_open()
    ann.page.wait_for_function("() => !document.querySelector('.pending')")
    post(trial.server, "/lobby?name=bob", "the end")
    ann.expect("the end")
    lines = curl(trial.server, "/lobby/raw?poll=1").body.splitlines()
    kept = [line.partition(": ")[2] for line in lines]
    assert len({text for text in kept if text.startswith("page")}) == trial.said
    assert [text for text in kept if kept.count(text) > 1 and not text.startswith("while")] == []
    assert ann.read_all() == kept
