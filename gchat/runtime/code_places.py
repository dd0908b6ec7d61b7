"""Places in our own code, for the log: `hub.py:123 say < session.py:45 _say`."""

import os
from collections.abc import Iterable
from functools import lru_cache
from types import FrameType

PACKAGE = os.path.dirname(os.path.dirname(os.path.normpath(__file__)))
PROGRAM = os.path.dirname(PACKAGE)
"""The folder that holds gchat.py."""

NOWHERE = "unknown place"


def show_code_places(frames: Iterable[tuple[FrameType, int]], most: int) -> str:
    """List the innermost `most` places of `frames` that are in our own code; if none is, of all.

    `frames` begin with the innermost; each comes with its line number.
    """
    ours: list[str] = []
    others: list[str] = []
    for frame, line in frames:
        file, is_ours = _file(frame.f_code.co_filename)
        (ours if is_ours else others).append(f"{file}:{line} {frame.f_code.co_name}")
    return " < ".join((ours or others)[:most]) or NOWHERE


@lru_cache(maxsize=1024)
def _file(path: str) -> tuple[str, bool]:
    """Shorten a path, to `commands/talk.py` or `gevent/hub.py`; True with it if it is our own."""
    path = os.path.normpath(path)
    folder, name = os.path.split(path)
    if path.startswith(PACKAGE + os.sep):
        return path.removeprefix(PACKAGE + os.sep), True
    return (name, True) if folder == PROGRAM else (f"{os.path.basename(folder)}/{name}", False)
