"""Ten thousand connections that never say a word, and come and go by the thousand a second.

They are not in the victim's room: there each line would be ten thousand deliveries, which is
what it takes to have ten thousand listeners.
"""

import resource
import time
from collections.abc import Iterable

import pytest

from tests.attacks.conftest import StartScene
from tests.attacks.scene import UNLIMITED

COUNT = 10_000

RATE = 2000
"""How many come or go in a second. All in the same moment they hold up everybody else for that
moment: for some 15 ms when they come, for some 70 ms when they go."""

WAVES = 20
"""In each second."""

MOST_EACH = 32 * 1024
"""Bytes of memory for each of them, the kernel's left out: three times what it takes now."""

RESERVED = 500
"""Descriptors for the crowd, the victim, and what else the processes have open."""

pytestmark = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < COUNT + RESERVED,
    reason=f"needs a hard limit on open files of {COUNT + RESERVED:,}",
)


def waves() -> Iterable[int]:
    """One number after the other, when it is time for the next wave."""
    begin = time.monotonic()
    for wave in range(COUNT * WAVES // RATE):
        time.sleep(max(0.0, begin + wave / WAVES - time.monotonic()))
        yield wave


def test_ten_thousand_who_say_nothing_are_not_felt_in_another_room(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED, room="talk")

    def come() -> None:
        for _ in waves():
            scene.connect(RATE // WAVES)

    coming = scene.endure(f"{COUNT:,} connect, {RATE:,} a second", come)
    assert coming.growth < COUNT * MOST_EACH
    assert scene.ended() == 0
    scene.endure(f"{COUNT:,} are there, and say nothing", lambda: None)


@pytest.mark.variant
def test_ten_thousand_who_leave_are_not_felt_in_another_room(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED, room="talk")
    before = scene.server.descriptors()
    people = scene.connect(COUNT)

    def leave() -> None:
        for wave in waves():
            for person in people[wave :: COUNT * WAVES // RATE]:
                person.close()

    scene.endure(f"{COUNT:,} leave, {RATE:,} a second", leave)
    scene.server.wait_for_descriptors(before)
