"""gchat's send threads, for tests with few clients: they are woken for these as well."""

from gchat.delivery.senders import crew, uring


def wake_threads_for_few() -> None:
    """Have each call that sends to a cohort be shared among the threads, down to one client."""
    crew.LEAST, crew.MOST, uring.FEW = 1, 8, 1
