"""What operators have imposed on others: who may not come in, and who may not speak.

Times are in seconds since the epoch.
"""

from ipaddress import ip_address, ip_network
from math import ceil
from typing import NamedTuple

from chat.addresses import Network
from chat.clock import duration

MAX_BANS = 10_000
"""Whoever needs more wants a firewall."""

MAX_ABSENT = 1000
"""Addresses of muted people who have left."""


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


class TooManyBans(Exception):
    """There are MAX_BANS that hold."""


class Bans:
    """Networks from which nobody is let in. Looking one up takes no longer when there are many."""

    def __init__(self) -> None:
        self._bans: dict[Network, Sanction] = {}
        self._lengths: dict[int, set[int]] = {4: set(), 6: set()}
        """Those of the prefixes that were ever banned, by the version of IP."""

    def add(self, network: Network, sanction: Sanction, now: float) -> None:
        """Ban `network`, in place of an earlier ban on it. Raises TooManyBans."""
        if network not in self._bans and len(self.all(now)) >= MAX_BANS:
            raise TooManyBans
        self._bans.pop(network, None)  # so that it is the latest
        self._bans[network] = sanction
        self._lengths[network.version].add(network.prefixlen)

    def remove(self, network: Network) -> bool:
        """Ban it no longer; False if it was not banned."""
        return self._bans.pop(network, None) is not None

    def find(self, host: str, now: float) -> Sanction | None:
        """What keeps the address `host` out; None if nothing does."""
        if not self._bans:
            return None
        address = ip_address(host.partition("%")[0])
        for length in self._lengths[address.version]:
            sanction = self._bans.get(ip_network((address, length), strict=False))
            if sanction and sanction.holds(now):
                return sanction
        return None

    def all(self, now: float) -> dict[Network, Sanction]:
        """Those that hold, in the order in which they were imposed."""
        self._bans = {net: sanction for net, sanction in self._bans.items() if sanction.holds(now)}
        return self._bans


class Absent:
    """The muted who have left, by their address: so that they do not speak again by coming back."""

    def __init__(self) -> None:
        self._muted: dict[Network, Sanction] = {}

    def leave(self, network: Network, sanction: Sanction) -> None:
        """One who was muted has left, and nobody else is here from the same address."""
        self._muted[network] = sanction
        if len(self._muted) > MAX_ABSENT:
            del self._muted[next(iter(self._muted))]

    def come_back(self, network: Network) -> Sanction | None:
        """Somebody comes from there: what was imposed on them."""
        return self._muted.pop(network, None)
