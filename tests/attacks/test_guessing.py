"""Guessing the password, on many connections at a time."""

import time

from tests.attacks.conftest import StartScene
from tests.attacks.scene import PEACE

PASSWORD = "correct horse"

GUESSERS = 50
"""Connections in a wave."""

MOST = 10
"""Wrong answers from one address that are looked at at once; then two a minute."""


def test_one_address_has_few_guesses_and_the_right_one_comes_too_late(
    start_scene: StartScene,
) -> None:
    scene = start_scene("--password", PASSWORD, password=PASSWORD)

    def guess() -> None:
        deadline = time.monotonic() + PEACE
        while time.monotonic() < deadline:
            guessers = scene.connect(GUESSERS)
            for number, guesser in enumerate(guessers):
                guesser.send(f"guess {number}\n".encode())
            for guesser in guessers:
                guesser.expect(" * ")
                guesser.close()

    scene.endure("passwords are guessed, on 50 connections at a time", guess)
    (late,) = scene.connect()
    late.send(f"{PASSWORD}\nlet me in\n".encode())
    late.expect("Too many wrong passwords from your address; try again in ")
    log = scene.server.log()
    assert MOST <= log.count("wrong password for the server from 127.0.0.1") <= MOST + 1
    assert "guess " not in log
    assert PASSWORD not in log
