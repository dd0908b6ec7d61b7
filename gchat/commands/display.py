"""How lines look on your screen."""

import time as clocks
from datetime import tzinfo

from gchat.commands.arguments import read_state, switch
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.answers import JsonState
from gchat.protocol.json_lines import VERSION
from gchat.text.clock import clock

MAX_ZONE = 64
"""Characters in the name of a zone: the longest has 32. Zoneinfo looks for each part of a name as a
package inside the one before, so thousands of parts would overflow the stack."""


@command("[on|off|ZONE]")
def time(hub: Hub, client: Client, wanted: str) -> None:
    """show the time before each line

    ZONE is a time zone such as Europe/Berlin, America/New_York or UTC; at first it is the
    server's.
    For example: /time Europe/Berlin
    """
    if wanted.lower() in ("", "on", "off"):
        shown = switch(
            hub, client, wanted, client.display.time, "Times are shown", "Times are not shown"
        )
        client.display = client.display._replace(time=shown)
        return
    zone = _zone(wanted)
    if zone is None:
        raise Refused("Unknown time zone; examples are Europe/Berlin and UTC", "unknown time zone")
    client.display = client.display._replace(time=True, zone=zone)
    hub.confirm(client, f"Times are shown; in {zone} it is {clock(clocks.time(), zone)}")


@command("[on|off]")
def bell(hub: Hub, client: Client, wanted: str) -> None:
    """ring for your name and for direct messages

    The terminal bell rings at most once in a few seconds.
    For example: /bell on
    """
    if switch(hub, client, wanted, client.rings is not None, "The bell is on", "The bell is off"):
        hub.bells.turn_on(client)
    else:
        hub.bells.turn_off(client)


@command("[on|off]")
def color(hub: Hub, client: Client, wanted: str) -> None:
    """show each name in a colour of its own

    For example: /color on
    """
    shown = switch(
        hub, client, wanted, client.display.color, "Names are in colour", "Names are not in colour"
    )
    client.display = client.display._replace(color=shown)


@command("[on|off]")
def redraw(hub: Hub, client: Client, wanted: str) -> None:
    """clear your half-typed line when another line comes in

    Ctrl-R shows your line again; even while it is not shown, Enter sends it. As long as it fits
    on one line of the screen, other lines do not cut into it.
    For example: /redraw on
    """
    shown = switch(
        hub, client, wanted, client.display.redraw, "Redrawing is on", "Redrawing is off"
    )
    client.display = client.display._replace(redraw=shown)
    if shown and wanted:
        hub.confirm(client, "When a line comes in while you type, Ctrl-R shows your line again")


@command("[on|off]")
def json(hub: Hub, client: Client, wanted: str) -> None:
    """switch to JSON, for programs: one object a line

    Send {"text": "hello"} for a message and {"command": "/who"} for a command. What you receive
    is JSON as well.
    For example: /json on
    """
    spoken = read_state(wanted, True)
    if client.display.framing:
        raise Refused("This connection always speaks JSON", "always JSON")
    if not spoken and len(client.seats) > 1:
        raise Refused(
            f"You are in {len(client.seats)} rooms, which only JSON tells apart; leave all but one "
            "first",
            "in several rooms",
        )
    client.display = client.display._replace(json=True, presence=True, notices=True)
    facts = JsonState(spoken, VERSION)
    hub.confirm(client, f"JSON is {'on' if spoken else 'off'}", facts=facts)
    client.display = client.display._replace(json=spoken)


def _zone(name: str) -> tzinfo | None:
    """The zone called `name` in upper or lower case; None if there is none."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # not needed at the start: 2 ms

    if len(name) > MAX_ZONE:
        return None
    for spelling in (name, name.title(), name.upper()):
        try:
            return ZoneInfo(spelling)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None
