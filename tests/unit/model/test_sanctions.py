"""model.sanctions: who may not come in, and who may not speak."""

import timeit
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.model import sanctions
from gchat.model.sanctions import Sanction, Sanctions, TooManySanctions
from gchat.text.addresses import Network, network_of

NOW = 1_000_000.0
ANN = Sanction("ann")
HOST = "10.1.2.3"

ADDRESSES = st.one_of(
    st.integers(0, 255).map(lambda number: IPv4Address(0x0A000000 + number)),
    st.integers(0, 255).map(lambda number: IPv6Address((0x20010DB8 << 96) + (number << 60))),
)
"""Few, so that networks around them are met."""
NETWORKS = st.builds(
    lambda address, length: ip_network((address, address.max_prefixlen - length), False),
    ADDRESSES,
    st.sampled_from([0, 4, 7, 20, 32]),
)


def banned(*networks: str) -> Sanctions:
    bans = Sanctions()
    for network in networks:
        bans.add(ip_network(network), Sanction(network), NOW)
    return bans


def networks(count: int) -> list[Network]:
    return list(islice(ip_network("10.0.0.0/8").subnets(new_prefix=32), count))


# A sanction


def test_a_sanction_holds_until_it_ends_or_for_good() -> None:
    assert ANN.holds(NOW)
    until = Sanction("ann", until=NOW)
    assert until.holds(NOW - 0.001)
    assert not until.holds(NOW)


@pytest.mark.parametrize(
    ("sanction", "later", "imposed"),
    [
        (Sanction("ann"), "by ann", "by ann"),
        (Sanction("ann", "flooding"), "by ann: flooding", "by ann: flooding"),
        (Sanction("ann", "", NOW + 3600), "by ann for another 1 h", "by ann for 1 h"),
        (Sanction("ann", "why", NOW + 0.2), "by ann for another 1 s: why", "by ann for 1 s: why"),
    ],
)
def test_a_sanction_is_told_with_its_author_its_term_and_its_reason(
    sanction: Sanction, later: str, imposed: str
) -> None:
    assert sanction.tell(NOW) == later
    assert sanction.tell(NOW, imposed=True) == imposed


def test_a_term_is_told_in_full_right_after_it_was_imposed() -> None:
    sanction = Sanction("ann", until=NOW + 600)
    assert sanction.tell(NOW + 0.01, imposed=True) == "by ann for 10 min"


# Bans


def test_nobody_is_banned_at_first() -> None:
    assert Sanctions().find(HOST, NOW) is None
    assert Sanctions().all(NOW) == {}


@pytest.mark.parametrize(
    ("network", "host", "is_banned"),
    [
        ("10.1.2.3/32", "10.1.2.3", True),
        ("10.1.2.3/32", "10.1.2.4", False),
        ("10.1.0.0/16", "10.1.255.255", True),
        ("10.1.0.0/16", "10.2.0.0", False),
        ("0.0.0.0/0", "203.0.113.7", True),
        ("0.0.0.0/0", "2001:db8::1", False),
        ("2001:db8::/64", "2001:db8::ffff:1", True),
        ("2001:db8::/64", "2001:db8:0:1::1", False),
        ("fe80::/64", "fe80::1%eth0", True),
        ("10.1.2.3/32", "::ffff:10.1.2.3", True),
        ("2001:db8::1/128", "2001:db8::1", True),
        ("2001:db8::1/128", "2001:db8::2", False),
        ("::/0", "10.1.2.3", False),
    ],
)
def test_a_ban_keeps_out_who_comes_from_its_network(
    network: str, host: str, is_banned: bool
) -> None:
    assert (banned(network).find(host, NOW) is not None) is is_banned


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.tuples(NETWORKS, st.sampled_from([None, NOW, NOW + 1]))),
    st.lists(NETWORKS),
    ADDRESSES,
)
def test_a_ban_is_found_as_looking_at_all_of_them_would_find_it(
    added: list[tuple[Network, float | None]],
    removed: list[Network],
    address: IPv4Address | IPv6Address,
) -> None:
    bans, model = Sanctions(), dict[Network, Sanction]()
    for network, until in added:
        model[network] = Sanction(str(network), until=until)
        bans.add(network, model[network], NOW - 1)
    for network in removed:
        assert bans.remove(network, NOW - 1) is (model.pop(network, None) is not None)
    holding = {network: each for network, each in model.items() if each.holds(NOW)}
    matching = [each for network, each in holding.items() if address in network]
    found = bans.find(str(address), NOW)
    assert found in matching if matching else found is None
    assert bans.all(NOW) == holding
    assert bans.find(str(address), NOW) == found


def test_a_ban_in_place_of_another_on_the_same_network_is_the_one_that_holds() -> None:
    bans = banned("10.1.0.0/16")
    again = Sanction("bob", until=NOW + 5)
    bans.add(ip_network("10.1.0.0/16"), again, NOW)
    assert bans.find(HOST, NOW) == again
    assert bans.find(HOST, NOW + 5) is None
    assert len(bans.all(NOW)) == 1


def test_of_two_networks_the_one_that_still_holds_keeps_out() -> None:
    bans = Sanctions()
    bans.add(network_of(HOST), Sanction("ann", until=NOW + 5), NOW)
    bans.add(ip_network("10.0.0.0/8"), Sanction("bob"), NOW)
    assert bans.find(HOST, NOW + 6) == Sanction("bob")
    assert bans.remove(ip_network("10.0.0.0/8"), NOW + 5)
    assert bans.find(HOST, NOW + 6) is None


def test_a_ban_that_is_removed_is_none_and_cannot_be_removed_again() -> None:
    bans = banned("10.1.2.3/32")
    assert bans.remove(network_of(HOST), NOW)
    assert bans.find(HOST, NOW) is None
    assert not bans.remove(network_of(HOST), NOW)


def test_one_that_has_ended_cannot_be_removed() -> None:
    bans = Sanctions()
    bans.add(network_of(HOST), Sanction("ann", until=NOW), NOW - 1)
    assert not bans.remove(network_of(HOST), NOW)


def test_bans_are_listed_as_they_were_imposed_and_only_those_that_hold() -> None:
    bans = Sanctions()
    for number, network in enumerate(networks(5)):
        bans.add(network, Sanction("ann", until=None if number % 2 else NOW + number), NOW)
    assert list(bans.all(NOW + 2)) == [networks(5)[number] for number in (1, 3, 4)]


def test_there_are_only_so_many_bans_and_one_that_has_ended_makes_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sanctions, "MOST", 3)
    first, second, third, fourth = networks(4)
    bans = Sanctions()
    for network in (first, second, third):
        bans.add(network, Sanction("ann", until=NOW + 5), NOW)
    for _ in range(2):
        with pytest.raises(TooManySanctions):
            bans.add(fourth, ANN, NOW)
    assert fourth not in bans.all(NOW)
    bans.add(first, ANN, NOW)  # in place of one
    bans.add(fourth, ANN, NOW + 5)
    assert set(bans.all(NOW + 5)) == {first, fourth}


def test_looking_one_up_takes_no_longer_when_there_are_many() -> None:
    few, many = (
        banned("2001:db8::/64", "10.0.0.0/24", *map(str, networks(count))) for count in (2, 2000)
    )

    def seconds(bans: Sanctions) -> float:
        return min(timeit.repeat(lambda: bans.find("10.200.0.1", NOW), number=50, repeat=5))

    assert seconds(many) < 5 * seconds(few)


def test_addresses_and_networks_of_both_versions_are_told_apart() -> None:
    bans = banned("::/8")
    assert ip_address("10.1.2.3") not in ip_network("::/8")
    assert bans.find("0.0.0.1", NOW) is None
    assert bans.find("::1", NOW) is not None


def test_a_network_that_is_banned_again_is_the_latest_in_the_list() -> None:
    bans, networks = Sanctions(), [network_of("10.0.0.1"), network_of("10.0.0.2")]
    for network in (*networks, networks[0]):
        bans.add(network, Sanction("ann"), 0.0)
    assert list(bans.all(0.0)) == [networks[1], networks[0]]
