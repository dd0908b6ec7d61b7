"""The addresses of this machine, and which of them others can type to reach a server here.

Linux tells them through an ioctl and a file, which also a sandbox allows that has sockets of IP
alone (systemd's RestrictAddressFamilies, for one).
"""

import struct
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fcntl import ioctl
from ipaddress import IPv6Address
from pathlib import Path
from socket import AF_INET, AF_INET6, SOCK_DGRAM, gethostname, inet_ntoa
from typing import NamedTuple

from gevent import monkey

from gchat.text.addresses import address_of

# Nothing here waits.
StandardSocket = monkey.get_original("socket", "socket")

SIOCGIFCONF = 0x8912
"""Lists the IPv4 addresses of all interfaces, as struct ifreq of <net/if.h>."""

IFREQ = struct.calcsize("16s2LH3B3x")
"""Bytes of a struct ifreq: a name, and a struct ifmap, the longest of what may follow."""

MOST = 1024
"""IPv4 addresses that are listed."""

IPV6_ADDRESSES = Path("/proc/self/net/if_inet6")
"""Lists the IPv6 addresses of all interfaces."""

PASSING = 0x01 | 0x08 | 0x20
"""IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED: addresses that will not be there tomorrow,
or that another machine has."""

FAR = ((AF_INET, "192.0.2.1"), (AF_INET6, "2001:db8::1"))
"""An address of each family that only a default route leads to."""


class InterfaceAddress(NamedTuple):
    """An address of this machine."""

    host: str
    interface: str
    passing: bool = False


def hosts_to_type(listening: Sequence[str]) -> list[str]:
    """The hosts with which others can join a server that listens at these addresses, best first.

    0.0.0.0 and :: stand for the addresses of this machine, those first to which a default route
    leads, and for its name, which is the last. Addresses that can be used on one link or on this
    machine alone are told if there are no others. There is always one.
    """
    own = addresses_of_this_machine()
    found: dict[str, None] = {}
    for host in listening:
        address = address_of(host)
        if not address.is_unspecified:
            found[host.removeprefix("::ffff:")] = None
            continue
        for each in own:
            if address.version == 6 or address_of(each.host).version == 4:
                found[each.host] = None
    hosts = _most_public(list(found))
    name = gethostname()
    if any(address_of(host).is_unspecified for host in listening) and name != "localhost":
        hosts.append(name)
    return hosts or ["localhost"]


def addresses_of_this_machine() -> list[InterfaceAddress]:
    """Those that last, IPv4 first, and first those of interfaces that have a default route."""
    addresses = [*_ipv4_addresses(), *_ipv6_addresses()]
    sources = set(_sources())
    preferred = {each.interface for each in addresses if each.host in sources}
    lasting = [each for each in addresses if not each.passing]
    return sorted(lasting, key=lambda each: each.interface not in preferred)


def _most_public(hosts: list[str]) -> list[str]:
    """Those that can be reached from elsewhere; or else from this link, or from this machine."""
    beyond = [host for host in hosts if not _is_loopback(host) and not _is_link_local(host)]
    return beyond or [host for host in hosts if not _is_loopback(host)] or hosts


def _is_loopback(host: str) -> bool:
    return address_of(host).is_loopback


def _is_link_local(host: str) -> bool:
    return address_of(host).is_link_local


def _ipv4_addresses() -> Iterator[InterfaceAddress]:
    entries = array("B", bytes(MOST * IFREQ))
    with suppress(OSError), StandardSocket(AF_INET, SOCK_DGRAM) as asking:
        request = struct.pack("iP", len(entries), entries.buffer_info()[0])
        (size,) = struct.unpack_from("i", ioctl(asking, SIOCGIFCONF, request))
        listed = entries[:size].tobytes()
        for start in range(0, len(listed), IFREQ):
            name, address = struct.unpack_from("16s4x4s", listed, start)
            interface = name.rstrip(b"\0").decode(errors="replace").partition(":")[0]
            yield InterfaceAddress(inet_ntoa(address), interface)


def _ipv6_addresses() -> Iterator[InterfaceAddress]:
    with suppress(OSError):
        for line in IPV6_ADDRESSES.read_text("ascii", errors="replace").splitlines():
            digits, _, _, _, flags, interface = line.split()
            address = IPv6Address(bytes.fromhex(digits))
            host = f"{address}%{interface}" if address.is_link_local else str(address)
            yield InterfaceAddress(host, interface, bool(int(flags, 16) & PASSING))


def _sources() -> Iterator[str]:
    """The addresses that this machine would send from, if it sent something far away."""
    for family, host in FAR:
        with suppress(OSError), StandardSocket(family, SOCK_DGRAM) as never_sending:
            never_sending.connect((host, 9))
            yield never_sending.getsockname()[0]
