"""Twenty thousand connections from one address."""

from collections import Counter
from select import POLLIN, poll

from tests.attacks.attacker import Attacker
from tests.attacks.conftest import StartScene
from tests.blackbox.waiting import DEADLINE

COUNT = 20_000
AT_ONCE = 500

MOST = 1000
"""Connections from one address that the server lets in, if no option says otherwise."""

ANSWERS = {
    "places": "Too many connections from your address (limit 1000); close one",
    "rate": "Too many new connections from your address (limit 100 per second); try again in 1 s",
    "welcome": "Welcome to gchat",
}


def answer(newcomer: Attacker) -> str:
    """Which of ANSWERS it gets, or what else."""
    told, waiting = b"", poll()
    waiting.register(newcomer, POLLIN)
    while b"\n" not in told and not newcomer.ended:
        assert waiting.poll(DEADLINE * 1000), f"nothing more comes after {told!r}"
        told += newcomer.read()
    shown = told.decode()
    return next((name for name, words in ANSWERS.items() if words in shown), shown)


def test_one_address_gets_its_places_and_all_others_are_told_why(start_scene: StartScene) -> None:
    scene = start_scene(room="talk")
    answers = Counter[str]()

    def storm() -> None:
        answers.clear()
        for _ in range(COUNT // AT_ONCE):
            for newcomer in scene.connect(AT_ONCE):
                answers[which := answer(newcomer)] += 1
                if which != "welcome":
                    newcomer.close()

    scene.endure(f"{COUNT:,} connections from one address", storm)
    assert answers.total() == COUNT
    assert answers["welcome"] == MOST
    assert answers["places"] > 0
    assert answers.keys() <= ANSWERS.keys()
    refusals = [line for line in scene.server.log().split("\n") if " refuse " in line]
    assert len(refusals) < 100  # one who hammers at the door does not fill the log
