"""Telnet's bytes, but no telnet: without an order, or without an end, at full speed."""

import time
from random import Random
from select import select

import pytest

from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE, UNLIMITED

variant = pytest.mark.variant

COUNT = 20

PIECE = 4001
"""Bytes that are sent at a time: an odd number, so that commands are cut anywhere."""

chance = Random(1)

GARBAGE = {
    "any of its commands": bytes(chance.choices(range(0xF0, 0x100), k=100 * PIECE)),
    "questions": b"".join(
        bytes((0xFF, chance.randrange(0xFB, 0xFF), chance.randrange(50)))
        for _ in range(100 * PIECE // 3)
    ),
    "a subnegotiation without an end": b"\xff\xfa\x1f" + bytes(100 * PIECE),
}

MOST_GROWTH = 8 * 2**20
"""Bytes of memory that the server may need for them."""


@pytest.mark.parametrize(
    ("what", "reading"),
    [
        pytest.param("questions", True, id="questions-read"),
        pytest.param("questions", False, id="questions-unread", marks=variant),
        pytest.param("any of its commands", True, id="commands-read", marks=variant),
        pytest.param("any of its commands", False, id="commands-unread", marks=variant),
        pytest.param("a subnegotiation without an end", True, id="endless-read", marks=variant),
        pytest.param("a subnegotiation without an end", False, id="endless-unread"),
    ],
)
def test_telnets_bytes_at_full_speed_delay_nobody(
    start_scene: StartScene, what: str, reading: bool
) -> None:
    scene = start_scene(*UNLIMITED)

    def send_garbage() -> None:
        sent = dict.fromkeys(scene.connect(COUNT), 0)
        garbage, end = GARBAGE[what], time.monotonic() + PEACE
        while (left := end - time.monotonic()) > 0:
            _, takers, _ = select([], sent, [], left)
            for attacker in takers:
                begin = sent[attacker] % len(garbage)
                sent[attacker] += attacker.send(garbage[begin : begin + PIECE])
                if reading:
                    attacker.read()

    answers = "read" if reading else "unread"
    ordeal = scene.endure(f"{COUNT} send {what}; answers {answers}", send_garbage)
    assert ordeal.growth < MOST_GROWTH
