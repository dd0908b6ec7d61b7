"""Logs of a few messages, and batches of all that they hold."""

from collections.abc import Sequence

from hypothesis import strategies as st

from gchat.delivery.batch import Batch, encode_batch
from gchat.model.display import PLAIN, Display
from gchat.model.message import Kind, Message
from gchat.model.room_log import RoomLog

KINDS = [Kind.SAY, Kind.ACTION, Kind.NOTICE, Kind.PRESENCE]

READER = 1

ENTRIES = st.lists(
    st.tuples(
        st.sampled_from([READER, 2]),
        st.sampled_from(KINDS),
        st.lists(st.sampled_from(["a", "grün", "😀" * 4]), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=6,
)
"""What is said: by whom, of which kind, and its lines."""

Entries = Sequence[tuple[int, str, Sequence[str]]]


def log_of(entries: Entries) -> RoomLog:
    log = RoomLog("lobby")
    for sender, kind, texts in entries:
        log.append(0.0, kind, list(texts), sender, f"name{sender}")
    return log


def batch_of(log: RoomLog, display: Display = PLAIN) -> Batch:
    """As much of what `log` holds as a batch may hold."""
    return encode_batch(log.runs(0, log.end.id), display)


def messages_of(log: RoomLog) -> list[Message]:
    return log.after(0, log.end.id)
