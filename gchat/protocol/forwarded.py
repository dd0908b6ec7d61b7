"""X-Forwarded-For: for whom an HTTP proxy asks. Nothing here reads a socket."""

import re
from collections.abc import Collection

from gchat.text.addresses import Address, Network, address_of

HEAD_END = b"\r\n\r\n"
"""What ends the headers of a request."""

_NAME = b"x-forwarded-for:"
_WITH_PORT = re.compile(r"(?:\[(?P<ip6>[^\]]*)\]|(?P<ip4>[\d.]+))(?::\d{1,5})?")
_HEALTH_CHECK = re.compile(rb"(?:GET|HEAD) /healthz HTTP/1\.[01]\r\n")


class NotForwarded(Exception):
    """Raised if a request does not say for whom it was sent; its text says why, as a clause."""


def forwarded_for(head: bytes, proxies: Collection[Network]) -> str:
    """The address of the client for which a proxy, in one of the networks `proxies`, sends the
    request with this `head`.

    Each proxy adds the address that it was asked from at the right, and whatever stands left of an
    address that is no proxy's may be made up. So it is the first from the right that is none; or
    the first of all, if all are. Raises NotForwarded.
    """
    lines = head.split(b"\r\n")
    values = [line[len(_NAME) :] for line in lines if line[: len(_NAME)].lower() == _NAME]
    if not values:
        raise NotForwarded("the request has no X-Forwarded-For")
    for entry in reversed(b",".join(values).decode("latin-1").split(",")):
        address = _read(entry.strip())
        if not any(address in network for network in proxies):
            break
    return str(address)


def is_health_check(head: bytes) -> bool:
    """Whether the request with this `head` asks how the server is: a proxy does so for itself."""
    return _HEALTH_CHECK.match(head) is not None


def _read(entry: str) -> Address:
    """Read an address, perhaps with a port: `192.0.2.7`, `192.0.2.7:4711`, `[2001:db8::7]:4711`."""
    found = _WITH_PORT.fullmatch(entry)
    try:
        return address_of((found["ip6"] or found["ip4"]) if found else entry)
    except ValueError:
        raise NotForwarded("X-Forwarded-For has no address where the client's is") from None
