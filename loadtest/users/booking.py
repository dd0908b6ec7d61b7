"""What all users have in common: how they connect, and how locust learns how long things took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from client import ChatClient
from locust import User
from phases import Process

CONNECT_SECONDS = 60.0
"""How long a user waits for its connection: ten thousand others may be connecting as well."""

process = Process()
"""That in which these users are."""


class Booking(User):
    """A user that tells locust how long things took."""

    abstract = True

    @property
    def options(self) -> Any:
        """What the command line says."""
        return self.environment.parsed_options

    def connect(self, buffer: int = 0) -> ChatClient:
        """A new connection. Raises OSError, or ValueError for a host that is none."""
        return ChatClient(*address_of(self.host), CONNECT_SECONDS, buffer)

    def book(
        self,
        kind: str,
        began: int,
        ended: int,
        size: int,
        error: OSError | None,
        name: str = "line",
    ) -> None:
        """Tell locust of a request that took from `began` to `ended`, in nanoseconds."""
        self.environment.events.request.fire(
            request_type=kind,
            name=name,
            response_time=(ended - began) / 1e6,
            response_length=size,
            exception=error,
            context={},
        )

    @contextmanager
    def booked(self, kind: str) -> Iterator[None]:
        """Book what is done in the block, which may raise OSError: then it has failed."""
        began, error = time.monotonic_ns(), None
        try:
            yield
        except OSError as caught:
            error = caught
        self.book(kind, began, time.monotonic_ns(), 0, error)


def address_of(host: str | None) -> tuple[str, int]:
    """The host and port in `tcp://HOST:PORT`; raises ValueError for anything else."""
    parts = urlsplit(host or "")
    if not host:
        raise ValueError("--host is missing: name the server, like --host tcp://127.0.0.1:7878")
    if parts.scheme != "tcp" or not parts.hostname or not parts.port:
        raise ValueError(f"--host must be like tcp://127.0.0.1:7878, not {host!r}")
    return parts.hostname, parts.port
