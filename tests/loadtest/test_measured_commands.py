"""measure.py commands measures all of them, and the attacks use the dearest."""

import sys
from pathlib import Path

# measure.py looks for its modules beside it, so they are in no package.
sys.path.insert(0, str(Path(__file__).parents[2] / "loadtest"))

from measuring.commands import COMMANDS, ONCE_A_CONNECTION, ONE_BY_ONE

from gchat.commands import TABLE


def test_every_command_is_measured() -> None:
    lines = [line for lines in COMMANDS.values() for line in lines]
    measured = {line.split()[0] for line in (*lines, *ONCE_A_CONNECTION.values())}
    assert TABLE.keys() - measured == set()
    assert measured - TABLE.keys() == {"/hisstroy"}
    assert COMMANDS.keys() > ONE_BY_ONE
