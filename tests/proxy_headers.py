"""PROXY headers, as proxies send them."""

from ipaddress import ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def line(source: str, port: int = 4711) -> bytes:
    """A header of version 1 for a client at `source`."""
    version = ip_address(source).version
    server = "192.0.2.1" if version == 4 else "2001:db8::1"
    return f"PROXY TCP{version} {source} {server} {port} 7878\r\n".encode()


def binary(source: str, port: int = 4711, extra: bytes = b"") -> bytes:
    """A header of version 2 for a client at `source`; `extra` stands behind its addresses."""
    address = ip_address(source)
    server = ip_address("192.0.2.1" if address.version == 4 else "2001:db8::1")
    ports = port.to_bytes(2, "big") + (7878).to_bytes(2, "big")
    body = address.packed + server.packed + ports + extra
    return begin_binary(0x21, 0x11 if address.version == 4 else 0x21, len(body)) + body


def begin_binary(version_and_command: int, family: int, length: int) -> bytes:
    """The fixed part of a header of version 2."""
    return SIGNATURE + bytes((version_and_command, family)) + length.to_bytes(2, "big")


LOCAL = begin_binary(0x20, 0x00, 0)
"""What haproxy sends for its own health checks."""
