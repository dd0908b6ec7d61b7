"""A storm of people who come and go: each time a whole room is to be told."""

from tests.attacks.attacker import Attacker
from tests.attacks.conftest import StartScene
from tests.attacks.scene import UNLIMITED

CROWD = 1000
WAVES = 10

AT_ONCE = 250
"""How many connect and leave in a wave, and how many more go to another room and come back."""

STORM = WAVES * 2 * (AT_ONCE + AT_ONCE)
"""10,000 joins and leaves."""

LINES = 3
"""What a room is told in a second: who left, who came and went, who joined, in a line each."""


def be_welcomed(people: list[Attacker]) -> list[Attacker]:
    for person in people:
        person.expect("/help lists the commands")
    return people


def test_ten_thousand_joins_and_leaves_are_told_in_three_lines_a_second(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED, crowd=CROWD)

    def come_and_go() -> None:
        movers = be_welcomed(scene.connect(AT_ONCE))
        for _ in range(WAVES):
            for mover in movers:
                mover.send(b"/join other\n/leave\n")
            for visitor in be_welcomed(scene.connect(AT_ONCE)):
                visitor.close()
            for mover in movers:
                mover.expect("You are in #lobby")

    ordeal = scene.endure(f"{STORM:,} joins and leaves in a room of {CROWD:,}", come_and_go)
    assert 0 < ordeal.attack.presence <= LINES * (ordeal.seconds + 2)
