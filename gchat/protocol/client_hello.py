"""What a client of TLS offers in its first message, as far as the server chooses by it."""

X25519 = 29
"""The group in which nearly all clients exchange keys (RFC 8446, 4.2.7)."""

_FIXED = 5 + 4 + 2 + 32
"""Bytes before the first length: headers of a record and of the message, version, random."""

_SUPPORTED_GROUPS = 10
"""The extension that lists them."""


def offers_group(hello: bytes, group: int) -> bool:
    """Whether a ClientHello offers to exchange keys in `group`; False if that cannot be read.

    `hello` is what a connection begins with. The message is nearly always in one record, and that
    in one packet; of one that is not, nothing is known.
    """
    at = _FIXED
    for width in (1, 2, 1):  # session, ciphers, compressions
        at += width + _number(hello, at, width)
    end = min(len(hello), at + 2 + _number(hello, at, 2))
    at += 2
    while at < end:
        size = _number(hello, at + 2, 2)
        if _number(hello, at, 2) == _SUPPORTED_GROUPS:
            listed = hello[at + 6 : at + 4 + size]
            pairs = zip(listed[::2], listed[1::2], strict=False)
            return any(high << 8 | low == group for high, low in pairs)
        at += 4 + size
    return False


def _number(hello: bytes, at: int, width: int) -> int:
    return int.from_bytes(hello[at : at + width], "big")
