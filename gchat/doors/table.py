"""The table of doors: all ways in, of which `--doors` says which are open.

A door is made of a transport (hub.connection), an ear, which makes requests of bytes (protocol),
and a voice, which makes bytes of what happens (protocol.voices). Rooms, cursors and commands know
none of them. TLS is a transport, and leads to the same doors. One more way in is a module here, and
an entry in this table; one more way of speaking is a voice, and an entry in the table of voices.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import NamedTuple

from gchat.config.options import TLS
from gchat.doors.plain import PlainDoor
from gchat.doors.reception import Door, Reception
from gchat.protocol.first_bytes import Protocol


class CannotOpen(Exception):
    """Why a door that was asked for cannot be opened, and what to do, as a clause."""


class Way(NamedTuple):
    """A way in."""

    name: str
    """What `--doors` calls it."""
    protocol: Protocol
    """What its clients speak, as their first bytes tell."""
    open: Callable[[Reception], Door]
    package: str = ""
    """What it needs besides what the server needs; empty if that is nothing."""
    extra: str = ""
    """The extra of this package which has that."""

    @property
    def is_installed(self) -> bool:
        """Whether all is there that it needs."""
        return not self.package or find_spec(self.package) is not None

    @property
    def remedy(self) -> str:
        """What to do if it is not installed."""
        return f"pip install {self.package} (or 'gchat[{self.extra}]') installs what it needs"


def _open_http(reception: Reception) -> Door:
    from gchat.doors.http import HttpDoor  # which needs h11

    return HttpDoor(reception)


WAYS = (
    Way("plain", Protocol.CHAT, PlainDoor),
    Way("http", Protocol.HTTP, _open_http, "h11", "web"),
)
"""All ways in."""


def choose(names: Sequence[str]) -> list[Way]:
    """The ways in of these `names`, or if there are none, all that are installed.

    TLS, which may be among the names, is none. Raises CannotOpen.
    """
    if not names:
        return [way for way in WAYS if way.is_installed]
    known = {way.name: way for way in WAYS}
    chosen = [name for name in names if name != TLS]
    for name in chosen:
        if name not in known:
            raise CannotOpen(f"there is no door {name}; the doors are {', '.join((*known, TLS))}")
        if not known[name].is_installed:
            raise CannotOpen(f"the door {name} cannot be opened; {known[name].remedy}")
    if not chosen:
        raise CannotOpen(f"behind {TLS} is no other door; add one, such as plain")
    return [known[name] for name in chosen]


def open_doors(ways: Sequence[Way], reception: Reception) -> Mapping[Protocol, Door]:
    """The doors of these `ways`, by the protocols of their clients."""
    return {way.protocol: way.open(reception) for way in ways}


def hint(protocol: Protocol) -> str:
    """What the administrator has to do before clients of `protocol` can come in; may be empty."""
    missing = [way for way in WAYS if way.protocol == protocol and not way.is_installed]
    return f"The administrator can change that: {missing[0].remedy}." if missing else ""
