"""Those who ask for as much as they can: commands, without a pause, on hundreds of connections."""

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.attacker import PORTION, Attacker
from tests.attacks.conftest import StartScene
from tests.attacks.figures import WORST, Ordeal, percentile
from tests.attacks.scene import PEACE, UNLIMITED, Scene

CROWD = 300

PASSWORD = "let me in"

PAUSE = 0.02
"""Seconds between two looks at all attackers: their lines pile up at the server meanwhile."""

DEADLINE = 20.0
"""Seconds that the answers to what was asked under attack may take after it."""

LEAST = 0.15
"""Seconds that each of their questions may take, however short it is in peace: five processes that
are busy at once share two cores here, and wait for them."""

DEAREST = {
    "since": b"/since 1h\n",
    "find": b"/find zzz\n",
    "forget": b"/forget\n",
    "history": b"/history 900\n",
    "topic": b"/topic tea %d\n/topic coffee\n",
    "around": b"/around 5000\n",
    "invite": b"/invite\n",
    "help": b"/help\n",
    "join": b"/join elsewhere\n/join lobby\n",
    "nick": b"/nick a%d\n/nick b%d\n",
}
"""The ten that cost the server most for a line, as `loadtest/measure.py commands` finds. (/quit and
/resume, which cost as much as /topic, can be given once on a connection: it would be those who come
and go that are measured. What operators alone can do is no attack.)"""

IN_A_FILE = DEAREST | {"find": b"/find wo* wor* word*\n"}
"""What they are with a history file: three beginnings match all messages."""

OFTEN = {(False, "since"), (False, "find"), (True, "find")}
"""The cases that .ci/run runs too: with a file or without, and which command."""

MESSAGES = 100_000
"""Messages in the room: as many as memory holds."""


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
    ("is_kept", "what"),
    [
        pytest.param(is_kept, what, marks=() if (is_kept, what) in OFTEN else pytest.mark.variant)
        for is_kept in (False, True)
        for what in DEAREST
    ],
)
def test_hundreds_that_repeat_a_dear_command_delay_nobody(
    start_scene: StartScene, tmp_path: Path, is_kept: bool, what: str
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    options = ["--rate", "0", *UNLIMITED, "--op-password-file", str(tmp_path / "password")]
    if is_kept:
        options += ["--history", str(tmp_path / "chat.db")]
    lines = (IN_A_FILE if is_kept else DEAREST)[what]
    where = "with a file" if is_kept else "in memory"
    endure(start_scene(*options), f"{CROWD} repeat /{what}, {where}", lines)


def endure(scene: Scene, title: str, commands: bytes) -> None:
    """Have CROWD repeat `commands`, and assert that others are served about as soon as in peace."""
    _fill(scene)
    asker = scene.bring("asker", "127.0.0.1", scene.server.address[1], PASSWORD)

    def ask() -> dict[str, float]:
        """The 99th percentile, in seconds, of each thing that is asked for during PEACE."""
        asker.tell(str(PEACE))
        times: dict[str, list[float]] = json.loads(asker.line())
        return {what: percentile(taken, 99) for what, taken in times.items()}

    in_peace, under_attack, ordeals = ask(), dict[str, float](), list[Ordeal]()
    with ThreadPoolExecutor(1) as pool:

        def attack() -> None:
            attackers = scene.connect(CROWD)
            for attacker in attackers:
                attacker.expect("/help lists the commands")
            asking = pool.submit(ask)
            repeat(attackers, commands)
            under_attack.update(asking.result(DEADLINE))

        try:
            ordeals.append(scene.endure(title, attack))
        finally:  # or all that they have sent would still be obeyed, as slowly as is due
            scene.dismiss()
            scene.server.signal(signal.SIGTERM)
            assert scene.server.wait() == 0
    late = list[str]()
    for what, seconds in under_attack.items():
        shown = f"p99 {in_peace[what] * 1000:.1f} ms, {seconds * 1000:.1f} ms under attack"
        print(f"{title}: {what}: {shown}")
        if seconds > WORST * max(in_peace[what], LEAST / WORST):
            late.append(f"{what}: {shown}")
    if late and ordeals[0].is_disturbed:
        pytest.skip(f"the server's core was busy with something else: {late}")
    assert not late, f"{title}: {late}"


def _fill(scene: Scene) -> None:
    """Say MESSAGES lines before anything is measured."""
    (talker,) = scene.connect()
    talker.expect("/help lists the commands")
    lines = b"".join(b"this is line %d of those, word%d\n" % (n, n) for n in range(MESSAGES))
    sent = 0
    while sent < len(lines):
        sent += talker.send(lines[sent : sent + PORTION])
        talker.wait_until_writable()
    talker.send(b"/nick filler\n")
    talker.expect("You are now filler")
    scene.end_attackers()
