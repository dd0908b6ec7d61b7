"""Readers that take a byte a second of all that is said, and so leave the rest to the server."""

from tests.attacks.attacker import every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED

COUNT = 100

RECEIVE_BUFFER = 1024
"""Bytes that the kernel takes for each of them; it takes no less than about twice as much."""

LINE = b"x" * 10_000 + b"\n"
"""What a talker says, a little less than a hundred times a second: more in the first half
second than the server's socket and the reader's take together."""

PAUSE = 0.0105

MOST_GROWTH = 32 * 2**20
"""Bytes of memory: what was said is kept once, however many have not read it."""


def test_readers_of_a_byte_a_second_delay_nobody(start_scene: StartScene) -> None:
    scene = start_scene(*UNLIMITED)

    def read_slowly() -> None:
        (talker,) = scene.connect()
        talker.send(b"/nick carl\n")
        readers = scene.connect(COUNT, RECEIVE_BUFFER)
        for turn in every(PAUSE, PEACE):
            talker.send(LINE)
            readers[turn % COUNT].read(1)

    ordeal = scene.endure(f"{COUNT} read a byte a second of 1 MB a second", read_slowly)
    assert ordeal.growth < MOST_GROWTH
    assert scene.ended() == 0
