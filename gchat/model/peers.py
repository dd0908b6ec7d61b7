"""Clients of other servers that share the same rooms, as far as these tell of them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Peer(NamedTuple):
    """A client, as its server tells the others."""

    number: int
    name: str
    rooms: Sequence[str]
    person: bool
    """Whether it is announced when it comes and leaves."""
    operator: bool
    away: str | None
    """Its away message, which may be empty; None if it is not away."""
    server: str = ""
    """The number of its server; empty if that is this one."""
    digest: str = ""
    """That of its token, if its server has ended and it may be about to come back at another one:
    nobody need be told yet that it has left."""


class Others(NamedTuple):
    """The other servers, as they were a moment ago."""

    present: Mapping[str, Sequence[Peer]]
    """Their clients, by the number of the server."""
    ended: Mapping[str, Sequence[Peer]]
    """Clients of the servers that have ended since that was asked last; they are yet to be
    announced as left."""
    endings: Mapping[str, str]
    """What all servers call the end of each of these: it may come back, and end once more."""
    was_given_up: bool
    """The others have taken this server for ended, as it did not renew its lease in time: it has
    another one now."""
    nameless: Sequence[int] = ()
    """The numbers of clients of this server whose names clients of others have taken meanwhile."""
    is_to_be_told: bool = False
    """What they know of this server has to be told again: they have given it up, or the store may
    have lost it."""
