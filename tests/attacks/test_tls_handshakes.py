"""Handshakes of TLS: what costs a server most that somebody can ask for who is nobody yet."""

import re
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.attacks.attacker import every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED, Scene
from tests.blackbox.tls_clients import client_hello

pytestmark = [
    pytest.mark.variant,
    pytest.mark.skipif(not which("openssl"), reason="openssl is not installed"),
]

RATE = 1000
"""Connections a second that are offered."""

SERVED = 400
"""Of these, so many at least are let in."""

AT_ONCE = 4
"""Programs that connect, one connection after the other each."""

CONNECTIONS = re.compile(rb"^(\d+) connections in (\d+) real seconds", re.M)


@pytest.fixture
def scene(start_scene: StartScene, tmp_path: Path) -> Scene:
    return start_scene("--tls", "--history", str(tmp_path / "chat.db"), *UNLIMITED)


def test_a_thousand_connections_a_second_leave_time_for_those_who_talk(scene: Scene) -> None:
    host, port = scene.server.address
    seconds, served = int(PEACE), list[float]()

    def connect() -> None:
        line = ("openssl", "s_time", "-connect", f"{host}:{port}", "-new", "-time", str(seconds))
        programs = [
            subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for _ in range(AT_ONCE)
        ]
        for program in programs:
            found = CONNECTIONS.search(program.communicate()[0])
            assert found
            served.append(int(found[1]) / int(found[2]))

    ordeal = scene.endure(f"TLS, {AT_ONCE} connect again and again", connect)
    print(f"{sum(served):.0f} connections a second inside TLS were served")
    assert sum(served) >= SERVED or ordeal.is_disturbed


def test_a_flood_of_hellos_delays_nobody(scene: Scene) -> None:
    hello = client_hello()

    def flood() -> None:
        for _ in every(1 / RATE, PEACE):
            (attacker,) = scene.connect()
            attacker.send(hello)
            if len(scene.attackers) >= 200:
                scene.end_attackers()

    scene.endure(f"{RATE} hellos of TLS a second, and nothing else", flood)
