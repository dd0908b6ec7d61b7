"""gchat, for the fuzzing tests: however slow they are, no program's head begins anew.

So it is certain which of its commands are obeyed: those before its first line of text.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import math
import sys

from gchat.doors import session

if __name__ == "__main__":
    session.HEAD_PAUSE = math.inf
    sys.exit(gchat.__main__.main())
