"""text.addresses: what counts as one address, and how people write networks."""

from contextlib import suppress
from ipaddress import IPv6Network, ip_address, ip_network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gchat.doors.listener import show_address
from gchat.model.sanctions import Sanction, Sanctions
from gchat.text.addresses import (
    IPV6_PREFIX,
    Network,
    NobodyComesFrom,
    NotANetwork,
    address_of,
    host_of,
    lies_in,
    network_of,
    parse_network,
    read_network,
    show_network,
)

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
        ("fe80::%eth0/64", "fe80::/64"),
        ("fe80::1%eth0/128", "fe80::1/128"),
        ("10.1.2.3%eth0/16", "10.1.0.0/16"),
        ("10.1.2.3/255.255.0.0", "10.1.0.0/16"),
        ("::ffff:127.0.0.0/125", "127.0.0.0/29"),
        ("::ffff:127.0.0.1/128", "127.0.0.1/32"),
        ("::ffff:7f00:0/125", "127.0.0.0/29"),
        ("::FFFF:10.1.2.3%eth0/112", "10.1.0.0/16"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/64", "::/64"),
        ("::/0", "::/0"),
        ("2002:0a01:0203::/48", "2002:a01:203::/48"),
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


@pytest.mark.parametrize(
    "text",
    [
        *("0.0.0.0", "0.0.0.0/32", "255.255.255.255", "224.0.0.0/4", "239.1.1.1", "ff02::1"),
        *("ff00::/8", "::/128", "::ffff:0.0.0.0", "::ffff:224.0.0.0/100"),
        *("::ffff:0:0/95", "::ffff:10.0.0.1/90", "::/65", "::/80"),
    ],
)
def test_a_network_that_no_client_comes_from_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(NobodyComesFrom, match=r"^No (IPv6 )?client can"):
        read_network(text)


@settings(deadline=None, max_examples=500)
@given(ADDRESSES, st.integers(0, 128), st.sampled_from(["", "%eth0"]))
def test_a_network_is_read_in_the_form_that_is_looked_up(
    address: object, length: int, scope: str
) -> None:
    """A sanction on it is found for each client that the typed network has."""
    typed = f"{address}{scope}/{length}"
    try:
        network = read_network(typed)
    except (NotANetwork, NobodyComesFrom):
        assume(False)
    held = Sanctions()
    held.add(network, Sanction("op"), 0.0)
    plain = address_of(str(address))
    if plain.version == network.version:
        assert held.find(str(address), 0.0)
    else:  # ::/64 and what is larger are networks of IPv6 alone
        assert network.prefixlen <= IPV6_PREFIX


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from("0123456789abcdef.:/%")))
def test_every_text_is_a_network_or_refused(text: str) -> None:
    with suppress(NotANetwork, NobodyComesFrom):
        assert read_network(text).prefixlen >= 0


def test_an_address_alone_is_shown_without_its_length() -> None:
    assert show_network(ip_network("10.1.2.3/32")) == "10.1.2.3"
    assert show_network(ip_network("10.1.0.0/16")) == "10.1.0.0/16"
    assert show_network(network_of("2001:db8::1")) == "2001:db8::/64"


@settings(deadline=None, max_examples=200)
@given(NETWORKS)
def test_what_is_shown_can_be_typed_again(network: Network) -> None:
    assume(parse_network(str(network)) == network)  # as all are that were read
    if isinstance(network, IPv6Network) and network.prefixlen == 128:
        return  # alone it stands for the network that counts as one address
    with suppress(NobodyComesFrom):
        assert read_network(show_network(network)) == network


def test_a_network_lies_in_another_if_all_of_it_does() -> None:
    small, large, other = map(ip_network, ("10.1.2.0/24", "10.1.0.0/16", "::/0"))
    assert lies_in(small, large)
    assert lies_in(small, small)
    assert not lies_in(large, small)
    assert not lies_in(small, other)
    assert not lies_in(other, ip_network("0.0.0.0/0"))


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
