"""gchat, for the fuzzing tests: however slow they are, no program's head begins anew.

So it is certain which of its commands are obeyed: those before its first line of text.
"""

import gchat  # isort: skip - it patches the standard library, so nothing may come before it

import math
import sys

from chat import session

if __name__ == "__main__":
    session.HEAD_PAUSE = math.inf
    sys.exit(gchat.main())
