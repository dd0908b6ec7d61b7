"""Messages as entries of a stream, and the marks by which two servers know the same history.

An entry has the id `n-0`, where n is the id of the message, and three fields:

    p   spoken, time, epoch, mark, and which message of which batch it is, with blanks between them
    m   kind, sender, name and ref, as JSON
    x   the text

The mark of an entry is made of the mark before and of the entry's own `m` and `x`. So two servers
that have the same mark at an id have the same messages up to there.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple
from zlib import crc32

from gchat.model.message import Ref, Utterance
from gchat.model.runs import EPOCH, SPOKEN_UP_TO, TIME, Row, without_text
from gchat.store.errors import Damaged

FACTOR, MODULUS = 1_000_003, 2**31 - 1
"""Of the mark, which a script computes as well: in numbers that a double holds exactly."""


class Read(NamedTuple):
    """An entry of a stream."""

    row: Row
    mark: int
    batch: str
    """Which batch it came with: `12.7` is the seventh of the server with the number 12."""
    nth: int
    """How many messages of that batch come before it."""


class Piece(NamedTuple):
    """A message that has no place yet, as an entry's fields."""

    m: bytes
    x: bytes
    crc: int


def pieces_of(utterance: Utterance) -> list[Piece]:
    """Encode the lines of `utterance`."""
    _, kind, texts, sender, name, ref = utterance
    m = _m(kind, sender, name, ref)
    return [_piece(m, text) for text in texts]


def piece_of(row: Row) -> Piece:
    """Encode a message that has a place, or had one."""
    _, _, _, _, kind, sender, name, text, _, ref = row
    return _piece(_m(kind, sender, name, ref), text)


def _m(kind: str, sender: int, name: str, ref: object) -> bytes:
    return json.dumps([kind, sender, name, ref], ensure_ascii=False, separators=(",", ":")).encode()


def _piece(m: bytes, text: str) -> Piece:
    x = text.encode()
    return Piece(m, x, crc32(x, crc32(m)))


def next_mark(mark: int, crc: int) -> int:
    """The mark of an entry whose fields have this `crc`, behind one with `mark`."""
    return (mark * FACTOR + crc) % MODULUS


def place_field(read: Read) -> str:
    """The field `p` of the entry that was `read`."""
    row, mark, batch, nth = read
    return f"{row[SPOKEN_UP_TO]} {row[TIME]:.3f} {row[EPOCH]} {mark} {batch}.{nth}"


def read(room: str, raw: Sequence[Any]) -> Read:
    """Decode an entry as Redis returns it. Raises Damaged."""
    try:
        _, p, _, m, _, x = raw[1]
        return _decode(room, int(raw[0].partition(b"-")[0]), p, m, x)
    except (ValueError, TypeError, LookupError) as error:
        raise Damaged(f"#{room}: {error}") from error


def follows(mark: int, read: Read, raw: Sequence[Any]) -> bool:
    """Whether `read`, decoded from `raw`, is behind an entry with `mark`."""
    _, _, _, m, _, x = raw[1]
    return next_mark(mark, crc32(x, crc32(m))) == read.mark


def read_gone(room: str, left: bytes) -> Read:
    """Decode what is left of a deleted message: its id, `p` and `m`, a line each."""
    try:
        number, p, m = left.split(b"\n", 2)
        found = _decode(room, int(number), p, m, b"")
    except (ValueError, TypeError, LookupError) as error:
        raise Damaged(f"#{room}: {error}") from error
    return found._replace(row=without_text(found.row))


def _decode(room: str, number: int, p: bytes, m: bytes, x: bytes) -> Read:
    spoken, time, epoch, mark, came_as = p.decode().split(" ")
    batch, _, nth = came_as.rpartition(".")
    kind, sender, name, ref = _fields(m)
    row = (
        number, int(spoken), float(time), room, kind, sender, name, x.decode(), int(epoch), ref
    )  # fmt: skip
    return Read(row, int(mark), batch, int(nth))


@lru_cache(maxsize=1024)
def _fields(m: bytes) -> tuple[str, int, str, Ref]:
    """Kind, sender, name and ref: mostly those of somebody who has spoken before."""
    kind, sender, name, ref = json.loads(m)
    return kind, sender, name, ref
