"""Ways to send to many, for tests that have to hold with each of them."""

from collections.abc import Callable, Mapping

from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.delivery.senders.uring import try_uring


def no_failure(why: str) -> None:
    """What is called when io_uring stops to work."""
    raise AssertionError(why)


SENDERS: Mapping[str, Callable[[], Sender]] = {
    "loop": LoopSender,
    "uring": lambda: try_uring(no_failure),
}
