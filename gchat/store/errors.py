"""What callers of a store have to expect, whatever it is kept in."""

from collections.abc import Iterator
from contextlib import contextmanager


class StoreError(Exception):
    """Why something could not be read or written: a clause that a person can read.

    `the disk is full`, for one. `is_locked`: another program holds a lock, so that the same may
    succeed later without anybody doing anything about it.
    """

    def __init__(self, why: str, *, is_locked: bool = False) -> None:
        super().__init__(why)
        self.is_locked = is_locked


class Damaged(StoreError):
    """The store can be read, but has something in it that gchat cannot have written."""

    def __init__(self, found: str = "") -> None:
        """`found` is for whoever repairs it; what a person is told is that it is damaged."""
        super().__init__("it is damaged")
        if found:
            self.add_note(found)


class TookTooLong(StoreError):
    """A search was given up: nothing was found in the time that there is for one."""

    def __init__(self) -> None:
        super().__init__("it takes too long")


class NotAgreed(StoreError):
    """The servers that share a store have not agreed yet how rooms go on since a restart of it."""

    def __init__(self) -> None:
        super().__init__("it was restarted, and the servers have not agreed yet how rooms go on")


class InDoubt(StoreError):
    """Raised if nobody knows whether something was written."""


class CannotUse(Exception):
    """Why a history file cannot be used: a line that names it, for a person to read."""


@contextmanager
def decoding() -> Iterator[None]:
    """Raises Damaged if what is read within cannot be decoded."""
    try:
        yield
    except (ValueError, TypeError, LookupError) as error:
        raise Damaged(str(error)) from error
