"""Passwords: what is asked of those who come in, and of those who want to be operators."""

import hashlib
import hmac
import os

from gchat.text.safe import visible

MAX_BYTES = 256
"""Of a password: what one who has none may send before it is taken for a wrong one."""

_MARK = r"\ufeff"
"""A byte order mark, as text.visible shows it: some editors put one at the beginning of a file."""

_BLANKS = " \t\n\r\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH SPACE}"


class BadPassword(ValueError):
    """Why something cannot be a password, as a clause that a person can read."""


class Password:
    """A password: `text`, or what stands in the file at `path`.

    Blanks before and behind it, line ends and a byte order mark are no part of it. Only its hash
    is kept. Raises OSError if the file cannot be read, and BadPassword.
    """

    def __init__(self, text: str = "", path: str | None = None) -> None:
        """`text` as the system hands arguments and the environment over: see os.fsencode."""
        self.path = path
        self._hash = b""
        self._set(_first_bytes(path) if path else os.fsencode(text))

    def read_again(self) -> bool:
        """Take what stands in the file now; returns whether that is another one.

        Raises the same, and stays as it was then.
        """
        before = self._hash
        if self.path:
            self._set(_first_bytes(self.path))
        return self._hash != before

    def matches(self, typed: str) -> bool:
        """Whether `typed`, as text.visible has made it, is it; takes the same time if not."""
        return hmac.compare_digest(self._hash, _hash(typed))

    def _set(self, secret: bytes) -> None:
        secret = secret.removesuffix(b"\n").removesuffix(b"\r")
        if not _trimmed(visible(secret)):
            raise BadPassword("it is empty")
        if len(secret) > MAX_BYTES:
            raise BadPassword(f"it has over {MAX_BYTES} bytes")
        if b"\n" in secret or b"\r" in secret:
            raise BadPassword("it has more than one line")
        self._hash = _hash(visible(secret))


def password_from(text: str | None, path: str | None) -> Password | None:
    """The password that is given as a text, or in a file; None if none is. Raises the same."""
    return Password(text or "", path) if text is not None or path is not None else None


def _first_bytes(path: str) -> bytes:
    """As much of a file as can be a password with its line end, and a little more."""
    with open(path, "rb") as file:
        return file.read(MAX_BYTES + 3)


def _trimmed(text: str) -> str:
    for mark in (_MARK, ""):  # a blank may stand before it and behind it
        text = text.strip(_BLANKS).removeprefix(mark).removesuffix(mark)
    return text


def _hash(text: str) -> bytes:
    # Of the same length for all: comparing tells nothing about that of the right one.
    return hashlib.sha256(_trimmed(text).encode()).digest()
