"""One real server for many examples, with one who watches it and two who must notice nothing."""

from itertools import cycle
from threading import Event, Thread
from typing import Self

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import JsonProgram
from tests.blackbox.server import Server

EXAMPLES = 12
"""Examples that one server is used for. The empty rooms that they leave behind must be few:
/rooms lists fifty, and one address may open two hundred."""

NO_LIMITS = ("--rate", "0", "--max-per-address", "0", "--connect-rate", "0")
"""What would slow it down who sends as much as here."""

SENDERS = (("--sender", "loop"), ("--send-threads", "0"), ("--send-threads", "2"))
"""How servers send, one after the other."""

PAIR, WATCH = "pair", "watch"
"""The rooms of those who belong to no example."""


class Pair(Bystanders):
    """Bystanders who talk again and again, in a room of their own."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        for bystander in (self.ann, self.bob):
            bystander.say(f"/join {PAIR}")

    def __enter__(self) -> Self:
        self._enough, self._thread = Event(), Thread(target=self._talk)
        return super().__enter__()


class StandingServer:
    """A server that an example finds empty, but for those three, and must leave so."""

    server: Server
    pair: Pair
    watcher: JsonProgram
    """In #watch, and called like that, too."""

    def __init__(self) -> None:
        self.examples = 0
        """How many there have been, with any server."""
        self._senders = cycle(SENDERS)
        self._uses = 0
        """Of those, how many with this one; 0 if none is running."""

    def begin(self) -> None:
        """An example begins."""
        if not self._uses:
            self._start()
        self._uses += 1
        self.examples += 1

    def end(self, in_order: bool) -> None:
        """An example ends. If something was wrong, the next one gets another server."""
        if not in_order:
            self._uses = 0
            self.server.dispose()
        elif self._uses == EXAMPLES:
            self.finish()

    def finish(self) -> None:
        """The server, if one is running, ends as it should, and nothing is left over."""
        if self._uses:
            self._uses = 0
            try:
                self.server.finish()
            finally:
                self.server.dispose()

    def _start(self) -> None:
        options = (*NO_LIMITS, *next(self._senders))
        self.server = Server(*options, module="tests.fuzz.server_with_one_head")
        try:
            self.server.wait_until_it_listens()
            self.watcher = self.server.json_program(WATCH)
            self.watcher.carry_out(command=f"/join {WATCH}")
            self.pair = Pair(self.server)
        except BaseException:
            self.server.dispose()
            raise
