"""gchat, for tests of its store: its clock is set by a file, and rooms close as soon as they can.

The file that the environment variable CLOCK names holds the seconds that the clock is ahead.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import os
import sys
import time

from gchat.hub import rooms
from gchat.jobs import upkeep
from tests.eager_threads import wake_threads_for_few

if __name__ == "__main__":
    wake_threads_for_few()
    real_time, ahead = time.time, os.open(os.environ["CLOCK"], os.O_RDONLY)
    time.time = lambda: real_time() + float(os.pread(ahead, 20, 0))
    rooms.EMPTY_TIME = 0.0
    upkeep.TIDY_INTERVAL = 0.02
    upkeep.CHECK_INTERVAL = 0.2
    sys.exit(gchat.__main__.main())
