"""Bans and mutes: what operators have imposed on networks and clients.

Times are in seconds since the epoch.
"""

from collections.abc import Mapping
from ipaddress import ip_network
from math import ceil
from typing import NamedTuple

from gchat.model.server_answers import InForce
from gchat.text.addresses import Network, address_of
from gchat.text.clock import duration
from gchat.text.phrases import by_whom

MOST = 10_000
"""Networks that may be banned, or muted, at a time: beyond that, a firewall is the better tool."""


class Sanction(NamedTuple):
    """A ban, a mute or a kick: by whom, why, and until when."""

    by: str
    """The name of the operator at that time."""
    why: str = ""
    until: float | None = None
    """When it expires; None if never."""

    def holds(self, now: float) -> bool:
        """Whether it has not expired yet."""
        return self.until is None or self.until > now

    def tell(self, now: float, *, imposed: bool = False) -> str:
        """`by ann for another 2 h: flooding`; without `another` if it is `imposed` just now."""
        left = self.left(now)
        term = f"for {'' if imposed else 'another '}{left}" if left else ""
        return by_whom(self.by, term, self.why)

    def in_force(self, now: float, network: str | None = None) -> InForce:
        """The sanction on `network`, or on one client, as a fact."""
        return InForce(network, self.by, self.why, self.seconds_left(now))

    def seconds_left(self, now: float) -> int | None:
        """Seconds until it expires, rounded up; None if it does not."""
        return None if self.until is None else ceil(self.until - now)

    def left(self, now: float) -> str:
        """The time until it expires, rounded up: `2 h`; empty if it does not expire."""
        seconds = self.seconds_left(now)
        return "" if seconds is None else duration(seconds)


class TooManySanctions(Exception):
    """Raised if MOST networks have a sanction already."""


class Sanctions:
    """Sanctions of one kind by network. A lookup takes no longer if there are many of them."""

    def __init__(self, held: Mapping[Network, Sanction] | None = None) -> None:
        """`held` are the sanctions that are in force from the start."""
        self._sanctions = dict(held or {})
        self._lengths: dict[int, set[int]] = {4: set(), 6: set()}
        """Prefix lengths of the networks that ever had a sanction, by IP version."""
        for network in self._sanctions:
            self._lengths[network.version].add(network.prefixlen)

    def __bool__(self) -> bool:
        """Whether there are sanctions, expired or not."""
        return bool(self._sanctions)

    def add(self, network: Network, sanction: Sanction, now: float) -> None:
        """Impose `sanction` on `network`, replacing an earlier one. Raises TooManySanctions."""
        if network not in self._sanctions and len(self.all(now)) >= MOST:
            raise TooManySanctions
        self._sanctions.pop(network, None)  # so that it becomes the latest
        self._sanctions[network] = sanction
        self._lengths[network.version].add(network.prefixlen)

    def remove(self, network: Network, now: float) -> bool:
        """Lift the sanction on `network`; False if there is none, or it has expired."""
        sanction = self._sanctions.pop(network, None)
        return sanction is not None and sanction.holds(now)

    def find(self, host: str, now: float) -> Sanction | None:
        """A sanction in force for the address `host`, or None."""
        address = address_of(host)
        for length in self._lengths[address.version]:
            sanction = self._sanctions.get(ip_network((address, length), strict=False))
            if sanction and sanction.holds(now):
                return sanction
        return None

    def all(self, now: float) -> dict[Network, Sanction]:
        """The sanctions in force, in the order in which they were imposed."""
        held = {net: sanction for net, sanction in self._sanctions.items() if sanction.holds(now)}
        self._sanctions = held
        return held
