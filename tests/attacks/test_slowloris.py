"""Connections that never finish what they send, a byte at a time, so that the server waits."""

from tests.attacks.attacker import every
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED

COUNT = 500

MOST_EACH = 32 * 1024
"""Bytes of memory for each of them: an idle client takes a third of that."""

UNFINISHED = (
    b"I say it one letter at a time",
    b"\xff\xfd\x01" * 9,  # telnet's commands, which are incomplete most of the time
    b"\xff\xfa\x1f" + bytes(99),  # one of them, without an end
)


def test_hundreds_who_send_a_byte_a_second_delay_nobody(start_scene: StartScene) -> None:
    scene = start_scene(*UNLIMITED)

    def trickle() -> None:
        attackers = scene.connect(COUNT)
        for turn in every(1 / COUNT, PEACE):
            second, number = divmod(turn, COUNT)
            data = UNFINISHED[number % len(UNFINISHED)]
            attackers[number].send(data[second : second + 1])

    ordeal = scene.endure(f"{COUNT} send a byte a second", trickle)
    assert ordeal.growth < COUNT * MOST_EACH
    assert ordeal.attack.others == 0
    assert not scene.ended()
