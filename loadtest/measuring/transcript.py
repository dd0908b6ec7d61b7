"""What was said, and whether a client that fell behind got it: pure, no sockets."""

import re
from bisect import bisect_right

_NOTICE = re.compile(rb" \* You missed (\d+) messages?: .*\n")


class Transcript:
    """What a client gets that misses nothing: `data`, whole lines."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._ends = [0, *(match.end() for match in re.finditer(b"\n", data))]
        self.lines = len(self._ends) - 1

    def behind(self, offset: int, lines: int) -> int | None:
        """The offset so many lines behind `offset`; None if there is no such place."""
        index = bisect_right(self._ends, offset) - 1
        if self._ends[index] != offset or index + lines > self.lines:
            return None
        return self._ends[index + lines]


class Follower:
    """Compares what one client gets with `transcript`, as it comes."""

    def __init__(self, transcript: Transcript) -> None:
        self._transcript = transcript
        self._offset = 0
        self._rest = bytearray()  # received and not yet compared
        self.received = 0
        """Lines of the transcript that came, without its notices."""
        self.missed = 0
        """Messages that it was told of to have missed."""
        self.fault = ""
        """The first thing that came and should not have come."""

    @property
    def finished(self) -> bool:
        """It is at the end of the transcript, or there was a fault."""
        return bool(self.fault) or self._offset == len(self._transcript.data)

    @property
    def exact(self) -> bool:
        """It got everything but what it was told of, in order, and nothing else."""
        return (
            self.finished
            and not (self.fault or self._rest)
            and self.received + self.missed == self._transcript.lines
        )

    def feed(self, data: memoryview) -> None:
        """It got `data`."""
        if self.fault:
            return
        if not self._rest and self._advance(data):  # nearly always
            return
        self._rest += data
        while not self.fault and (end := self._rest.find(b"\n") + 1):
            line = bytes(self._rest[:end])
            del self._rest[:end]
            if not self._advance(line):
                self._take_notice(line)
        if self._advance(self._rest):
            self._rest.clear()

    def _advance(self, data: bytes | bytearray | memoryview) -> bool:
        """Go over `data`, if that is what comes next in the transcript."""
        if not self._transcript.data.startswith(data, self._offset):
            return False
        before, self._offset = self._offset, self._offset + len(data)
        self.received += self._transcript.data.count(b"\n", before, self._offset)
        return True

    def _take_notice(self, line: bytes) -> None:
        found = _NOTICE.fullmatch(line)
        count = int(found[1]) if found else 0
        offset = self._transcript.behind(self._offset, count) if found else None
        if offset is None:
            self.fault = repr(line[:100])
        else:
            self._offset = offset
            self.missed += count
