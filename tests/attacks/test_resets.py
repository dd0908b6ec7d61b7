"""Clients that read nothing and reset the connection while they are written to."""

from collections import deque

from tests.attacks.attacker import Attacker, every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED

PAUSE = 0.0005
"""Seconds between two resets, and between two that connect."""

AT_ONCE = 100
"""How many are there at a time: each for 50 milliseconds, in which five lines are said."""

MOST_LEFT = 500
"""How many the server may not have got rid of yet. It takes its time over those who leave, so
that the others notice nothing: where more are left, the attack waits, or what was measured
would be how many there are, and not what each of them leaves behind."""

LOOK_EVERY = 50
"""Resets after which it is looked how many are left."""

RECEIVE_BUFFER = 1024
"""Bytes that the kernel takes for each of them, at least: so that the rest is on its way."""

QUESTION = b"/help\n"
"""What there is to write to them besides, a few KB; they are programs then, and not announced."""

MOST_EACH = 16 * 1024
"""Bytes of memory for each that is there together with others; it is 10 to 12 KiB."""


def test_thousands_who_reset_while_they_are_written_to_delay_nobody(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED)
    before = scene.server.descriptors()

    def reset_again_and_again() -> None:
        there: deque[Attacker] = deque()
        for number in every(PAUSE, PEACE):
            if len(there) == AT_ONCE:
                there.popleft().reset()
            there += scene.connect(1, RECEIVE_BUFFER)
            there[-1].send(QUESTION)
            if number % LOOK_EVERY == 0:
                scene.server.wait_for_descriptors(before + MOST_LEFT)
        for attacker in there:
            attacker.reset()

    ordeal = scene.endure("up to 2,000 resets a second, while written to", reset_again_and_again)
    scene.server.wait_for_descriptors(before)
    assert ordeal.attack.presence == ordeal.attack.others == 0
    # There are 8,000 resets: a tenth of them that stayed would show.
    assert ordeal.growth < (AT_ONCE + MOST_LEFT + LOOK_EVERY) * MOST_EACH
