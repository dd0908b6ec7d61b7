"""A native thread for what may block: whoever asks for it waits, and the loop goes on."""

import sqlite3
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from gevent.threadpool import ThreadPool

from gchat.store.sqlite.errors import store_error

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Worker:
    """Does one thing after the other, each with `connection`, which is its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._pool = ThreadPool(1)

    def run(
        self,
        function: Callable[Concatenate[sqlite3.Connection, Arguments], Result],
        *arguments: Arguments.args,
        **named: Arguments.kwargs,
    ) -> Result:
        """What `function` returns for the connection and the arguments.

        Raises what it raises, but StoreError for an error of SQLite's.
        """
        result = list[Result]()

        def carry_out() -> Exception | None:
            try:
                result.append(function(self._connection, *arguments, **named))
            except Exception as error:  # gevent's pool would print what it is given
                return error
            return None

        error = self._pool.apply(carry_out)
        if isinstance(error, sqlite3.Error):
            raise store_error(error) from error
        if error:
            raise error
        return result[0]

    def close(self) -> None:
        """Wait for what is under way, and close the connection."""
        self._pool.apply(self._connection.close)
        self._pool.kill()
