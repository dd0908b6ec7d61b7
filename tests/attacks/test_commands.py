"""Those who ask for as much as they can: commands, without a pause, on hundreds of connections."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.attacker import Attacker
from tests.attacks.conftest import StartScene
from tests.attacks.figures import WORST, percentile
from tests.attacks.scene import PEACE, UNLIMITED, Scene

CROWD = 300

PAUSE = 0.02
"""Seconds between two looks at all attackers: their lines pile up at the server meanwhile."""

DEADLINE = 20.0
"""Seconds that the answers to what was asked under attack may take after it."""

LEAST = 0.15
"""Seconds that each of their questions may take, however short it is in peace: five processes that
are busy at once share two cores here, and wait for them."""

DEAREST = {
    "find": b"/find zzz\n",
    "history": b"/history 900\n",
    "since": b"/since 1h\n",
    "around": b"/around 5\n",
    "color": b"/color on\n/color off\n",
    "join": b"/join elsewhere\n/join lobby\n",
    "nick": b"/nick a%d\n/nick b%d\n",
    "who": b"/who\n",
    "rooms": b"/rooms\n",
    "help": b"/help\n",
}
"""Ten commands that do much for a short line. (Not all commands were measured.)"""


def repeat(attackers: list[Attacker], commands: bytes) -> None:
    """Have `attackers` repeat `commands` for PEACE seconds, and read all answers."""
    end = time.monotonic() + PEACE
    sent = [0] * len(attackers)
    while time.monotonic() < end:
        for number, attacker in enumerate(attackers):
            own = commands.replace(b"%d", b"%d" % number) * 20
            sent[number] += attacker.send(own[sent[number] % len(own) :])
            while attacker.read():
                pass
        time.sleep(PAUSE)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=() if what in ("find", "color") else pytest.mark.variant)
        for what in DEAREST
    ],
)
def test_hundreds_that_repeat_a_dear_command_delay_nobody(
    start_scene: StartScene, what: str
) -> None:
    endure(start_scene(*UNLIMITED), f"{CROWD} repeat /{what}", DEAREST[what])


def test_hundreds_that_search_a_file_delay_nobody(start_scene: StartScene, tmp_path: Path) -> None:
    scene = start_scene(*UNLIMITED, "--history", str(tmp_path / "chat.db"))
    endure(scene, f"{CROWD} search the file", b"/find is* th* li*\n")


def endure(scene: Scene, title: str, commands: bytes) -> None:
    """Have CROWD repeat `commands`, and assert that others are served about as soon as in peace."""
    _fill(scene)
    asker = scene.bring("asker", "127.0.0.1", scene.server.address[1])

    def ask() -> dict[str, float]:
        """The 99th percentile, in seconds, of each thing that is asked for during PEACE."""
        asker.tell(str(PEACE))
        times: dict[str, list[float]] = json.loads(asker.line())
        return {what: percentile(taken, 99) for what, taken in times.items()}

    in_peace, under_attack = ask(), dict[str, float]()
    with ThreadPoolExecutor(1) as pool:

        def attack() -> None:
            attackers = scene.connect(CROWD)
            for attacker in attackers:
                attacker.expect("/help lists the commands")
            asking = pool.submit(ask)
            repeat(attackers, commands)
            under_attack.update(asking.result(DEADLINE))

        try:
            scene.endure(title, attack)
        finally:  # or all that they have sent would still be obeyed, as slowly as is due
            scene.dismiss()
            scene.server.signal(signal.SIGTERM)
            assert scene.server.wait() == 0
    for what, seconds in under_attack.items():
        most = WORST * max(in_peace[what], LEAST / WORST)
        print(f"{what}: p99 {in_peace[what] * 1000:.1f} ms, {seconds * 1000:.1f} ms under attack")
        assert seconds <= most, f"{title}: the 99th percentile of a {what} is {seconds:.3f} s"


def _fill(scene: Scene) -> None:
    """Say 1,000 lines before anything is measured."""
    (talker,) = scene.connect()
    talker.expect("/help lists the commands")
    talker.send(b"".join(b"this is line %d of those\n" % n for n in range(900)) + b"/nick filler\n")
    talker.expect("You are now filler")
    scene.end_attackers()
