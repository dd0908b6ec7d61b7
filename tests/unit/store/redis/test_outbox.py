"""gchat.store.redis.outbox: batches that are sent again as they were, as long as need be."""

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.store.base import Batch
from gchat.store.redis.outbox import MOST_AT_ONCE, Outbox

NUMBER = 9
"""Where a command has the number of its batch."""


def batch(*texts: list[str], end: int = 0) -> Batch:
    said = [Utterance(1.0, Kind.SAY, each, 7 << 32, "ann") for each in texts]
    return Batch("lobby", 1, Cursor(end, end), 0.0, said)


def test_a_batch_is_sent_again_as_it_was_though_more_was_said_since() -> None:
    outbox = Outbox("7")
    first = outbox.command(batch(["a"]), "run", None)
    again = outbox.command(batch(["a"], ["b"]), "run", None)
    assert first[NUMBER] == again[NUMBER]
    assert b"b" not in again
    assert outbox.whole("lobby", "7.1", 4, 1) == 1
    outbox.settle("lobby", 4)
    following = outbox.command(batch(["b"]), "run", None)
    assert b"b" in following
    assert following[NUMBER] != first[NUMBER]


def test_what_is_new_is_sent_as_soon_as_what_was_before_has_its_places() -> None:
    """Also if nobody has said so: else it would wait until the server asks again."""
    outbox = Outbox("7")
    outbox.command(batch(["a"]), "run", None)
    assert outbox.whole("lobby", "7.1", 4, 1) == 1
    assert b"b" in outbox.command(batch(["b"], end=4), "run", None)


def test_an_utterance_that_has_come_in_part_is_waited_for() -> None:
    outbox = Outbox("7")
    outbox.command(batch(["a"], ["b", "c"], ["d"]), "run", None)
    assert outbox.whole("lobby", "7.1", 5, 2) == 1
    assert outbox.whole("lobby", "7.1", 6, 2) == 2
    outbox.settle("lobby", 7)
    assert outbox.whole("lobby", "7.1", 8, 1) == 1
    outbox.settle("lobby", 8)
    assert outbox.whole("lobby", "7.1", 9, 1) is None


def test_batches_of_others_are_whole() -> None:
    outbox = Outbox("7")
    assert outbox.whole("lobby", "8.1", 5, 2) is None
    outbox.command(batch(["a", "b"]), "run", None)
    assert outbox.whole("lobby", "8.1", 5, 1) is None
    assert outbox.whole("elsewhere", "7.1", 5, 1) is None


def test_a_batch_is_bounded_unless_one_client_has_said_more() -> None:
    many, few = ["x"] * (MOST_AT_ONCE + 1), ["y"]
    outbox = Outbox("7")
    assert b"y" not in outbox.command(batch(many, few), "run", None)
    other = Outbox("7")
    assert b"x" not in other.command(batch(few, many), "run", None)
