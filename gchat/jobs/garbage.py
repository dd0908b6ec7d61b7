"""Let the garbage collector examine what is new, and everything only while nobody speaks.

What the server drops, it drops without cycles: clients that come and leave, batches, commands. So
the collector finds next to nothing, and its full examinations, which Python makes each time that a
quarter more has come to stay, would cost everybody a wait that grows with the clients and with the
messages in memory: 54 ms with 10,000 clients (gc.callbacks, Python 3.11).
"""

import gc

import gevent

from gchat.hub.hub import Hub

NEW = 2_000
"""New objects after which they are examined, which takes 1 to 2 ms. With 10,000 everybody waited
for 8 ms, and 17 in a room of 1,000 that is flooded; with Python's 700 the collector examines what
the next batch drops."""

YOUNG = 3
"""Examinations of new objects after which what was left each time is examined once more."""

NEVER = 2**31 - 1
"""As many of those would have to follow one another before Python examines all by itself."""

INTERVAL = 3600.0
"""Seconds from one full examination to the next, at the least."""

SILENCE = 1.0
"""Seconds without a byte from any client before a full examination."""


def spare_what_stays() -> None:
    """Set the collector up, when all modules are loaded: it leaves what there is now alone."""
    gc.set_threshold(NEW, YOUNG, NEVER)
    gc.freeze()


def collect_in_silence(hub: Hub) -> None:
    """Have everything examined about once an hour, if all clients are silent, for ever.

    Whoever speaks in just that moment waits for it. Where somebody speaks in each second it is
    put off.
    """
    while True:
        gevent.sleep(INTERVAL)
        heard = -1
        while heard != hub.stats.bytes_in:
            heard = hub.stats.bytes_in
            gevent.sleep(SILENCE)
        gc.collect()
