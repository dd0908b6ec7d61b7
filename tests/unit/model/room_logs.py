"""Logs of a room, what is appended to them, and a list of it that is their model."""

from sys import getsizeof

from hypothesis import strategies as st

from gchat.model.message import SERVER, Kind, Message
from gchat.model.room_log import Cursor, RoomLog
from gchat.model.runs import RUN_BYTES, TEXT

KINDS = [Kind.SAY, Kind.ACTION, Kind.NOTICE, Kind.PRESENCE]

ENTRIES = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(0, 3), st.lists(st.text(max_size=8), max_size=5)),
    max_size=30,
)
"""What is appended: its kind, its sender, its texts."""

SPOKEN = (Kind.SAY, Kind.ACTION)


def filled(
    entries: list[tuple[str, int, list[str]]], max_messages: int = 20, max_bytes: int = 2**20
) -> tuple[RoomLog, list[Message]]:
    """A log, and the model of it: a list of all that was ever appended."""
    log = RoomLog("lobby", max_messages, max_bytes)
    model: list[Message] = []
    spoken = 0
    for number, (kind, sender, texts) in enumerate(entries):
        log.append(float(number), kind, texts, sender, f"name{sender}")
        for text in texts:
            spoken += kind in SPOKEN
            model.append(
                Message(
                    len(model) + 1,
                    spoken,
                    float(number),
                    "lobby",
                    kind,
                    sender,
                    f"name{sender}",
                    text,
                )
            )
    return log, model


def said(log: RoomLog, *texts: str, sender: int = SERVER) -> None:
    log.append(0.0, Kind.SAY, texts, sender)


def cursor_behind(model: list[Message], count: int) -> Cursor:
    return Cursor(count, model[count - 1].spoken if count else 0)


def bytes_of(log: RoomLog) -> int:
    """What it holds, in bytes."""
    return sum(RUN_BYTES + getsizeof(run[TEXT]) for run in log.runs(0, log.end.id))
