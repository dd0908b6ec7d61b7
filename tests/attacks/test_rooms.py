"""Opening all rooms that there may be, so that others cannot, and lose what was said in theirs."""

import signal
import time

from tests.attacks.attacker import Attacker
from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE

CROWD = 100
"""Connections from one address; each could open a hundred rooms in the time that it has."""

PAUSE = 0.05
"""Seconds between two portions of each attacker's commands."""

AT_A_TIME = 5
"""Rooms that each goes to, one after the other, before it says something in the last one."""

SHARE = 200
"""Rooms that one address may open while others have next to none."""


def go_from_room_to_room(attackers: list[Attacker], seconds: float) -> None:
    """Have each open one room after the other, with talk in some, and read the answers."""
    end, turn = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for number, attacker in enumerate(attackers):
            rooms = (f"/join r{number}-{turn * AT_A_TIME + place}" for place in range(AT_A_TIME))
            attacker.send("\n".join((*rooms, "mine\n")).encode())
            while attacker.read():
                pass
        turn += 1
        time.sleep(PAUSE)


def test_one_address_opens_all_rooms_it_can_and_others_find_theirs_and_open_new_ones(
    start_scene: StartScene,
) -> None:
    scene = start_scene("--rate", "0")
    ann = scene.server.person("ann2", source="127.0.0.9")
    ann.say("/join anns", "/topic tea", "what was said before", "/leave")
    ann.expect("You are in #lobby")

    def attack() -> None:
        attackers = scene.connect(CROWD)
        for attacker in attackers:
            attacker.expect("/help lists the commands")
        go_from_room_to_room(attackers, PEACE)

    scene.endure(f"{CROWD} go from room to room", attack)
    scene.end_attackers()
    (late,) = scene.connect()
    late.expect("/help lists the commands")
    late.send(b"".join(b"/join last%d\nmine\n" % number for number in range(SHARE)))
    late.expect(f"cannot be opened: your address has {SHARE} rooms")
    newcomer = scene.server.person(source="127.0.0.10")
    newcomer.say("/join another")
    newcomer.expect("You are in #another; nobody else is here")
    ann.say("/join anns")
    ann.expect("You are in #anns; nobody else is here")
    ann.expect("Topic: tea")
    ann.expect("ann2: what was said before")
    scene.dismiss()
    scene.server.signal(signal.SIGTERM)  # or it would first go to all the rooms they asked for
    assert scene.server.wait() == 0
