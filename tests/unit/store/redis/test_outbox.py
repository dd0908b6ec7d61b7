"""gchat.store.redis.outbox: batches that are sent again as they were, as long as need be."""

from gchat.model.message import Kind, Utterance
from gchat.model.room_log import Cursor
from gchat.store.base import Batch
from gchat.store.redis.outbox import MOST_AT_ONCE, Outbox

NUMBER = 13
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
    assert outbox.is_own("lobby", "7.1", 4)
    outbox.settle("lobby", 4)
    following = outbox.command(batch(["b"]), "run", None)
    assert b"b" in following
    assert following[NUMBER] != first[NUMBER]


def test_what_is_new_is_sent_as_soon_as_what_was_before_has_its_places() -> None:
    """Also if nobody has said so: else it would wait until the server asks again."""
    outbox = Outbox("7")
    outbox.command(batch(["a"]), "run", None)
    assert outbox.is_own("lobby", "7.1", 4)
    assert b"b" in outbox.command(batch(["b"], end=4), "run", None)


def test_a_batch_that_has_come_in_part_is_sent_again() -> None:
    outbox = Outbox("7")
    first = outbox.command(batch(["a"], ["b", "c"]), "run", None)
    assert outbox.is_own("lobby", "7.1", 5)
    assert outbox.command(batch(["c"], end=6), "run", None)[NUMBER] == first[NUMBER]
    assert outbox.command(batch(["d"], end=7), "run", None)[NUMBER] != first[NUMBER]


def test_of_a_batch_whose_end_was_lost_the_rest_is_sent_anew() -> None:
    outbox = Outbox("7")
    first = outbox.command(batch(["a"], ["b", "c"]), "run", None)
    assert outbox.is_own("lobby", "7.1", 5)
    outbox.is_answered("lobby", 6)
    following = outbox.command(batch(["c"], end=6), "run", None)
    assert following[NUMBER] != first[NUMBER]
    assert b"c" in following
    assert b"b" not in following


def test_batches_of_others_are_not_own() -> None:
    outbox = Outbox("7")
    assert not outbox.is_own("lobby", "8.1", 5)
    outbox.command(batch(["a", "b"]), "run", None)
    assert not outbox.is_own("lobby", "8.1", 5)
    assert not outbox.is_own("elsewhere", "7.1", 5)


def test_a_batch_is_bounded_unless_one_client_has_said_more() -> None:
    many, few = ["x"] * (MOST_AT_ONCE + 1), ["y"]
    outbox = Outbox("7")
    assert b"y" not in outbox.command(batch(many, few), "run", None)
    other = Outbox("7")
    assert b"x" not in other.command(batch(few, many), "run", None)
