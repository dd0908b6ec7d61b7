"""How things look, for one client."""

import time as clocks
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gchat.commands.arguments import state_wanted, switch
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.text.clock import clock

MAX_ZONE = 64
"""Characters in the name of a zone: the longest has 32. Each part of one is looked for as a package
inside the one before, so thousands of parts would overflow the stack."""


@command("[on|off|ZONE]")
def time(hub: Hub, client: Client, wanted: str) -> None:
    """show the time before each line, in the server's zone or in ZONE

    Zones are called like Europe/Berlin, America/New_York or UTC.
    For example: /time Europe/Berlin
    """
    if wanted.lower() in ("", "on", "off"):
        shown = switch(hub, client, wanted, client.display.time, "showing times")
        client.display = client.display._replace(time=shown)
        return
    zone = _zone(wanted)
    if zone is None:
        raise Refused(
            "there is no zone of that name; they are called like Europe/Berlin or UTC", "a zone"
        )
    client.display = client.display._replace(time=True, zone=zone)
    hub.confirm(client, f"showing times is on; in {zone.key} it is {clock(clocks.time(), zone)}")


@command("[on|off]")
def bell(hub: Hub, client: Client, wanted: str) -> None:
    """ring when somebody says your name in the room, or something to you alone

    At most once in a few seconds.
    For example: /bell on
    """
    if switch(hub, client, wanted, client.rings is not None, "the bell"):
        hub.bells.turn_on(client)
    else:
        hub.bells.turn_off(client)


@command("[on|off]")
def color(hub: Hub, client: Client, wanted: str) -> None:
    """show names in colours, each in its own

    For example: /color on
    """
    shown = switch(hub, client, wanted, client.display.color, "colour")
    client.display = client.display._replace(color=shown)


@command("[on|off]")
def redraw(hub: Hub, client: Client, wanted: str) -> None:
    """clear what you are typing away when a line comes in; Ctrl-R shows it again

    It is only off the screen: what you have typed is still there, and Enter sends it. As long
    as it fits on one line of the screen, no line cuts into another.
    For example: /redraw on
    """
    shown = switch(hub, client, wanted, client.display.redraw, "redrawing")
    client.display = client.display._replace(redraw=shown)
    if shown and wanted:
        hub.confirm(client, "when a line comes in while you type, Ctrl-R shows your line again")


@command("[on|off]")
def json(hub: Hub, client: Client, wanted: str) -> None:
    """speak JSON, for programs: each line is an object, both ways

    You send {"text": "hello"} to say something and {"command": "/who"} for a command.
    For example: /json on
    """
    spoken = state_wanted(wanted, True)
    client.display = client.display._replace(json=True, presence=True, notices=True)
    hub.confirm(client, f"JSON is {'on' if spoken else 'off'}")
    client.display = client.display._replace(json=spoken)


def _zone(name: str) -> ZoneInfo | None:
    """The zone called `name` in any case; None if there is none."""
    if len(name) > MAX_ZONE:
        return None
    for spelling in (name, name.title(), name.upper()):
        try:
            return ZoneInfo(spelling)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None
