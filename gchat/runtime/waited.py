"""How long a greenlet has waited for others amid its work, for what charges it for work alone."""

from contextvars import ContextVar

_waited = ContextVar("waited", default=0.0)


def seconds_waited() -> float:
    """Seconds that the current greenlet has waited, of those that somebody has counted."""
    return _waited.get()


def count_wait(seconds: float) -> None:
    """Count `seconds` as waited by the current greenlet."""
    _waited.set(_waited.get() + seconds)
