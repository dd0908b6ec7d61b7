"""What the server costs while the users are at it: CPU, memory, descriptors, clients.

It is found by the port on which it listens, so it has to run on this machine.
"""

import http.client
import re
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil


class NotFound(Exception):
    """There is no such server here, or it may not be looked at; says why."""


@dataclass(frozen=True)
class Figures:
    """At one moment."""

    time: float
    """Seconds since the epoch."""
    cpu: float
    """Percent of one core, since the moment before."""
    memory: float
    """MiB that are resident."""
    descriptors: int
    clients: int
    """Connections on its port."""


PATIENCE = 5.0
"""Seconds that the server may take to tell its metrics."""

UNITS = {"cpu": "CPU %", "memory": "memory MiB", "descriptors": "descriptors", "clients": "clients"}
"""What is measured, and what it is called."""


class Server:
    """The process that listens on a port of this machine."""

    def __init__(self, port: int) -> None:
        """Raises NotFound."""
        self._port = port
        try:
            listening = {
                connection.pid
                for connection in psutil.net_connections("tcp")
                if connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            }
        except psutil.Error as error:
            raise NotFound(f"this machine does not say who listens on port {port}") from error
        if None in listening or len(listening) != 1:
            raise NotFound(f"no process that could be looked at listens on port {port} here")
        self._process = psutil.Process(listening.pop())
        self._process.cpu_percent()  # the first call returns nothing: it is what the next goes by

    def display(self) -> Figures:
        """Its figures now; raises NotFound when it has ended."""
        try:
            with self._process.oneshot():
                cpu = self._process.cpu_percent()
                memory = self._process.memory_info().rss
                descriptors = self._process.num_fds()
        except psutil.Error as error:
            raise NotFound("the server has ended") from error
        return Figures(time.time(), cpu, round(memory / 2**20, 1), descriptors, self._clients())

    def logs(self) -> float:
        """MiB that the messages of its rooms take; 0 if it does not tell.

        They are there to be shown again, and grow up to their bounds with all that is said.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/metrics")
            if found := re.search(
                rb"^gchat_log_bytes (\d+)", connection.getresponse().read(), re.M
            ):
                return int(found[1]) / 2**20
        return 0.0

    def _clients(self) -> int:
        """Established connections to its port, from the kernel's tables.

        psutil's list would look for the process of each of them as well.
        """
        port = f":{self._port:04X}"
        clients = set()  # the kernel may list one twice, if others come and go meanwhile
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            try:
                with open(table, encoding="ascii") as lines:
                    next(lines)
                    for line in lines:
                        _, local, remote, state, *_ = line.split()
                        if state == "01" and local.endswith(port):
                            clients.add((local, remote))
            except OSError:  # another system, or one without IPv6
                continue
        return len(clients)


def growth(first: Figures, last: Figures, logs: float, most: float) -> str:
    """How the server has grown by a descriptor, or by over `most` MiB; nothing if it has not.

    Besides `logs`, the MiB by which the logs of its rooms have grown.
    """
    if last.descriptors > first.descriptors:
        return f"the server has grown by {last.descriptors - first.descriptors} descriptors"
    more = last.memory - first.memory - logs
    grown = f"the server has grown by {more:.1f} MiB, over {most:g}, and its logs by {logs:.1f}"
    return grown if more > most else ""


def summary(figures: list[Figures]) -> str:
    """A line about a whole run."""
    if not figures:
        return "not measured"
    busy = [moment.cpu for moment in figures]
    parts = [f"CPU {sum(busy) / len(busy):.0f} % (most {max(busy):.0f} %)"]
    for name in ("memory", "descriptors", "clients"):
        values = [getattr(moment, name) for moment in figures]
        first, most, last = values[0], max(values), values[-1]
        parts.append(f"{UNITS[name]} {first:g} at first, {most:g} most, {last:g} last")
    return "; ".join(parts)
