"""Disconnect clients whose machine has vanished: it lost its power or its network.

TCP's keepalive finds such a client while no data is on its way to it. While some is, keepalive
rests, and the kernel retransmits for a quarter of an hour; so the server checks itself when the
peer last acknowledged anything. (Linux could do so with TCP_USER_TIMEOUT, but that also ends
connections of live peers that just do not read for that long: seen on Linux 6.18.)
"""

import sys

import gevent

from gchat.hub import membership
from gchat.hub.hub import Hub
from gchat.runtime.tcp_info import has_vanished

CHECKS = 20
"""Checks of all clients within the time after which a client counts as vanished."""


def disconnect_vanished(hub: Hub, silence: float) -> None:
    """Disconnect clients that leave data unacknowledged for `silence` seconds, for ever."""
    while sys.platform == "linux":
        gevent.sleep(silence / CHECKS)
        for client in hub.each_client():
            if not client.lost and has_vanished(client.connection.tcp_info, silence):
                membership.lose(hub, client, "vanished")
                client.dismiss(client.lost)
