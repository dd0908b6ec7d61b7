"""A measured server: what it has used, and what kept it from its core."""

import os
import sys
from pathlib import Path

# The load tools are started as scripts, so their modules are in no package of ours.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from child import Child

from tests.unit.peers import wait_until

BUSY = [sys.executable, "-c", "while True: pass"]
IDLE = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_process_waits_for_its_core_if_another_one_is_busy_there_too() -> None:
    core = min(os.sched_getaffinity(0))
    with Child(IDLE, core) as idle, Child(BUSY, core) as one, Child(BUSY, core) as other:
        wait_until(lambda: one.waited() > 0.2 and other.waited() > 0.2, "they take turns")
        before = idle.waited()
        wait_until(lambda: one.waited() > 0.4, "they go on")
        assert idle.waited() == before
