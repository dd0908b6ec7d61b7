"""Finding clients whose machine is gone without a word: no power, no network.

TCP's keepalive finds them while nothing is on its way to them. While something
is, keepalive rests, and the kernel tries again for a quarter of an hour; so the
server looks for itself at how long ago the other side was last heard of. (Linux
could do that alone with TCP_USER_TIMEOUT, but that also ends connections whose
other side is well and only does not read for so long: seen on Linux 6.18.)
"""

import struct
import sys

import gevent

from gchat.hub import membership
from gchat.hub.hub import Hub

LOOKS = 20
"""How often everybody is looked at in the time after which a client counts as vanished."""

# struct tcp_info of <linux/tcp.h>: the third and fourth byte count how often data, and
# questions about a closed window, were repeated in vain; the number at 56 is the
# milliseconds since the last acknowledgement.
_TCP_INFO = struct.Struct("=2xBB52xI")


def disconnect_vanished(hub: Hub, silence: float) -> None:
    """Dismiss, for ever, clients that leave data unacknowledged for `silence` seconds."""
    while sys.platform == "linux":
        gevent.sleep(silence / LOOKS)
        for client in hub.each_client():
            if not client.lost and has_vanished(client.connection.tcp_info, silence):
                membership.lose(hub, client, "vanished")
                client.dismiss(client.lost)


def has_vanished(tcp_info: bytes, silence: float) -> bool:
    """Whether a connection in this state has not been heard of for over `silence` seconds.

    `silence` must be longer than keepalive leaves an idle connection alone: one that
    is well has then acknowledged something within that time, or closed its window
    and answers when it is asked about that.
    """
    repeated, asked, unheard_of = _TCP_INFO.unpack_from(tcp_info)
    return bool((repeated or asked > 1) and unheard_of > silence * 1000)
