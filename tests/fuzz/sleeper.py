"""A program that is sent much and reads nothing, until it wakes; and direct messages to it."""

import json
from collections.abc import Sequence
from select import select
from signal import SIGSTOP
from socket import MSG_PEEK
from typing import Any

from tests.blackbox.kernel import server_side
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until

BUFFER = 4096
"""Bytes that its kernel takes for it, or twice as many: the rest stays at the server."""

ALL = 2**20


class Sleeper:
    """Somebody with a token, called `eve`, in the lobby."""

    name = "eve"

    def __init__(self, server: Server) -> None:
        self.to_come: list[str] = []
        """Direct messages that it was not shown yet, in their order."""
        self._program = server.json_program(self.name, BUFFER)
        self._token = self._program.ask("/token")["token"]

    def wake(self) -> None:
        """Read everything, and wait until the server's kernel knows that."""
        self._see(self._program.carry_out(command="/uptime"))
        assert not self.to_come
        wait_until(
            lambda: not server_side(self._program).unacknowledged, "all that it read has arrived"
        )

    def leave(self) -> None:
        """End the connection."""
        self._program.reset()

    def arrived(self) -> list[str]:
        """The direct messages that its kernel has acknowledged, which it does not read."""
        data = self._program._begun
        if select([self._program.socket], [], [], 0)[0]:
            data += self._program.socket.recv(ALL, MSG_PEEK)
        lines = [*self._program._lines, *data.split(b"\n")[:-1]]
        objects = [json.loads(line) for line in lines]
        return [fields["text"] for fields in objects if fields["kind"] == "private"]

    def break_off_at_kill(self, server: Server) -> None:
        """Stop `server`, which is to be killed, and never read what has not arrived by then."""
        server.signal(SIGSTOP)
        arrived = self.arrived()
        assert self.to_come[: len(arrived)] == arrived
        del self.to_come[: len(arrived)]
        self.leave()

    def come_back(self, server: Server) -> None:
        """Go on with its token on another connection, and go to sleep behind the answer."""
        self._program = server.json_program(receive_buffer=BUFFER)
        objects = self._program.carry_out(command=f"/resume {self._token}")
        assert objects[-1]["kind"] == "ok", objects[-1]
        self._see(objects)

    def _see(self, objects: Sequence[dict[str, Any]]) -> None:
        shown = [fields["text"] for fields in objects if fields["kind"] == "private"]
        assert shown == self.to_come[: len(shown)]
        del self.to_come[: len(shown)]
