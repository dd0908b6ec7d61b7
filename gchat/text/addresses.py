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


IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
"""Addresses of IPv4 as IPv6 writes them. Clients from there count as clients of IPv4."""

BROADCAST = IPv4Network("255.255.255.255")


class NotANetwork(ValueError):
    """A text is neither an address nor a network."""


class NobodyComesFrom(ValueError):
    """A text is a network that no client has an address in; says so, and what to do."""


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
    """The network, or the address as network_of has it, that `text` means.

    Raises NotANetwork, and NobodyComesFrom for a network that would match no client.
    """
    try:
        network = parse_network(text) if "/" in text else network_of(text.partition("%")[0])
    except ValueError:
        raise NotANetwork from None
    shown = show_network(network)
    if network.is_multicast or network.is_unspecified or network == BROADCAST:
        raise NobodyComesFrom(f"no client can come from {shown}")
    if network.version == 6 and network.prefixlen > IPV6_PREFIX and IPV4_MAPPED.subnet_of(network):
        raise NobodyComesFrom(
            f"no client of IPv6 can come from {shown}, and those of IPv4 are known by their IPv4 "
            "addresses: 0.0.0.0/0 is all of them"
        )
    return network


def parse_network(text: str) -> Network:
    """The network that `text`, an address and a length, writes, in the one form that is looked up.

    Without an interface, and one of IPv4 also if it is a part of IPV4_MAPPED. Raises ValueError.
    """
    address, _, length = text.partition("/")
    network = ip_network(f"{address.partition('%')[0]}/{length}", strict=False)
    if isinstance(network, IPv6Network) and network.subnet_of(IPV4_MAPPED):
        first = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((first, network.prefixlen - IPV4_MAPPED.prefixlen))
    return network


def lies_in(network: Network, other: Network) -> bool:
    """Whether all addresses in `network` are in `other` as well."""
    return network.prefixlen >= other.prefixlen and network.network_address in other


def show_network(network: Network) -> str:
    """As people write it: an address of IPv4 without its length."""
    return str(network).removesuffix("/32") if network.version == 4 else str(network)
