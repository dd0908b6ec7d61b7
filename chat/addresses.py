"""Addresses and networks, as limits count them and bans name them."""

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

IPV6_PREFIX = 64
"""Bits of an IPv6 address that stand for one customer of a provider, as IPv4's 32 do: the rest
can be changed at will (RFC 6177)."""


class NotANetwork(ValueError):
    """A text is neither an address nor a network."""


def host_of(address: str) -> str:
    """The host in an address as listener.show_address writes it: `::1` in `[::1]:7878`."""
    return address.rpartition(":")[0].strip("[]")


def address_of(host: str) -> Address:
    """The address that `host` writes: one of IPv4 also if it is mapped into IPv6."""
    address = ip_address(host.partition("%")[0])  # without the interface of a link-local one
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


@lru_cache(maxsize=4096)
def network_of(host: str) -> Network:
    """The network that counts as one address: `host` itself, or its /64 of IPv6."""
    address = address_of(host)
    if isinstance(address, IPv4Address):
        return IPv4Network(address)
    return IPv6Network((address, IPV6_PREFIX), strict=False)


def read_network(text: str) -> Network:
    """The network, or the address as network_of has it, that `text` means. Raises NotANetwork."""
    try:
        return ip_network(text, strict=False) if "/" in text else network_of(text)
    except ValueError:
        raise NotANetwork from None


def show_network(network: Network) -> str:
    """As people write it: an address of IPv4 without its length."""
    return str(network).removesuffix("/32") if network.version == 4 else str(network)
