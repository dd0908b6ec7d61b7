"""Clients that read nothing and reset the connection while they are written to."""

from collections import deque

from tests.attacks.attacker import Attacker, every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED

PAUSE = 0.0005
"""Seconds between two resets, and between two that connect."""

AT_ONCE = 100
"""How many are there at a time: each for 50 milliseconds, in which five lines are said."""

RECEIVE_BUFFER = 1024
"""Bytes that the kernel takes for each of them, at least: so that the rest is on its way."""

QUESTION = b"/help\n"
"""What there is to write to them besides, a few KB; they are programs then, and not announced."""

MOST_EACH = 4 * 1024
"""Bytes of memory for each reset. Usually it is a hundred, and a few hundred clients may be there
together where the server has waited for its core; one that stayed would cost three times this."""


def test_thousands_who_reset_while_they_are_written_to_delay_nobody(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED)
    before = scene.server.descriptors()

    def reset_again_and_again() -> None:
        there: deque[Attacker] = deque()
        for _ in every(PAUSE, PEACE):
            if len(there) == AT_ONCE:
                there.popleft().reset()
            there += scene.connect(1, RECEIVE_BUFFER)
            there[-1].send(QUESTION)
        for attacker in there:
            attacker.reset()

    ordeal = scene.endure("2,000 resets a second, while written to", reset_again_and_again)
    scene.server.wait_for_descriptors(before)
    assert ordeal.attack.presence == ordeal.attack.others == 0
    assert ordeal.growth < PEACE / PAUSE * MOST_EACH
