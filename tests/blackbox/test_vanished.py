"""A client whose machine is gone without a word: its network is pulled out.

It lives in a network namespace of its own, so these tests need root and `ip`.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network

import pytest

from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

NETWORKS = list(IPv4Network("10.203.0.0/16").subnets(new_prefix=30))
"""Private networks of two addresses each, one for every process that runs tests at a time. The
addresses that are set aside for examples are not let through everywhere."""

SILENCE = 11
"""Seconds after which it counts as gone: the least that the server takes."""


class Network:
    """Two ends of a cable, the far one in a namespace."""

    def __init__(self) -> None:
        self.namespace = f"gchat{os.getpid()}"
        self._near, self._far = f"gcn{os.getpid()}", f"gcf{os.getpid()}"
        self.here, self.there = map(str, NETWORKS[os.getpid() % len(NETWORKS)].hosts())
        """The addresses of this end and of the far one."""

    def build(self) -> None:
        """Lay the cable; fails where that is not allowed."""
        ip("netns", "add", self.namespace)
        ip("link", "add", self._near, "type", "veth", "peer", "name", self._far)
        ip("link", "set", self._far, "netns", self.namespace)
        for namespace, device, address in (
            ((), self._near, self.here),
            (("-n", self.namespace), self._far, self.there),
        ):
            ip(*namespace, "address", "add", f"{address}/30", "dev", device)
            ip(*namespace, "link", "set", device, "up")

    def pull_out(self) -> None:
        """From now on nothing passes, in silence."""
        ip("-n", self.namespace, "link", "set", self._far, "down")

    def remove(self) -> None:
        """Leave nothing behind."""
        subprocess.run(["ip", "link", "delete", self._near], capture_output=True, check=False)
        subprocess.run(["ip", "netns", "delete", self.namespace], capture_output=True, check=False)


def ip(*arguments: str) -> None:
    """Run ip."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[Network]:
    """A network of one cable."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("needs root and `ip` (Debian: iproute2)")
    network = Network()
    try:
        network.build()
        yield network
    finally:
        network.remove()


@contextmanager
def far_client(server: Server, network: Network) -> Iterator[None]:
    """A client at the far end, for as long as this lasts."""
    line = ["ip", "netns", "exec", network.namespace, "nc", network.here, str(server.address[1])]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as client:
        try:
            server.expect_log(f"join {network.there}:")
            yield
        finally:
            client.kill()


@pytest.mark.parametrize("talk", [False, True], ids=["while it is quiet", "while others talk"])
def test_a_client_whose_machine_vanished_is_found_and_announced(
    start_server: StartServer, network: Network, talk: bool
) -> None:
    server = start_server("--host", "0.0.0.0", "--keepalive", str(SILENCE))
    ann = server.person("ann")
    with far_client(server, network):
        ann.expect(f"{network.there}:")
        network.pull_out()
        if talk:  # what is never acknowledged: keepalive rests from now on
            ann.say("is anybody there?")
        wait_until(lambda: f"leave {network.there}:" in server.log(), "it is found", 3 * SILENCE)
        assert ann.expect(" left").startswith(f" * {network.there}:")


def test_one_who_does_not_read_all_that_time_is_not_taken_for_vanished(
    start_server: StartServer, network: Network
) -> None:
    server = start_server("--host", "0.0.0.0", "--keepalive", str(SILENCE), "--rate", "0")
    stalled, ann = server.person(receive_buffer=4096), server.person("ann")
    with far_client(server, network):
        ann.expect(f"{network.there}:")
        network.pull_out()
        ann.send(b"x" * 99 + b"\n" + b"is anybody there?\n" * 50_000)
        wait_until(lambda: f"leave {network.there}:" in server.log(), "one is found", 3 * SILENCE)
    ann.say("the end")
    assert stalled.messages_until("ann: the end").count("ann: is anybody there?") == 50_000
