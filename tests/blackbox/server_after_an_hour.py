"""gchat as it is after the first hour, in which it deletes nothing for its age."""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import sys

from gchat.runtime import clock

if __name__ == "__main__":
    clock.TRIAL = 0.0
    sys.exit(gchat.__main__.main())
