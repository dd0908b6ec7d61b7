"""IP addresses and networks: how limits count clients, and how bans are written."""

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
"""Bits of an IPv6 address that identify a customer of a provider, as the 32 bits of IPv4 do; the
customer can change the rest at will (RFC 6177)."""


IPV4_MAPPED = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as IPv6 writes them. Clients from there count as IPv4 clients."""

BROADCAST = IPv4Network("255.255.255.255")


class NotANetwork(ValueError):
    """Raised for a text that is neither an address nor a network."""


class NobodyComesFrom(ValueError):
    """Raised for a network in which no client can be; says so, and what to do, to users."""


def host_of(address: str) -> str:
    """The host of an address that listener.show_address wrote: `::1` of `[::1]:7878`."""
    return address.rpartition(":")[0].strip("[]")


def address_of(host: str) -> Address:
    """Parse an address; an IPv4 address that is mapped into IPv6 becomes IPv4."""
    address = ip_address(host.partition("%")[0])  # without the interface of a link-local address
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address


@lru_cache(maxsize=4096)
def network_of(host: str) -> Network:
    """The network that counts as one address: `host` itself, or the /64 of an IPv6 address."""
    address = address_of(host)
    if isinstance(address, IPv4Address):
        return IPv4Network(address)
    return IPv6Network((address, IPV6_PREFIX), strict=False)


def read_network(text: str) -> Network:
    """Read a network `10.1.0.0/16`, or an address, which means its `network_of`.

    Raises NotANetwork, and NobodyComesFrom for a network that matches no client.
    """
    try:
        network = parse_network(text) if "/" in text else network_of(text.partition("%")[0])
    except ValueError:
        raise NotANetwork from None
    shown = show_network(network)
    if network.is_multicast or network.is_unspecified or network == BROADCAST:
        raise NobodyComesFrom(f"No client can come from {shown}")
    if network.version == 6 and network.prefixlen > IPV6_PREFIX and IPV4_MAPPED.subnet_of(network):
        raise NobodyComesFrom(
            f"No IPv6 client can come from {shown}; IPv4 clients go by their IPv4 addresses, "
            "and 0.0.0.0/0 is all of them"
        )
    return network


def read_exactly(text: str) -> Network:
    """Read a network as `read_network`; but an address is a network of its own, IPv6 as well."""
    if "/" not in text:
        try:
            address = address_of(text)
        except ValueError:
            raise NotANetwork from None
        text = f"{address}/{address.max_prefixlen}"
    return read_network(text)


def parse_network(text: str) -> Network:
    """Parse an address and a prefix length into the form that lookups use. Raises ValueError.

    An interface (`%eth0`) is dropped, and a part of IPV4_MAPPED becomes an IPv4 network.
    """
    address, _, length = text.partition("/")
    network = ip_network(f"{address.partition('%')[0]}/{length}", strict=False)
    if isinstance(network, IPv6Network) and network.subnet_of(IPV4_MAPPED):
        first = int(network.network_address) & 0xFFFFFFFF
        return IPv4Network((first, network.prefixlen - IPV4_MAPPED.prefixlen))
    return network


def lies_in(network: Network, other: Network) -> bool:
    """Whether all addresses of `network` are in `other`."""
    return network.prefixlen >= other.prefixlen and network.network_address in other


def page_address(scheme: str, host: str, port: int) -> str:
    """What to type into a browser, for an address or a name: `http://[::1]:7878/`."""
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}:{port}/"


def show_network(network: Network) -> str:
    """Format a network; an IPv4 address has no prefix length."""
    return str(network).removesuffix("/32") if network.version == 4 else str(network)
