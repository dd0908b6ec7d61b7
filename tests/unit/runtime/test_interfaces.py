"""runtime.interfaces: which addresses others can type to reach a server here."""

import json
import shutil
import subprocess
from typing import Any

import pytest

from gchat.runtime import interfaces
from gchat.runtime.interfaces import InterfaceAddress, addresses_of_this_machine, hosts_to_type

LAN, BRIDGE, VPN = "192.168.1.5", "172.17.0.1", "10.8.0.2"
GLOBAL, LINK = "2001:db8:7::5", "fe80::5%eth0"
LOOPBACK = [InterfaceAddress("127.0.0.1", "lo"), InterfaceAddress("::1", "lo")]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Gives this machine addresses, and routes from `sources` to all the world."""
    monkeypatch.setattr(interfaces, "gethostname", lambda: "box")

    def give(addresses: list[InterfaceAddress], *sources: str) -> None:
        ipv6 = [each for each in addresses if ":" in each.host]
        ipv4 = [each for each in addresses if each not in ipv6]
        monkeypatch.setattr(interfaces, "_ipv4_addresses", lambda: iter(ipv4))
        monkeypatch.setattr(interfaces, "_ipv6_addresses", lambda: iter(ipv6))
        monkeypatch.setattr(interfaces, "_sources", lambda: iter(sources))

    give(
        [
            *LOOPBACK,
            InterfaceAddress(BRIDGE, "docker0"),
            InterfaceAddress(LAN, "eth0"),
            InterfaceAddress(LINK, "eth0"),
            InterfaceAddress("2001:db8:7::bad", "eth0", passing=True),
            InterfaceAddress(GLOBAL, "eth0"),
        ],
        LAN,
        "2001:db8:7::bad",
    )
    return give


def test_addresses_with_a_default_route_come_first_and_the_name_last(machine: Any) -> None:
    assert hosts_to_type(["0.0.0.0"]) == [LAN, BRIDGE, "box"]
    assert hosts_to_type(["::"]) == [LAN, GLOBAL, BRIDGE, "box"]


def test_addresses_of_one_link_or_machine_are_told_if_there_are_no_others(machine: Any) -> None:
    machine([*LOOPBACK, InterfaceAddress(LINK, "eth0")])
    assert hosts_to_type(["::"]) == [LINK, "box"]
    assert hosts_to_type(["0.0.0.0"]) == ["127.0.0.1", "box"]
    machine([])
    assert hosts_to_type(["::"]) == ["box"]


def test_a_name_that_means_another_machine_there_is_not_told(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interfaces, "gethostname", lambda: "localhost")
    assert hosts_to_type(["0.0.0.0"]) == [LAN, BRIDGE]
    machine([])
    assert hosts_to_type(["0.0.0.0"]) == ["localhost"]


@pytest.mark.parametrize(
    ("listening", "hosts"),
    [
        (["127.0.0.1"], ["127.0.0.1"]),
        (["127.0.0.1", "::1"], ["127.0.0.1", "::1"]),
        (["127.0.1.1", VPN], [VPN]),
        ([LINK], [LINK]),
        (["::ffff:10.8.0.2"], [VPN]),
    ],
)
def test_what_is_listened_on_is_told_as_it_is(
    listening: list[str], hosts: list[str], machine: Any
) -> None:
    assert hosts_to_type(listening) == hosts


@pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip")
def test_the_addresses_are_those_that_the_system_tells() -> None:
    listed = subprocess.run(["ip", "-json", "address"], capture_output=True, check=True).stdout
    expected = {
        (address["local"], interface["ifname"])
        for interface in json.loads(listed)
        for address in interface["addr_info"]
        if not (address.get("temporary") or address.get("deprecated"))
    }
    assert {
        (each.host.partition("%")[0], each.interface) for each in addresses_of_this_machine()
    } == expected


def test_a_system_that_tells_nothing_has_no_addresses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setattr(interfaces, "IPV6_ADDRESSES", tmp_path / "none")
    monkeypatch.setattr(interfaces, "SIOCGIFCONF", -1)
    assert addresses_of_this_machine() == []
