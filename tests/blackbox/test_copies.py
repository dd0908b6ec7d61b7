"""Servers that are copies are like those that have loaded gchat by themselves."""

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.copies import Copy
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer


@pytest.fixture
def started() -> Iterator[Server]:
    """A server that has loaded gchat by itself."""
    server = Server()
    try:
        server.wait_until_it_listens()
        yield server
        server.finish()
    finally:
        server.dispose()


def kinds_of_descriptors(server: Server) -> list[str]:
    """What a server has open, without numbers."""
    folder = Path(f"/proc/{server.process.pid}/fd")
    return sorted(re.sub(r"\d+", "", os.readlink(each)) for each in folder.iterdir())


def state(server: Server) -> dict[str, str]:
    """What the kernel tells of a process that it has inherited, or has set for itself."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    told = dict(line.split(":\t", 1) for line in lines)
    return {name: told[name] for name in ("Umask", "Threads", "SigBlk", "SigIgn", "SigCgt")}


def test_a_copy_has_what_a_server_has_that_has_loaded_gchat_by_itself(
    server: Server, started: Server
) -> None:
    assert isinstance(server.process, Copy)
    assert not isinstance(started.process, Copy)
    wait_until(lambda: state(server) == state(started), "signals and threads are the same")
    wait_until(
        lambda: kinds_of_descriptors(server) == kinds_of_descriptors(started),
        "the descriptors are the same",
    )


def test_a_copy_that_has_ended_keeps_its_number_until_its_status_is_known(
    start_server: StartServer,
) -> None:
    killed, stopped = start_server(), start_server()
    assert killed.process.poll() is None
    killed.process.kill()
    status = Path(f"/proc/{killed.process.pid}/status")
    wait_until(lambda: "State:\tZ" in status.read_text(), "it has ended")
    assert killed.wait() == killed.process.poll() == -signal.SIGKILL
    wait_until(lambda: not status.exists(), "its number is free")
    killed.process.terminate()  # which is nothing to do
    stopped.process.terminate()
    assert stopped.wait() == 0


@pytest.mark.parametrize("what", ["umask", "cores", "variable"])
def test_in_other_surroundings_a_server_loads_gchat_by_itself(
    start_server: StartServer, what: str
) -> None:
    mask, cores = os.umask(0o077), os.sched_getaffinity(0)
    os.umask(mask)
    assert isinstance(start_server().process, Copy)
    try:
        if what == "umask":
            os.umask(mask ^ 0o002)
        elif what == "cores" and len(cores) > 1:
            os.sched_setaffinity(0, {min(cores)})
        server = start_server(environment={"TZ": "UTC"} if what == "variable" else None)
    finally:
        os.umask(mask)
        os.sched_setaffinity(0, cores)
    assert not isinstance(server.process, Copy) or (what, len(cores)) == ("cores", 1)
