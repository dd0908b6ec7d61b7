"""Many users who talk at once: what locust runs. README.md, beside this file, says how.

All users join, then they talk, and at the end it is counted what arrived (see phases.py):
a single message that is missing, repeated or out of order makes the exit status 1.
"""

import signal
import time
from typing import Any
from urllib.parse import urlsplit

import gevent
import locust.stats
from client import ChatClient
from gevent.event import Event
from locust import User, between, task
from locust.env import Environment
from phases import Process, take_part
from verdict import Message

WELCOME = " * welcome"
"""What the server's first line to somebody who says nothing at first begins with."""

JOIN_SECONDS = 30.0
"""How long a user waits for its welcome: a thousand others may be joining as well."""

LEAVE_SECONDS = 2.0
"""How long a user that leaves waits for the server to end the connection."""

events: Any = locust.events

process = Process()


class ChatUser(User):
    """Somebody in the chat. What they do there is for the subclass to say, in tasks.

    When a task runs, everybody has joined. What the others say is received, counted and
    booked in a greenlet of its own.
    """

    abstract = True
    host = "tcp://127.0.0.1:7878"

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._receipts, self._sent = process.new_user()
        self._welcomed = Event()
        self._leaving = False
        self._notice = "it said nothing"
        self._client: ChatClient | None = None
        self._receiver: Any = None

    def on_start(self) -> None:
        """Join, and wait for the others. Raises OSError, or ValueError for a host that is none."""
        try:
            self._client = ChatClient(*address_of(self.host))
            self._receiver = gevent.spawn(self._receive, self._client)
            gevent.wait([self._welcomed, self._receiver], JOIN_SECONDS, 1)
            if not self._receipts.joined:
                self.on_stop()
                raise ConnectionError(f"the server did not welcome this user: {self._notice}")
        finally:
            process.user_is_ready()
        process.talking.wait()

    def on_stop(self) -> None:
        """Leave politely: what was said last reaches the others."""
        self._leaving = True
        self._receipts.leave()
        if self._client:
            self._client.end_input()
            self._receiver.join(LEAVE_SECONDS)
            self._receiver.kill()
            self._client.close()

    def say(self) -> None:
        """Say one line, and book it as SEND: the time until the kernel has taken it.

        Nothing is said any more when the run is coming to its end.
        """
        if not process.talking.is_set() or self._client is None:
            return
        began = time.monotonic_ns()
        self._sent.append(began)
        message = Message(self._receipts.name, len(self._sent), began)
        size, error = 0, None
        try:
            size = self._client.say(message.text())
        except BaseException as caught:  # also when locust stops this user meanwhile
            self._sent.pop()  # nobody can say whether it has been sent
            if not isinstance(caught, OSError):
                raise
            error = caught
        self._book("SEND", began, time.monotonic_ns(), size, error)

    def _receive(self, client: ChatClient) -> None:
        """Take what comes, to the end of the connection."""
        try:
            while lines := client.receive():
                self._take(lines, time.monotonic_ns())
            error = OSError("the server ended the connection")
        except OSError as caught:
            error = caught
        if self._receipts.joined and not self._leaving:
            now = time.monotonic_ns()
            self._book("DELIVERY", now, now, 0, error)

    def _take(self, lines: list[str], now: int) -> None:
        """Count `lines`, which came at `now`, and book the messages among them."""
        for line in lines:
            message = self._receipts.take(line)
            if message:
                if process.is_to_be_booked(now):
                    self._book("DELIVERY", message.sent, now, len(line), None)
            elif line.startswith(WELCOME) and not self._receipts.joined:
                self._receipts.join(now)
                self._welcomed.set()
            else:
                self._notice = line

    def _book(self, kind: str, began: int, ended: int, size: int, error: OSError | None) -> None:
        """Tell locust of a request that took from `began` to `ended`, in nanoseconds."""
        self.environment.events.request.fire(
            request_type=kind,
            name="line",
            response_time=(ended - began) / 1e6,
            response_length=size,
            exception=error,
            context={},
        )


class Chatter(ChatUser):
    """Says a line two or three times a second."""

    wait_time = between(0.2, 0.6)

    @task
    def chat(self) -> None:
        """Say something."""
        self.say()


def address_of(host: str | None) -> tuple[str, int]:
    """The host and port in `tcp://HOST:PORT`; raises ValueError for anything else."""
    parts = urlsplit(host or "")
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise ValueError(f"--host must be like tcp://127.0.0.1:7878, not {host!r}")
    return parts.hostname, parts.port


def bucket(milliseconds: float) -> float:
    """Two significant digits, also below 100 ms, where locust itself keeps whole ones only."""
    return float(f"{milliseconds:.2g}")


def add_options(parser: Any, **_: Any) -> None:
    """The options that this file adds to locust's."""
    parser.add_argument(
        "--drain",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="how long nothing must have come at the end, before what is missing counts as lost",
    )


def set_up(environment: Environment, **_: Any) -> None:
    """Take part in the runs; a host that is none ends the program with a line that says so."""
    if environment.host:
        try:
            address_of(environment.host)
        except ValueError as error:
            raise SystemExit(f"locustfile.py: {error}") from None
    # Python's own handler would end whatever greenlet is running, be it one that receives.
    gevent.signal_handler(signal.SIGINT, interrupt)
    take_part(process, environment)


def interrupt() -> None:
    """Ctrl-C was pressed; gevent passes this on to the main greenlet, where locust waits for it."""
    raise KeyboardInterrupt


setattr(locust.stats, "bucket_response_time", bucket)  # as locust documents it
events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(set_up)
