"""What the kernel knows of a TCP connection: whether its other side has vanished."""

import struct

SIZE = 60
"""As much of Linux's struct tcp_info (<linux/tcp.h>), in bytes, as is looked at."""

# The third and fourth byte count retransmissions of data and window probes that were not answered;
# the number at 56 is the milliseconds since the last acknowledgement.
_TCP_INFO = struct.Struct("=2xBB52xI")


def has_vanished(tcp_info: bytes, silence: float) -> bool:
    """Whether the peer of a connection in this state was silent for over `silence` seconds.

    It has been sent something again and again, and has acknowledged nothing. `silence` must be
    longer than keepalive leaves an idle connection alone, or the peer may have vanished just now: a
    live one has otherwise acknowledged something within that time, or has closed its window and
    answers the probes.
    """
    retransmitted, probed, silent_ms = _TCP_INFO.unpack_from(tcp_info)
    return bool((retransmitted or probed > 1) and silent_ms > silence * 1000)
