"""gchat, for programs that send byte by byte: the quiet moment is long enough for all of them.

However slow such a program is, it is not taken for a person who has said nothing yet.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import sys

from gchat.doors import opening

if __name__ == "__main__":
    opening.QUIET_MOMENT = 20.0
    sys.exit(gchat.__main__.main())
