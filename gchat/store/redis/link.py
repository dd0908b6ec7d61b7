"""A connection to Redis that is closed at the first error, and made anew for the next command.

One that broke while nothing was asked is found out by the next command, which is sent once more,
on a new one. Nobody knows then whether it was carried out before: so what is sent must do no harm
the second time. What must not be sent twice is sent by `call_once`.
"""

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Any

from gevent.lock import Semaphore
from redis import exceptions
from redis.exceptions import (
    AuthenticationError,
    OutOfMemoryError,
    RedisError,
    ResponseError,
)

from gchat.store.errors import InDoubt, StoreError
from gchat.store.redis.address import address_of
from gchat.store.redis.scripts import ALL, sha

Command = Sequence[bytes | str | int | float]

PATIENCE = 1.0
"""Seconds that Redis has to answer: a person who waits for a room is told after that."""

PAUSE = 0.1
"""Seconds for which commands fail at once when the connection has just failed: those who wait for
it do not wait one after the other."""

SILENT = "it does not answer"


class Link:
    """One connection to the Redis at `url`; greenlets have it one after the other."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        """Does not connect yet. Raises ValueError if `url` has a mistake."""
        self._address = address_of(url, patience)
        self._connection: Any = None
        self._lock = Semaphore()
        self._patience = patience
        self._failed = -PAUSE
        self._why = ""
        self.run = ""
        """Which run of Redis it was connected to last."""

    def call(self, *command: bytes | str | float) -> Any:
        """Return what Redis answers to `command`. Raises StoreError."""
        (reply,) = self.call_all([command])
        return reply

    def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """Return what Redis answers to `commands`, which are sent together.

        Raises StoreError if it does not answer all, or refuses one: then nobody knows which of them
        were carried out.
        """
        if not self._lock.acquire(timeout=self._patience):
            raise StoreError(self._why or SILENT)
        try:
            was_open = self._connection is not None
            try:
                return self._call_all(commands)
            except _Broken:
                if not was_open:
                    raise
                self._failed = -PAUSE
                return self._call_all(commands)
        finally:
            self._lock.release()

    def call_once(self, *command: bytes | str | float) -> Any:
        """Return what Redis answers to `command`, which is not sent a second time.

        Raises InDoubt if it may have been carried out all the same, and StoreError if it was not.
        """
        self.call("PING")  # a connection that broke before is found out by this
        with self._lock:
            try:
                return self._call_all([command])[0]
            except StoreError as error:
                if isinstance(error.__cause__, ResponseError):
                    raise
                raise InDoubt(str(error)) from error

    def connect(self) -> str:
        """Connect, if that is to be done; returns which run of Redis it is. Raises StoreError."""
        with self._lock:
            self._open()
        return self.run

    def close(self) -> None:
        """Close the connection; whoever waits for an answer gets an error."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(RedisError, OSError):
                connection.disconnect()

    def _call_all(self, commands: Sequence[Command]) -> list[Any]:
        self._open()
        connection = self._connection
        try:
            connection.send_packed_command(connection.pack_commands(commands))
            replies = [self._read(connection) for _ in commands]
        except BaseException as error:  # also a greenlet that is ended: answers are still to come
            self._fail(error)
            if isinstance(error, exceptions.ConnectionError):
                raise _Broken(reason(error)) from error
            if isinstance(error, RedisError | OSError):
                raise StoreError(reason(error)) from error
            raise
        refused = next((each for each in replies if isinstance(each, ResponseError)), None)
        if refused is not None:
            if any(each in str(refused) for each in ("NOSCRIPT", "READONLY")):
                self.close()
            raise StoreError(reason(refused)) from refused
        return replies

    @staticmethod
    def _read(connection: Any) -> Any:
        try:
            return connection.read_response()
        except ResponseError as error:  # an answer as others, behind which more may come
            return error

    def _open(self) -> None:
        if self._connection is not None:
            return
        if monotonic() - self._failed < PAUSE:
            raise StoreError(self._why)
        connection: Any = None
        try:
            connection = self._address.connect()
            loading = [("SCRIPT", "LOAD", script) for script in ALL]
            connection.send_packed_command(connection.pack_commands([("INFO", "server"), *loading]))
            info, *_ = [connection.read_response() for _ in range(len(ALL) + 1)]
            self.run = _run_of(info)
        except BaseException as error:
            if connection is not None:
                with suppress(RedisError, OSError):
                    connection.disconnect()
            self._fail(error)
            if isinstance(error, RedisError | OSError):
                raise StoreError(reason(error)) from error
            raise
        self._connection = connection

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, RedisError | OSError):
            self._failed, self._why = monotonic(), reason(error)
        self.close()


class _Broken(StoreError):
    """The connection was ended by the other side."""


def evaluate(script: str, keys: Sequence[str], *arguments: bytes | str | float) -> Command:
    """The command that runs `script`."""
    return ("EVALSHA", sha(script), len(keys), *keys, *arguments)


def reason(error: Exception) -> str:
    """Why Redis cannot be used, as a clause."""
    if isinstance(error, exceptions.TimeoutError):
        return SILENT
    if isinstance(error, OutOfMemoryError) or "OOM" in str(error):
        return "it is full (maxmemory)"
    if isinstance(error, AuthenticationError) or "NOAUTH" in str(error):
        return f"it refuses the password: {error}"
    return str(error).strip().rstrip(".").partition("\n")[0] or type(error).__name__


def _run_of(info: bytes) -> str:
    line = next(line for line in info.split(b"\r\n") if line.startswith(b"run_id:"))
    return line.partition(b":")[2].decode()
