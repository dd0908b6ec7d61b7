"""The measuring itself: it finds nothing where nothing happens, and finds what does."""

import signal

import pytest

from tests.attacks.attacker import every
from tests.attacks.conftest import StartScene
from tests.attacks.figures import WORST, percentile
from tests.attacks.scene import PEACE

STOP = 0.5
"""Seconds for which it stands still."""


def test_peace_is_like_peace(start_scene: StartScene) -> None:
    ordeal = start_scene().endure("nothing at all", lambda: None)
    assert ordeal.attack.presence == ordeal.attack.others == 0
    assert percentile(ordeal.peace.late, 50) < ordeal.peace.p50 / 2


def test_a_server_that_stands_still_now_and_then_is_found_out(start_scene: StartScene) -> None:
    scene = start_scene()

    def stand_still() -> None:
        for turn in every(STOP, PEACE):
            scene.server.signal(signal.SIGCONT if turn % 4 else signal.SIGSTOP)

    def endure() -> None:
        ordeal = scene.endure("the server stands still now and then", stand_still)
        if ordeal.peace.p99 > STOP / WORST:
            pytest.skip("this machine is so busy that the server stood still in peace as well")

    with pytest.raises(AssertionError, match=r"p99 is .* times that in peace"):
        endure()
