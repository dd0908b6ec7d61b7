"""chat.addresses: what counts as one address, and how people write networks."""

from contextlib import suppress
from ipaddress import IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.addresses import (
    IPV6_PREFIX,
    Network,
    NotANetwork,
    host_of,
    network_of,
    read_network,
    show_network,
)
from chat.listener import show_address

ADDRESSES = st.ip_addresses()
NETWORKS = st.builds(
    lambda address, length: ip_network((address, length % (address.max_prefixlen + 1)), False),
    ADDRESSES,
    st.integers(0, 128),
)


@settings(deadline=None)
@given(ADDRESSES, st.integers(0, 65535))
def test_the_host_is_found_in_an_address_as_it_is_shown(address: object, port: int) -> None:
    assert host_of(show_address((str(address), port))) in (
        str(address),
        str(address).removeprefix("::ffff:"),
    )


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("127.0.0.1:7878", "127.0.0.1"),
        ("[::1]:7878", "::1"),
        ("[fe80::1%eth0]:7878", "fe80::1%eth0"),
    ],
)
def test_the_host_is_what_stands_before_the_port(address: str, host: str) -> None:
    assert host_of(address) == host


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("10.1.2.3", "10.1.2.3/32"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8:0:0:ffff:ffff:ffff:ffff", "2001:db8::/64"),
        ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_an_address_of_ipv4_counts_alone_and_one_of_ipv6_with_its_64(
    host: str, network: str
) -> None:
    assert network_of(host) == ip_network(network)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("10.1.2.3", "10.1.2.3/32"),
        ("10.1.2.3/16", "10.1.0.0/16"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::7", "2001:db8::/64"),
        ("2001:db8::7/48", "2001:db8::/48"),
        ("2001:db8::7/128", "2001:db8::7/128"),
        ("2001:DB8::7", "2001:db8::/64"),
        ("fe80::1%eth0/64", "fe80::/64"),
    ],
)
def test_a_network_is_read_as_people_write_it(text: str, network: str) -> None:
    assert read_network(text) == ip_network(network)


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "ann", "10", "10.0.0", "10.0.0.256", "10.0.0.1:7878", "10.0.0.1/33"),
        *("10.0.0.1/", "10.0.0.1/x", "10.0.0.1/16/16", "١٠.0.0.1", "::1/129", "[::1]", ":"),
        *("9" * 5000, ":" * 5000, "/" * 5000, "10.0.0.0 - 10.0.0.9"),
    ],
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(NotANetwork):
        read_network(text)


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("0123456789abcdef.:/%")))
def test_every_text_is_a_network_or_refused(text: str) -> None:
    with suppress(NotANetwork):
        assert read_network(text).prefixlen >= 0


def test_an_address_alone_is_shown_without_its_length() -> None:
    assert show_network(ip_network("10.1.2.3/32")) == "10.1.2.3"
    assert show_network(ip_network("10.1.0.0/16")) == "10.1.0.0/16"
    assert show_network(network_of("2001:db8::1")) == "2001:db8::/64"


@settings(deadline=None, max_examples=200)
@given(NETWORKS)
def test_what_is_shown_can_be_typed_again(network: Network) -> None:
    if isinstance(network, IPv6Network) and network.prefixlen == 128:
        return  # alone it stands for the network that counts as one address
    assert read_network(show_network(network)) == network


@settings(deadline=None, max_examples=200)
@given(ADDRESSES)
def test_an_address_is_in_the_network_that_counts_as_one_with_it(address: object) -> None:
    network = network_of(str(address))
    plain = ip_address(str(address))
    assert (getattr(plain, "ipv4_mapped", None) or plain) in network
    assert network.prefixlen == (32 if network.version == 4 else IPV6_PREFIX)


def test_a_single_address_of_ipv6_that_is_shown_can_be_typed_again() -> None:
    network = ip_network("2001:db8::7/128")
    assert read_network(show_network(network)) == network


def test_an_address_of_ipv4_written_as_one_of_ipv6_is_that_of_ipv4() -> None:
    assert read_network("::ffff:10.1.2.3") == network_of("10.1.2.3")
