"""Start gchat: `python -m gchat`.

What a signal does is decided first, then the standard library is patched for gevent; only then
is anything else of the program imported.
"""

# ruff: noqa: E402
import sys

from gchat.runtime.signals import StartSignals, serves

START = StartSignals()
if serves(sys.argv[1:]):
    START.catch()

from gevent import config, monkey

config.track_greenlet_tree = False  # who spawned a greenlet is not worth a kilobyte for each
monkey.patch_all()

from gchat import program


def main() -> int:
    """Run the program; returns its exit status."""
    return program.main(START)


if __name__ == "__main__":
    sys.exit(main())
