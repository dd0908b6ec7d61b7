"""Which batches a round needs, and pages of a log that many who catch up share."""

from bisect import bisect_right, insort
from collections import deque
from collections.abc import Mapping
from weakref import ref

from gchat.delivery.batch import Batch, encode_batch, keep
from gchat.model.display import Display
from gchat.model.message import Message
from gchat.model.room_log import UNKNOWN, Cursor, RoomLog
from gchat.model.runs import Run, run_of

MAX_MESSAGES = 2048
"""Messages in a batch, at the most."""

MAX_PAGES = 12
"""Pages that are kept for clients that catch up, for all rooms: 128 KiB of lines each, and as much
again three times for what is known of them. With 32, 1,000 clients that read 50,000 lines at last
are no faster (3 to 4 s), and the server grows by 63 MiB instead of 51 with 16 (measure.py stalled;
38 MiB of it are the log)."""

FAR = 256
"""Messages that a client is behind, at the least, when it is sent pages that others share."""

PageKey = tuple["ref[RoomLog]", int, Display]
"""The log, how often something was deleted from it, and the display setting."""


class SharedPages:
    """Batches for clients that catch up, each at a place of its own.

    A page stays for a while, so that thousands who are behind by as many different numbers of
    messages need each message encoded once.
    """

    def __init__(self) -> None:
        self._pages: dict[PageKey, list[Batch]] = {}
        """In the order of their places."""
        self._order: deque[tuple[PageKey, Batch]] = deque()

    def find(self, log: RoomLog, last: int, display: Display) -> Batch | None:
        """The page of `log` with the message behind the id `last`, if there is one."""
        pages = self._pages.get((ref(log), log.deletions, display), [])
        index = bisect_right(pages, last, key=_first) - 1
        return pages[index] if index >= 0 and last < pages[index].end.id else None

    def add(self, log: RoomLog, page: Batch, display: Display) -> None:
        """Keep a page for others; the one that was kept for longest may go."""
        key = (ref(log), log.deletions, display)
        insort(self._pages.setdefault(key, []), page, key=_first)
        self._order.append((key, page))
        if len(self._order) > MAX_PAGES:
            oldest, page = self._order.popleft()
            self._pages[oldest].remove(page)
            if not self._pages[oldest]:
                del self._pages[oldest]

    @property
    def is_empty(self) -> bool:
        """No page is kept."""
        return not self._order

    def clear(self) -> None:
        """Keep nothing any more."""
        self._pages.clear()
        self._order.clear()


def _first(page: Batch) -> int:
    return page.first


class Batches:
    """The batches that one round of a room needs, each made when it is first asked for."""

    def __init__(
        self, log: RoomLog, pages: Mapping[int, list[Message]], shared: SharedPages | None = None
    ) -> None:
        """`pages` is what there is besides `log` of what was said before, by the id it follows.

        `shared` has batches for clients that are far behind, also those of other rounds.
        """
        self._log = log
        self._pages = pages
        self._shared = shared or SharedPages()
        self._made: dict[tuple[int, int, int, Display], Batch] = {}
        """By RoomLog.deletions, so that what is deleted is sent nobody from then on, the ids around
        what they hold, and the display setting."""

    def between(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        """A batch with the message behind `cursor`, and more up to `stop`; None if it is not there.

        It begins at `cursor`, or before it if `stop` is far: then it is a page that many share.
        """
        is_far = stop.id - cursor.id >= FAR
        if is_far and self._key(cursor, stop, display) not in self._made:  # for a cohort
            return self._page(cursor, stop, display)
        return self.exactly(cursor, stop, display)

    def exactly(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        """What lies between two places, or the first part of it; None if it is not there."""
        key = self._key(cursor, stop, display)
        batch = self._made.get(key)
        if batch is None and (runs := self._runs(cursor.id, stop.id)):
            batch = encode_batch(runs, display, self._before(cursor.id))
            keep(self._made, key, batch)
        return batch

    def _key(self, cursor: Cursor, stop: Cursor, display: Display) -> tuple[int, int, int, Display]:
        return self._log.deletions, cursor.id, stop.id, display

    def _page(self, cursor: Cursor, stop: Cursor, display: Display) -> Batch | None:
        page = self._shared.find(self._log, cursor.id, display)
        if page is not None:
            return page
        # Those who come after are behind by other numbers: they share what begins at round ones.
        for start in (cursor.id // FAR * FAR, cursor.id):
            if runs := self._runs(start, stop.id):
                page = encode_batch(runs, display, self._before(start))
                if page.first <= cursor.id < page.end.id:
                    self._shared.add(self._log, page, display)
                    return page
        return None

    def _before(self, last: int) -> float | None:
        """The time of the message with the id `last`, or UNKNOWN; None if there is none."""
        start = self._log.start.id
        if last > start:
            return self._log.time_of(last)
        return self._log.before if last == start else UNKNOWN

    def _runs(self, last: int, stop: int) -> list[Run]:
        if last >= self._log.start.id:
            return self._log.runs(last, stop, MAX_MESSAGES)
        page = self._pages.get(last)
        if not page or page[0].id > last + 1:  # not read yet, or kept nowhere
            return []
        return list(map(run_of, page[: stop - last]))
