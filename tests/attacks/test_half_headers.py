"""Connections of a proxy that do not say for whom they are, or not all of it."""

from tests.attacks.conftest import StartScene
from tests.blackbox.proxies import PROXY, person

COUNT = 5000
AT_ONCE = 250

HALVES = (
    b"PROXY TCP4 192.0.2.7 ",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x0f\xf0" + bytes(3000),
    b"POST /lobby HTTP/1.1\r\nX: " + b"x" * 8000,
)

MOST_GROWTH = 16 * 1024 * 1024
"""Bytes of memory: half of that for the 256 that may wait at a time, with what they have sent."""


def test_those_who_send_half_a_header_delay_nobody_and_keep_nobody_out(
    start_scene: StartScene,
) -> None:
    scene = start_scene(f"--proxy-from={PROXY}")

    def storm() -> None:
        for _ in range(COUNT // AT_ONCE):
            for number, newcomer in enumerate(scene.connect(AT_ONCE, source=PROXY)):
                newcomer.send(HALVES[number % len(HALVES)])
        assert person(scene.server, "192.0.2.7")

    ordeal = scene.endure(f"{COUNT:,} send half a header", storm)
    assert ordeal.growth < MOST_GROWTH
    refusals = [line for line in scene.server.log().split("\n") if " refused " in line]
    assert 0 < len(refusals) < 100
