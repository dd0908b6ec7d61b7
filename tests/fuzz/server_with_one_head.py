"""gchat, for the fuzzing tests: however slow they are, no program's head begins anew.

So it is certain which of its commands are obeyed: those before its first line of text. And a first
name is waited for no longer than for the next announcement: so whoever speaks brings that about.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import math
import sys

from gchat.doors import session
from gchat.model import presence
from tests.eager_threads import wake_threads_for_few

if __name__ == "__main__":
    wake_threads_for_few()
    session.HEAD_PAUSE = math.inf
    presence.NAME_PATIENCE = 0.0
    sys.exit(gchat.__main__.main())
