"""Ten thousand connections that never say a word.

They are not in the victim's room: there each line would be ten thousand deliveries, which is
what it takes to have ten thousand listeners.
"""

import resource

import pytest

from tests.attacks.conftest import StartScene
from tests.attacks.scene import UNLIMITED

COUNT = 10_000

MOST_EACH = 32 * 1024
"""Bytes of memory for each of them, the kernel's left out: three times what it takes now."""

RESERVED = 500
"""Descriptors for the crowd, the victim, and what else the processes have open."""

pytestmark = pytest.mark.skipif(
    resource.getrlimit(resource.RLIMIT_NOFILE)[1] < COUNT + RESERVED,
    reason=f"needs a hard limit on open files of {COUNT + RESERVED:,}",
)


def test_ten_thousand_who_say_nothing_are_not_felt_in_another_room(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED, room="talk")
    coming = scene.endure(f"{COUNT:,} connect at once", lambda: scene.connect(COUNT))
    assert coming.growth < COUNT * MOST_EACH
    assert scene.ended() == 0
    scene.endure(f"{COUNT:,} are there, and say nothing", lambda: None)


def test_ten_thousand_who_leave_at_once_are_not_felt_in_another_room(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED, room="talk")
    before = scene.server.descriptors()
    scene.connect(COUNT)
    scene.endure(f"{COUNT:,} leave at once", scene.end_attackers)
    scene.server.wait_for_descriptors(before)
