"""gchat.py where h11 is not installed: `python -m tests.blackbox.server_without_h11 OPTIONS`."""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import sys

if __name__ == "__main__":
    # As if there was none.
    sys.modules["h11"] = None  # type: ignore[assignment]
    sys.exit(gchat.__main__.main())
