"""Those who say as much as they can."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.attacks.conftest import StartScene
from tests.attacks.figures import Ordeal
from tests.attacks.scene import PEACE, UNLIMITED, Scene

BURST, RATE = 5000, 100
"""Lines that are taken from one client at full speed, and how many a second after that."""

CROWD = 1000

TALKERS = 20
"""Those who talk on among a thousand who flood: a line of each every fifth of a second. In such a
room not much more can be said by each, or the thousandth part of what can be sent is less."""


def endure(scene: Scene, title: str, flood: Callable[[], object]) -> Ordeal:
    try:
        return scene.endure(title, flood)
    finally:  # or all that they have sent would still be said, as slowly as is due
        scene.dismiss()
        scene.server.signal(signal.SIGTERM)
        assert scene.server.wait() == 0


@pytest.mark.parametrize("size", [20, 60_000])
def test_one_who_floods_the_room_is_paced_and_delays_nobody(
    start_scene: StartScene, size: int
) -> None:
    scene = start_scene(*UNLIMITED)
    line = b"x" * (size - 1) + b"\n"

    def flood() -> None:
        (flooder,) = scene.connect()
        flooder.flood(line * (60_000 // size), PEACE)

    ordeal = endure(scene, f"one floods, with lines of {size:,} bytes", flood)
    assert 0 < ordeal.attack.others <= BURST + RATE * (ordeal.seconds + 1)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"/" + b"a." * 500, id="path"),
        pytest.param(b"\x1b" * 1000, id="keys", marks=pytest.mark.variant),
        pytest.param(b"\xef\xbb\xbf" * 330, id="marks", marks=pytest.mark.variant),
    ],
)
def test_ten_whose_lines_might_be_commands_delay_nobody(
    start_scene: StartScene, line: bytes
) -> None:
    scene = start_scene(*UNLIMITED)

    def flood() -> None:
        flooders = scene.connect(10)
        for flooder in flooders:
            flooder.expect("/help lists the commands")
            flooder.send(b"/join elsewhere\n")
        with ThreadPoolExecutor(len(flooders)) as pool:
            for flooder in flooders:
                pool.submit(flooder.flood, (line + b"\n") * 2000, PEACE)

    endure(scene, f"ten flood another room, with lines like {line[:6]!r}", flood)


def test_a_thousand_who_flood_the_room_they_are_in_delay_nobody(start_scene: StartScene) -> None:
    scene = start_scene(*UNLIMITED, crowd=CROWD, talkers=TALKERS)

    def flood() -> None:
        scene.crowd.tell(f"flood {PEACE}")
        scene.crowd.line()

    endure(scene, f"{CROWD:,} flood the room that they are in", flood)
