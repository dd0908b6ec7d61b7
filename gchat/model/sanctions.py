"""What operators have imposed on others: who may not come in, and who may not speak.

Times are in seconds since the epoch.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from math import ceil
from typing import NamedTuple

from gchat.text.addresses import Network, address_of
from gchat.text.clock import duration

MOST = 10_000
"""Networks on which one kind of sanction is: whoever needs more wants a firewall."""


class Sanction(NamedTuple):
    """By whom, why, and how long."""

    by: str
    """What the operator was called."""
    why: str = ""
    until: float | None = None
    """When it ends; None if it does not end by itself."""

    def holds(self, now: float) -> bool:
        """Whether it has not ended yet."""
        return self.until is None or self.until > now

    def tell(self, now: float, *, imposed: bool = False) -> str:
        """`by ann, for 2 h more: flooding`; without `more` when it is `imposed` just now."""
        term = ""
        if self.until is not None:
            term = f", for {duration(ceil(self.until - now))}" + ("" if imposed else " more")
        return f"by {self.by}{term}" + (f": {self.why}" if self.why else "")


class TooManySanctions(Exception):
    """There are MOST that hold."""


class Sanctions:
    """Those of one kind, on networks. Looking one up takes no longer when there are many."""

    def __init__(self, held: Mapping[Network, Sanction] | None = None) -> None:
        """`held` are there from the start."""
        self._sanctions = dict(held or {})
        self._lengths: dict[int, set[int]] = {4: set(), 6: set()}
        """Those of the prefixes on which one ever was, by the version of IP."""
        for network in self._sanctions:
            self._lengths[network.version].add(network.prefixlen)

    def __bool__(self) -> bool:
        """Whether there are any, whether they hold or not."""
        return bool(self._sanctions)

    def add(self, network: Network, sanction: Sanction, now: float) -> None:
        """Impose `sanction` in place of an earlier one on `network`. Raises TooManySanctions."""
        if network not in self._sanctions and len(self.all(now)) >= MOST:
            raise TooManySanctions
        self._sanctions.pop(network, None)  # so that it is the latest
        self._sanctions[network] = sanction
        self._lengths[network.version].add(network.prefixlen)

    def remove(self, network: Network, now: float) -> bool:
        """End the one on `network`; False if there was none that held."""
        sanction = self._sanctions.pop(network, None)
        return sanction is not None and sanction.holds(now)

    def find(self, host: str, now: float) -> Sanction | None:
        """One that holds for the address `host`; None if there is none."""
        address = address_of(host)
        for length in self._lengths[address.version]:
            sanction = self._sanctions.get(ip_network((address, length), strict=False))
            if sanction and sanction.holds(now):
                return sanction
        return None

    def all(self, now: float) -> dict[Network, Sanction]:
        """Those that hold, in the order in which they were imposed."""
        held = {net: sanction for net, sanction in self._sanctions.items() if sanction.holds(now)}
        self._sanctions = held
        return held
