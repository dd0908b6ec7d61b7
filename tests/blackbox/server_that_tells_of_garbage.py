"""gchat, which looks for garbage when it gets SIGUSR1.

It tells in the file that GARBAGE_FILE names, as JSON: how many objects were `found` since it was
asked for the last time, and how often everything had been examined unasked (`full`).
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

OLDEST = 2
"""The generation that is examined with all others."""

told = Path(os.environ.get("GARBAGE_FILE", ""))
full = 0


def count(phase: str, info: dict[str, Any]) -> None:
    """Called by the collector, before and after it examines a generation."""
    global full
    full += phase == "stop" and info["generation"] == OLDEST


def tell(*_: object) -> None:
    """Look for garbage now, and begin to count anew."""
    global full
    unasked = full
    found = gc.collect()
    begun = told.with_suffix(".begun")
    begun.write_text(json.dumps({"found": found, "full": unasked}))
    begun.rename(told)
    full = 0


if __name__ == "__main__":
    gc.callbacks.append(count)
    signal.signal(signal.SIGUSR1, tell)
    sys.exit(gchat.__main__.main())
