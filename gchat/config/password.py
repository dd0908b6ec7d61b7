"""Passwords: the one for the server, and the one that makes an operator."""

import hashlib
import hmac
import os

from gchat.text.safe import visible

MAX_PASSWORD = 256
"""Bytes of a password."""

_BYTE_ORDER_MARK = r"\ufeff"
"""U+FEFF as text.visible shows it: some editors put one at the beginning of a file."""

_BLANKS = " \t\n\r\N{NO-BREAK SPACE}\N{IDEOGRAPHIC SPACE}\N{ZERO WIDTH SPACE}"


class BadPassword(ValueError):
    """Why a text cannot be a password, such as `empty`: for a message, behind a colon."""


class Password:
    """A password, from `text` or from the file at `path`.

    Blanks around it, line ends and a byte order mark are no part of it. Only its hash is kept.
    Raises OSError if the file cannot be read, and BadPassword.
    """

    def __init__(self, text: str = "", path: str | None = None) -> None:
        """`text` is decoded as the system's arguments and environment are: see os.fsencode."""
        self.path = path
        self._hash = b""
        self._set(_first_bytes(path) if path else os.fsencode(text))

    def reload(self) -> bool:
        """Read the file again, if there is one; return whether the password is a new one.

        Raises OSError and BadPassword; the old password stays in force then.
        """
        before = self._hash
        if self.path:
            self._set(_first_bytes(self.path))
        return self._hash != before

    def matches(self, typed: str) -> bool:
        """Compare `typed`, as text.visible shows it, with the password, in constant time."""
        return hmac.compare_digest(self._hash, _hash(typed))

    def _set(self, secret: bytes) -> None:
        secret = secret.removesuffix(b"\n").removesuffix(b"\r")
        if not _trimmed(visible(secret)):
            raise BadPassword("empty")
        if len(secret) > MAX_PASSWORD:
            raise BadPassword(f"longer than {MAX_PASSWORD} bytes")
        if b"\n" in secret or b"\r" in secret:
            raise BadPassword("more than one line")
        self._hash = _hash(visible(secret))


def password_from(text: str | None, path: str | None) -> Password | None:
    """Make a password from a text or a file; None if neither is given.

    Raises OSError and BadPassword.
    """
    return Password(text or "", path) if text is not None or path is not None else None


def _first_bytes(path: str) -> bytes:
    """Read enough of a file to tell a password with its line end from a text that is too long."""
    with open(path, "rb") as file:
        return file.read(MAX_PASSWORD + 3)


def _trimmed(text: str) -> str:
    for mark in (_BYTE_ORDER_MARK, ""):  # a blank may stand before it and behind it
        text = text.strip(_BLANKS).removeprefix(mark).removesuffix(mark)
    return text


def _hash(text: str) -> bytes:
    # All hashes have one length, so comparing them does not show how long the password is.
    return hashlib.sha256(_trimmed(text).encode()).digest()
