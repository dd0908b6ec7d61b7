"""Squatting: taking names so that others cannot have them, and other people's on top."""

import signal

from tests.attacks.attacker import every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE

SQUATTERS = 300

COST = 20
"""Lines that a new name counts for, of the 5,000 that are taken at once, and the 100 a second."""


def test_whoever_takes_names_holds_one_each_and_a_newcomer_finds_a_free_one(
    start_scene: StartScene,
) -> None:
    scene = start_scene()

    def squat() -> None:
        squatters = scene.connect(SQUATTERS)
        for squatter in squatters:
            squatter.expect("/help lists the commands")
        for turn in every(0.05, PEACE):
            for number, squatter in enumerate(squatters):
                squatter.read()
                squatter.send(f"/nick {'ab'[turn % 2]}{number}\n/nick ann\n".encode())

    ordeal = scene.endure(f"{SQUATTERS} take one name after the other", squat)
    most_each = (5000 + 100 * (ordeal.seconds + 1)) / COST
    assert 0 < ordeal.attack.others < SQUATTERS * most_each
    newcomer = scene.server.person()
    newcomer.say("/nick ann")
    free = newcomer.expect("The name ann is taken").rpartition("; ")[2].removesuffix(" is free")
    newcomer.take_name(free)
    assert scene.ended() == 0
    scene.dismiss()
    scene.server.signal(signal.SIGTERM)  # or it would first try all the names that they sent
    assert scene.server.wait() == 0
