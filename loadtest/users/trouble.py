"""Those who must not bother anybody else: one reads too slowly, one sends what it should not."""

import random
from collections.abc import Callable

import gevent
from client import ChatClient
from locust import task

from users.booking import Booking, process
from users.person import Person

BYTES_A_SECOND = 32
"""What a slow reader reads while the others talk."""

MISCHIEF: dict[str, Callable[[], bytes]] = {
    "a line that is too long": lambda: b"x" * 100_000 + b"\n",
    "a long line": lambda: b"y" * 8_000 + b"\n",
    "binary data": lambda: random.randbytes(2_000) + b"\n",
    "telnet, cut in the middle": lambda: b"\xff\xfd\x06\xff\xfb\x1f hello \xff",
    "an interrupt, as telnet sends it": lambda: b"\xff\xf4\xff\xfd\x06\n",
    "escape sequences": lambda: b"\x1b[2J\x1b]0;owned\x07\x1b[31m red \x9b5m\n",
    "text that turns round": lambda: "\u202eabc\u2066 * ann left\n".encode(),
    "a forged notice": lambda: b" * ann left\r * bob left\r\n",
    "NULs": lambda: b"\0" * 100 + b"\n",
    "a command that there is not": lambda: b"/" + random.randbytes(20).hex().encode() + b"\n",
    "what is no UTF-8": lambda: b"\xc3\x28 \xf0\x28\x8c\x28 \xed\xa0\x80\n",
}


class SlowReader(Person):
    """Reads a few bytes a second while the others talk; then it catches up."""

    slow = True
    buffer = 4096

    @task
    def listen(self) -> None:
        """Do nothing for a second."""
        gevent.sleep(1)

    def receive(self, client: ChatClient) -> list[str] | None:
        """A few bytes, after a second; when nobody talks any more, all that there are."""
        if not process.talking.is_set():
            return client.receive()
        gevent.sleep(1)
        return client.receive(BYTES_A_SECOND)


class Vandal(Booking):
    """Sends long lines, binary data, telnet and escape sequences, and has to be borne."""

    def on_start(self) -> None:
        """Come in, and read all that comes. Raises OSError."""
        self._leaving, self._reader = False, None
        process.senders += 1
        try:
            self._client = self.connect()
        except OSError as error:
            process.closed.append(f"a vandal could not connect: {error}")
            raise
        finally:
            process.user_is_ready()
        self._reader = gevent.spawn(self._read)
        process.talking.wait()

    def on_stop(self) -> None:
        """Be gone."""
        self._leaving = True
        if self._reader:
            self._reader.kill()
            self._client.close()

    def wait_time(self) -> float:
        """Seconds until the next mischief."""
        return random.uniform(0, 2) * float(self.options.think)

    @task
    def vandalise(self) -> None:
        """Send something unseemly; booked as MISCHIEF."""
        if process.talking.is_set():
            with self.booked("MISCHIEF"):
                self._client.send(random.choice(list(MISCHIEF.values()))())

    def _read(self) -> None:
        end, last = "the server ended the connection", "it said nothing"
        try:
            while (lines := self._client.receive()) is not None:
                last = lines[-1] if lines else last
        except OSError as caught:
            end = str(caught)
        if not self._leaving:
            process.closed.append(f"a vandal was closed: {end} ({last.strip()[:80]})")
