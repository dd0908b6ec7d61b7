"""deploy/nodes/three-nodes: three servers behind HAProxy, of which one dies."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from measuring.ports import free_ports

from tests.blackbox.connection import Person
from tests.blackbox.server import ROOT
from tests.blackbox.waiting import wait_until

SERVERS = ("a", "b", "c")


class ThreeNodes:
    """The script, running, in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_ports(9)[0]
        self.process = subprocess.Popen(
            [str(ROOT / "deploy" / "nodes" / "three-nodes"), str(folder)],
            env={
                **os.environ,
                "PORT": str(self.port),
                "GCHAT": f"{sys.executable} {ROOT / 'gchat.py'}",
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        self.first_line = self.process.stdout.readline()

    def person(self) -> Person:
        """Somebody who comes by HAProxy, and is welcomed."""
        person = Person(("127.0.0.1", self.port))
        person.be_welcomed()
        return person

    def pid(self, name: str) -> int:
        return int((self._folder / f"{name}.pid").read_text())

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()

    def dispose(self) -> None:
        self.process.terminate()
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def three_nodes(tmp_path: Path) -> Iterator[ThreeNodes]:
    nodes = ThreeNodes(tmp_path)
    yield nodes
    nodes.dispose()


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def is_cut_off(person: Person) -> bool:
    """Whether the connection of `person` has ended; forgets what came before that."""
    try:
        while person.socket.recv(65536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.skipif(not which("haproxy"), reason="haproxy is not installed")
def test_when_one_of_three_dies_the_others_talk_on_and_its_people_come_back(
    three_nodes: ThreeNodes,
) -> None:
    assert three_nodes.first_line.startswith(f"to join: nc 127.0.0.1 {three_nodes.port} ")
    people = list[Person]()
    while not all("join 127.0.0.1" in three_nodes.log(name) for name in SERVERS):
        assert len(people) < 10, "somebody comes to each of three"
        people.append(three_nodes.person())
    for number, person in enumerate(people):
        person.say(f"line {number}")
        for other in people:
            if other is not person:
                assert other.message().endswith(f": line {number}")
    dead = three_nodes.pid("a")
    os.kill(dead, signal.SIGKILL)
    cut = [person for person in people if person.address in three_nodes.log("a")]
    here, there, *_ = (person for person in people if person not in cut)
    wait_until(lambda: all(map(is_cut_off, cut)), "HAProxy cuts off who was there")
    here.say("still here")
    assert there.message().endswith(": still here")
    back = three_nodes.person()
    back.say("back again")
    assert here.message().endswith(": back again")
    for person in (*people, back):
        person.close()
    pids = [three_nodes.pid(name) for name in (*SERVERS, "redis1", "sentinel6", "haproxy")]
    three_nodes.process.terminate()
    three_nodes.process.wait()
    wait_until(lambda: not any(map(is_there, pids)), "nothing of it runs any more")
