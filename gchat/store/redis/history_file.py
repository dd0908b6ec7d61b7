"""The history file of a server: it keeps all that has places in Redis, and is not deleted there."""

import logging
from collections.abc import Collection, Sequence

import gevent

from gchat.model.runs import ID, Row
from gchat.store.base import Opened
from gchat.store.errors import StoreError
from gchat.store.shared import Forked, RecordingStore

DELETED_AT_ONCE = 200
"""Messages that are deleted from the file in one transaction."""

MOST_UNWRITTEN = 10_000
"""Messages that the file may be owed while it catches up: a tenth of what it can be owed."""

UNWRITTEN_PAUSE = 0.01
"""Seconds until it is looked again how many these are."""

log = logging.getLogger(__name__)


class HistoryFile:
    """What the file of this server has of each room."""

    def __init__(self, local: RecordingStore) -> None:
        self._local = local
        self._last: dict[str, int] = {}
        """The id of the last message of each room that the file was given."""

    def open(self, room: str) -> Opened:
        """Read the end of `room`, as the file has it. Raises StoreError."""
        kept = self._local.open(room)
        self._last[room] = max(self._last.get(room, 0), kept.end.id)
        return kept

    def lacks(self, room: str, end: int) -> bool:
        """Whether the file may have less of `room` than the messages up to the id `end`."""
        return end > self._last.get(room, -1)

    def record(self, room: str, rows: Sequence[Row]) -> None:
        """Have the file keep `rows`, but for those that it was given before. Does not wait."""
        last = self._last.get(room, 0)
        self._local.record([each for each in rows if each[ID] > last])
        if rows:
            self._last[room] = max(last, rows[-1][ID])

    def record_slowly(self, room: str, rows: Sequence[Row]) -> None:
        """Have the file keep `rows`, no more at a time than it can be owed."""
        self.record(room, rows)
        while self._local.unwritten > MOST_UNWRITTEN and not self._local.trouble:
            gevent.sleep(UNWRITTEN_PAUSE)

    def take_back(self, fork: Forked) -> None:
        """Have the file forget what only this server has shown. Raises nothing."""
        self._last[fork.room] = fork.end.id
        try:
            self._local.take_back(fork.room, fork.end.id)
        except StoreError as error:
            log.error("#%s: lost messages stay in the history file: %s", fork.room, error)

    def delete(self, room: str, ids: Collection[int]) -> set[int]:
        """Delete messages of `room`; returns those that were not before. Raises StoreError."""
        wanted, deleted = list(ids), set[int]()
        for first in range(0, len(wanted), DELETED_AT_ONCE):
            deleted |= self._local.delete(room, wanted[first : first + DELETED_AT_ONCE])
        return deleted

    def try_to_delete(self, room: str, ids: Collection[int]) -> None:
        """Delete messages of `room`; if that cannot be done, it is logged."""
        try:
            self.delete(room, ids)
        except StoreError as error:
            log.error("#%s: cannot delete messages from the history file: %s", room, error)
