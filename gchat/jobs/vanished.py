"""Disconnect clients whose machine has vanished: it lost its power or its network.

TCP's keepalive finds such a client while no data is on its way to it. While some is, keepalive
rests, and the kernel retransmits for a quarter of an hour; so the server checks itself when the
peer last acknowledged anything. (Linux could do so with TCP_USER_TIMEOUT, but that also ends
connections of live peers that just do not read for that long: seen on Linux 6.18.)
"""

import struct
import sys

import gevent

from gchat.hub import membership
from gchat.hub.hub import Hub

CHECKS = 20
"""Checks of all clients within the time after which a client counts as vanished."""

# struct tcp_info of <linux/tcp.h>: the third and fourth byte count retransmissions of data and
# window probes that were not answered; the number at 56 is the milliseconds since the last
# acknowledgement.
_TCP_INFO = struct.Struct("=2xBB52xI")


def disconnect_vanished(hub: Hub, silence: float) -> None:
    """Disconnect clients that leave data unacknowledged for `silence` seconds, for ever."""
    while sys.platform == "linux":
        gevent.sleep(silence / CHECKS)
        for client in hub.each_client():
            if not client.lost and has_vanished(client.connection.tcp_info, silence):
                membership.lose(hub, client, "vanished")
                client.dismiss(client.lost)


def has_vanished(tcp_info: bytes, silence: float) -> bool:
    """Whether the peer of a connection in this state was silent for over `silence` seconds.

    `silence` must be longer than keepalive leaves an idle connection alone: a live peer has then
    acknowledged something within that time, or has closed its window and answers the probes.
    """
    retransmitted, probed, silent_ms = _TCP_INFO.unpack_from(tcp_info)
    return bool((retransmitted or probed > 1) and silent_ms > silence * 1000)
