"""Connections of which one half is gone, or of which nothing is ever heard."""

from tests.attacks.conftest import StartScene
from tests.attacks.scene import UNLIMITED
from tests.blackbox.test_vanished import SILENCE, Network
from tests.blackbox.waiting import wait_until

COUNT = 500

MOST_EACH = 32 * 1024
"""Bytes of memory for each of them: an idle client takes a third of that."""


def test_those_who_end_their_input_at_once_and_stay_are_seen_off(start_scene: StartScene) -> None:
    scene = start_scene(*UNLIMITED)
    before = scene.server.descriptors()

    def half_close() -> None:
        for attacker in scene.connect(COUNT):
            attacker.end_input()

    ordeal = scene.endure(f"{COUNT} half-close at once, and stay", half_close)
    scene.server.wait_for_descriptors(before)
    assert scene.ended() == COUNT
    assert ordeal.attack.presence == ordeal.attack.others == 0
    assert ordeal.growth < COUNT * MOST_EACH


def test_those_who_connect_and_never_say_anything_stay_at_a_small_cost(
    start_scene: StartScene,
) -> None:
    scene = start_scene(*UNLIMITED)
    ordeal = scene.endure(f"{COUNT} connect, and say nothing", lambda: scene.connect(COUNT))
    assert scene.ended() == 0
    assert ordeal.growth < COUNT * MOST_EACH


def test_those_whose_network_is_pulled_out_are_found_without_a_delay_for_others(
    start_scene: StartScene, network: Network
) -> None:
    scene = start_scene("--host", "0.0.0.0", "--keepalive", str(SILENCE), *UNLIMITED)
    before = scene.server.descriptors()
    within = ("ip", "netns", "exec", network.namespace)
    scene.bring("crowd", network.here, scene.server.address[1], COUNT, within=within)

    def vanish() -> None:
        network.pull_out()
        wait_until(lambda: scene.server.descriptors() <= before, "all are found", 3 * SILENCE)

    scene.endure(f"{COUNT} vanish, and are found", vanish)
