"""gchat with send threads that are woken for a few clients already."""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import sys

from tests.eager_threads import wake_threads_for_few

if __name__ == "__main__":
    wake_threads_for_few()
    sys.exit(gchat.__main__.main())
