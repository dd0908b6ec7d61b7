"""Where in our own code something happens, for the log: `hub.py:123 say < session.py:45 _say`."""

import os
from collections.abc import Iterable
from functools import lru_cache
from types import FrameType

PACKAGE = os.path.dirname(os.path.dirname(os.path.normpath(__file__)))
PROGRAM = os.path.dirname(PACKAGE)
"""The folder that the front door is in."""

NOWHERE = "an unknown place"


def show_code_places(frames: Iterable[tuple[FrameType, int]], most: int) -> str:
    """The first `most` of the places in our own code at which `frames` are; if none is, of all.

    `frames` begin with the innermost, each with the number of its line.
    """
    ours: list[str] = []
    others: list[str] = []
    for frame, line in frames:
        file, is_ours = _file(frame.f_code.co_filename)
        (ours if is_ours else others).append(f"{file}:{line} {frame.f_code.co_name}")
    return " < ".join((ours or others)[:most]) or NOWHERE


@lru_cache(maxsize=1024)
def _file(path: str) -> tuple[str, bool]:
    """How a file is shown, as `hub.py`, `commands/talk.py` or `gevent/hub.py`; if it is ours."""
    path = os.path.normpath(path)
    folder, name = os.path.split(path)
    if path.startswith(PACKAGE + os.sep):
        return path.removeprefix(PACKAGE + os.sep), True
    return (name, True) if folder == PROGRAM else (f"{os.path.basename(folder)}/{name}", False)
