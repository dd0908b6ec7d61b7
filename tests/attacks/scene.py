"""The scene of an attack: a server, a crowd in its room, and a victim who talks there."""

import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.attacker import Attacker
from tests.attacks.companion import Companion
from tests.attacks.cores import stand_back
from tests.attacks.figures import Ordeal, Phase
from tests.blackbox.server import Server

PEACE = 4.0
"""Seconds of talk before an attack, and at least as many during it: 380 lines, so that the
99th percentile is not one of them alone."""

CROWD = 100
"""People who are in the room besides: so that peace is that of a lively room."""

UNLIMITED = ("--max-per-address", "0", "--connect-rate", "0")
"""Options that let in any number of connections from one address, as fast as they come."""

ATTEMPTS = 3
"""How often an attack is tried where this machine is busy with something else."""


class Scene:
    """Everybody who is there when the attackers come. The victim talks all the time."""

    def __init__(self, server: Server, report: Callable[[Ordeal], object]) -> None:
        """`report` is given every attack's figures."""
        self.server = server
        self.attackers: list[Attacker] = []
        """All that have come."""
        self.crowd: Companion
        self._victim: Companion
        self._companions: list[Companion] = []
        self._address = ("127.0.0.1", server.address[1])
        self._proc = Path(f"/proc/{server.process.pid}")
        self._report = report
        self._peace: Phase | None = None

    # Who is there

    def gather(
        self, crowd: int = CROWD, room: str = "lobby", password: str = "", talkers: int = 1
    ) -> None:
        """There is a crowd of so many in `room`, and the victim, which talks with so many voices
        in turn. They answer with `password` if there is one."""
        surroundings = ("--room", room, "--password", password)
        self.crowd = self.bring("crowd", *self._address, crowd, *surroundings)
        # The victim is last, and so is sent to last: it measures how long all of it takes.
        self._victim = self.bring("victim", *self._address, "--talkers", talkers, *surroundings)

    def bring(self, name: str, *options: object, within: tuple[str, ...] = ()) -> Companion:
        """One more process (see Companion), which has said that it is ready."""
        companion = Companion(name, *options, within=within)
        self._companions.append(companion)
        companion.line()
        return companion

    def connect(
        self, count: int = 1, receive_buffer: int = 0, source: str = "127.0.0.1"
    ) -> list[Attacker]:
        """So many more attackers (see Attacker). What is left of them is closed at the end."""
        newcomers = [Attacker(self._address, receive_buffer, source) for _ in range(count)]
        self.attackers += newcomers
        return newcomers

    def ended(self) -> int:
        """To how many of the attackers the server has ended the connection."""
        for attacker in self.attackers:
            while attacker.read():
                pass
        return sum(attacker.ended for attacker in self.attackers)

    def end_attackers(self) -> None:
        """Those who attack leave."""
        for attacker in self.attackers:
            attacker.close()
        self.attackers.clear()

    def dismiss(self) -> None:
        """Everybody leaves; may be called again."""
        self.end_attackers()
        for companion in self._companions:
            companion.close()
        self._companions.clear()

    # What is done to them

    def endure(self, title: str, attack: Callable[[], object]) -> Ordeal:
        """Measure peace, if this is the scene's first attack, then `attack` and what stays of it.

        Asserts what holds in every attack: the victim got everything, once and in order,
        and about as soon as in peace. The figures go into the report. Where it was late, and
        this machine busy with something else, it is tried again, and in the end skipped.
        """
        for _ in range(ATTEMPTS):
            ordeal = self._measure(title, attack)
            if not (ordeal.is_exact and ordeal.is_late and ordeal.is_disturbed):
                break
            self.end_attackers()
        self._report(ordeal)
        for phase in (ordeal.peace, ordeal.attack):
            assert phase.is_exact, (
                f"{title}: of {phase.said} lines {len(phase.latencies)} were heard, "
                f"{phase.disordered} of them twice or out of order; {phase.missed} were missed"
            )
        if ordeal.is_late and ordeal.is_disturbed:
            pytest.skip(f"the server's core was busy with something else in {ATTEMPTS} attempts")
        assert not ordeal.is_late, (
            f"{title}: p99 is {ordeal.ratio:.1f} times that in peace; "
            f"the server's log: {self._blockages() or 'its loop was never blocked'}"
        )
        return ordeal

    def _measure(self, title: str, attack: Callable[[], object]) -> Ordeal:
        self._peace = self._peace or self._phase(lambda: time.sleep(PEACE))
        memory, waited, began = self._forget_peak(), self._waited(), time.monotonic()
        attacked = self._phase(lambda: _carry_out(attack))
        return Ordeal(
            title,
            self._peace,
            attacked,
            time.monotonic() - began,
            self._peak() - memory,
            self._waited() - waited,
        )

    def _phase(self, happening: Callable[[], object]) -> Phase:
        self._victim.tell("begin")
        happening()
        self._victim.tell("end")
        return Phase(**json.loads(self._victim.line()))

    # What the kernel knows of the server

    def _forget_peak(self) -> int:
        """Let `_peak` start anew, from the bytes that are returned (see proc(5), clear_refs)."""
        (self._proc / "clear_refs").write_text("5")
        return self._peak()

    def _peak(self) -> int:
        """The most memory, in bytes, that it has occupied since."""
        found = re.search(r"^VmHWM:\s+(\d+) kB$", (self._proc / "status").read_text(), re.M)
        assert found, "the kernel does not tell a process's peak memory"
        return int(found[1]) * 1024

    def _blockages(self) -> list[str]:
        """What the server has logged of its loop being blocked, and by what."""
        return [line for line in self.server.log().splitlines() if "event loop blocked" in line]

    def _waited(self) -> float:
        """Seconds in which its loop could have run, and something else did, at the least.

        Threads of its own that read a history file are not counted as something else. See
        sched-stats.rst: nanoseconds that a thread ran, and that it waited.
        """
        _, waited, _ = (self._proc / "schedstat").read_text().split()
        ran = [
            int((thread / "schedstat").read_text().split()[0])
            for thread in (self._proc / "task").iterdir()
            if thread.name != self._proc.name
        ]
        return (int(waited) - sum(ran)) / 1e9


def _carry_out(attack: Callable[[], object]) -> None:
    end = time.monotonic() + PEACE
    with ThreadPoolExecutor(1, initializer=stand_back) as attackers:
        attackers.submit(attack).result()
    time.sleep(max(0.0, end - time.monotonic()))
