"""A process that has loaded gchat, and makes copies of itself that become servers.

`python -m tests.blackbox.loaded_program DESCRIPTOR` reads requests from the socket DESCRIPTOR (see
`copies.Request`), until nobody can send any more.
"""

# All that is needed before a copy is a server comes from here as it is: gevent, which replaces some
# of it, must not have anything running when a process makes a copy of itself.
import json
import os
import signal
import socket
import sys
import time
from os import close, fork, waitid
from select import poll
from signal import SIG_DFL, SIG_IGN, SIGCHLD, SIGINT
from typing import Any

LONGEST_REQUEST = 2**17


def wait_for_request(channel: socket.socket) -> tuple[Any, list[int]]:
    """The next request, and the descriptors that came with it: the log, and where to report.

    Returns in a copy of this process, one for each request.
    """
    while True:
        request, descriptors, _, _ = socket.recv_fds(channel, LONGEST_REQUEST, 2)
        if not request:
            os._exit(0)
        if fork():
            for descriptor in descriptors:
                close(descriptor)
        elif not watch_child(report=descriptors[1]):
            return json.loads(request), descriptors


def watch_child(report: int) -> bool:
    """Make one more copy, which returns False; report its number, and its exit status at the end.

    It stays in the table of processes until the report was read, so that no signal for it reaches
    another process that was given its number. Ends this process.
    """
    signal.signal(SIGCHLD, SIG_DFL)
    child = fork()
    if not child:
        return False
    os.write(report, b"%d\n" % child)
    ended = waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    assert ended
    status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    os.write(report, b"%d\n" % status)
    reader = poll()
    reader.register(report, 0)
    reader.poll()  # until it has gone
    os._exit(0)


def main() -> int:
    """Load gchat; then be a server, in each copy."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(SIGINT, SIG_IGN)  # Ctrl-C goes to whoever runs the tests, too
    signal.signal(SIGCHLD, SIG_IGN)
    sys.argv[:] = ["gchat.py", "--version"]  # with which no signals are handled yet
    from gchat import __main__ as program
    from gchat.runtime.signals import StartSignals

    request, (log, report) = wait_for_request(channel)
    channel.close()
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    close(log)
    close(report)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    sys.argv[1:] = request["options"]
    program.START = StartSignals()
    program.START.catch()
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
