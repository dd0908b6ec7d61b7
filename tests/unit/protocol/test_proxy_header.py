"""protocol.proxy_header: whom a proxy has a connection from."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gchat.protocol.proxy_header import (
    LONGEST_BINARY,
    LONGEST_LINE,
    Header,
    Malformed,
    NoHeader,
    read_header,
)
from tests.proxy_headers import LOCAL, SIGNATURE, begin_binary, binary, line

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
PORTS = st.integers(0, 0xFFFF)

UNKNOWN = b"PROXY UNKNOWN\r\n"
UNKNOWN_WITH_MORE = b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"

WITHOUT_SOURCE = [
    UNKNOWN,
    UNKNOWN_WITH_MORE,
    LOCAL,
    begin_binary(0x20, 0x11, 12) + bytes(12),  # for itself, so the addresses do not count
    begin_binary(0x21, 0x00, 3) + b"abc",
    begin_binary(0x21, 0x31, 216) + bytes(216),
    begin_binary(0x21, 0x12, 12) + bytes(12),
]

MALFORMED = [
    b"PROXY \r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 7878\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 4711\r\n",
    b"PROXY TCP4  192.0.2.7 192.0.2.1 4711 7878\r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 7878 \r\n",
    b"PROXY TCP4 192.0.2.300 192.0.2.1 4711 7878\r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2 4711 7878\r\n",
    b"PROXY TCP4 2001:db8::7 2001:db8::1 4711 7878\r\n",
    b"PROXY TCP6 192.0.2.7 192.0.2.1 4711 7878\r\n",
    b"PROXY TCP6 fe80::1%eth0 fe80::2 4711 7878\r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 65536 7878\r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 04711 7878\r\n",
    b"PROXY TCP4 192.0.2.7 192.0.2.1 -1 7878\r\n",
    b"PROXY TCP5 192.0.2.7 192.0.2.1 4711 7878\r\n",
    b"PROXY /path HTTP/1.1\r\n",
    b"PROXY " + b"x" * LONGEST_LINE,
    begin_binary(0x11, 0x11, 12) + bytes(12),
    begin_binary(0x22, 0x11, 12) + bytes(12),
    begin_binary(0x21, 0x11, 11) + bytes(11),
    begin_binary(0x21, 0x21, 12) + bytes(12),
    begin_binary(0x21, 0x41, 36) + bytes(36),
    begin_binary(0x21, 0x13, 36) + bytes(36),
    begin_binary(0x21, 0x11, LONGEST_BINARY - 15),
    begin_binary(0x20, 0x00, 0xFFFF),
]


@given(ADDRESSES, PORTS, st.binary(max_size=40))
def test_an_address_is_read_in_both_versions_and_what_follows_is_left(
    address: IPv4Address | IPv6Address, port: int, rest: bytes
) -> None:
    source = str((isinstance(address, IPv6Address) and address.ipv4_mapped) or address)
    for header in (
        line(str(address), port),
        binary(str(address), port),
        binary(str(address), port, b"\x03\0\x04abcd"),
    ):
        assert read_header(header + rest) == Header(len(header), (source, port))


def test_an_ipv4_address_that_ipv6_has_mapped_is_an_ipv4_address() -> None:
    for header in (line("::ffff:192.0.2.7"), binary("::ffff:192.0.2.7")):
        assert read_header(header) == Header(len(header), ("192.0.2.7", 4711))


@pytest.mark.parametrize("header", WITHOUT_SOURCE)
def test_a_proxy_that_speaks_for_itself_names_nobody(header: bytes) -> None:
    assert read_header(header + b"hello") == Header(len(header), None)


@pytest.mark.parametrize("data", MALFORMED)
def test_what_is_not_as_the_protocol_has_it_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_header(data)


@pytest.mark.parametrize(
    "data",
    [b"hello\n", b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n", b"\n", b"proxy ", b"\r\n\r\nx"],
)
def test_what_begins_otherwise_is_no_header(data: bytes) -> None:
    with pytest.raises(NoHeader):
        read_header(data)


def test_the_bounds_are_the_longest_headers_that_are_read() -> None:
    longest = b"PROXY UNKNOWN " + b"f" * (LONGEST_LINE - len(UNKNOWN) - 1) + b"\r\n"
    assert len(longest) == LONGEST_LINE
    assert read_header(longest) == Header(LONGEST_LINE, None)
    with pytest.raises(Malformed):
        read_header(longest.replace(b" f", b" ff"))
    room = LONGEST_BINARY - 16 - 12
    header = binary("192.0.2.7", extra=bytes(room))
    assert read_header(header) == Header(LONGEST_BINARY, ("192.0.2.7", 4711))
    with pytest.raises(Malformed):
        read_header(binary("192.0.2.7", extra=bytes(room + 1)))


def result(data: bytes) -> Header | str | None:
    """What `data` is read as."""
    try:
        return read_header(data)
    except (NoHeader, Malformed) as why:
        return type(why).__name__


BEGINNINGS = st.sampled_from(
    [b"", b"P", b"PROXY ", b"PROXY TCP4 ", b"PROXY UNKNOWN", SIGNATURE, SIGNATURE[:5], LOCAL[:14]]
)


@given(st.one_of(st.builds(bytes.__add__, BEGINNINGS, st.binary(max_size=200))))
@example(b"PROXY UNKNOWN a\nb\r\n")
@example(line("192.0.2.7") + line("192.0.2.8"))
@example(binary("192.0.2.7", extra=b"tlv") + b"x")
@example(b"PROXY " + b"1" * 300 + b"\r\n")
def test_however_it_is_cut_the_first_verdict_is_the_last(data: bytes) -> None:
    whole = result(data)
    verdicts = [result(data[:length]) for length in range(len(data))]
    decided = [verdict for verdict in verdicts if verdict is not None]
    assert set(decided) <= {whole}
    assert decided == verdicts[len(verdicts) - len(decided) :]  # once decided, it stays


@given(st.binary(max_size=300), st.data())
def test_garbage_within_a_header_raises_nothing_else(garbage: bytes, data: st.DataObject) -> None:
    header = bytearray(data.draw(st.sampled_from([line("192.0.2.7"), binary("2001:db8::7")])))
    at = data.draw(st.integers(0, len(header)))
    header[at : at + len(garbage)] = garbage
    with suppress(NoHeader, Malformed):
        found = read_header(bytes(header))
        assert found is None or 0 < found.size <= min(len(header), LONGEST_BINARY)
