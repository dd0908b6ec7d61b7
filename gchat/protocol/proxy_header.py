"""The PROXY header: before all else, a proxy tells from whom it has a connection.

Version 1 is a line of text, version 2 is binary
(https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt). Nothing here reads a socket, and the
result does not depend on how the bytes are cut.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from gchat.text.addresses import address_of

LONGEST_LINE = 107
"""Bytes of a header of version 1, with its end: as long as its text can be."""

LONGEST_BINARY = 4096
"""Bytes of a header of version 2, with what a proxy adds to the addresses, such as the names in a
certificate. nginx takes as many."""

_LINE = b"PROXY "
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = len(_SIGNATURE) + 4
"""Bytes in front of the addresses in version 2."""

_PORT = rb"(0|[1-9]\d{0,4})"
_V1 = re.compile(
    rb"PROXY (?:UNKNOWN(?: .*)?|TCP4 ([\d.]+) ([\d.]+) "
    rb"" + _PORT + rb" " + _PORT + rb"|TCP6 ([\da-fA-F:.]+) ([\da-fA-F:.]+) "
    rb"" + _PORT + rb" " + _PORT + rb")\r"
)

_LOCAL, _PROXY = 0, 1
_TCP4, _TCP6 = 0x11, 0x21
_ADDRESSES = {_TCP4: 12, _TCP6: 36}
"""Bytes of both addresses and both ports."""
_WITHOUT_ADDRESS = (0x00, 0x12, 0x22, 0x31, 0x32)
"""Unspecified, UDP and Unix: the specification has a server for TCP pass over their addresses."""


class NoHeader(Exception):
    """Raised if an input begins with something else than a header."""


class Malformed(Exception):
    """Raised for a header that is none; its text says why, as a clause."""


class Header(NamedTuple):
    """A header."""

    size: int
    """Its bytes; behind them the client begins."""
    source: tuple[str, int] | None
    """The client's address and port; None if the proxy speaks for itself, or does not know."""


def read_header(data: bytes) -> Header | None:
    """The header at the beginning of `data`, the first bytes of a connection; None while more of
    it has to come. Raises NoHeader and Malformed.
    """
    if _SIGNATURE.startswith(data[: len(_SIGNATURE)]):
        return _read_binary(data)
    if _LINE.startswith(data[: len(_LINE)]):
        return _read_line(data)
    raise NoHeader


def _read_line(data: bytes) -> Header | None:
    end = data.find(b"\n", 0, LONGEST_LINE)
    if end < 0:
        if len(data) >= LONGEST_LINE:
            raise Malformed(f"the header's line is longer than {LONGEST_LINE} bytes")
        return None
    found = _V1.fullmatch(data, 0, end)
    if not found:
        raise Malformed("the header is not as the protocol has it")
    ip4, other4, port4, to4, ip6, other6, port6, to6 = found.groups()
    try:
        if ip4:
            source = _source(IPv4Address(ip4.decode()), port4)
            IPv4Address(other4.decode()), _port(to4)
        elif ip6:
            source = _source(IPv6Address(ip6.decode()), port6)
            IPv6Address(other6.decode()), _port(to6)
        else:
            source = None
    except ValueError:
        raise Malformed("the header has an address that is none") from None
    return Header(end + 1, source)


def _read_binary(data: bytes) -> Header | None:
    if len(data) < _FIXED:
        return None
    version_and_command, family = data[len(_SIGNATURE) : len(_SIGNATURE) + 2]
    length = int.from_bytes(data[_FIXED - 2 : _FIXED], "big")
    version, command = version_and_command >> 4, version_and_command & 0xF
    if version != 2 or command not in (_LOCAL, _PROXY):
        raise Malformed(f"version {version} and command {command} are unknown")
    size = _FIXED + length
    if size > LONGEST_BINARY:
        raise Malformed(f"the header is longer than {LONGEST_BINARY} bytes")
    has_source = command == _PROXY and family not in _WITHOUT_ADDRESS
    if has_source and length < _ADDRESSES.get(family, size):
        raise Malformed(f"the header's {length} bytes hold no address of family {family:#04x}")
    if len(data) < size:
        return None
    if not has_source:
        return Header(size, None)
    half = (_ADDRESSES[family] - 4) // 2
    packed = data[_FIXED : _FIXED + half]
    port = data[_FIXED + 2 * half : _FIXED + 2 * half + 2]
    address = IPv4Address(packed) if family == _TCP4 else IPv6Address(packed)
    return Header(size, (str(address_of(str(address))), int.from_bytes(port, "big")))


def _source(address: IPv4Address | IPv6Address, port: bytes) -> tuple[str, int]:
    return str(address_of(str(address))), _port(port)


def _port(digits: bytes) -> int:
    """Raises ValueError."""
    port = int(digits)
    if port > 0xFFFF:
        raise ValueError
    return port
