"""What has to be there before gchat can start: Python, Linux, gevent; and what to do if it is not.

An old Python has to read this module, gchat.py, gchat/__init__.py and gchat/__main__.py to say that
it is too old: nothing in them is newer than Python 3.6.
"""

import re
import sys

PYTHON = (3, 11)
"""The oldest Python; pyproject.toml says so as well."""

GEVENT = (25, 9, 1)
"""The oldest gevent."""

PACKAGES = "'gevent>=25.9.1,<27' tzdata"
"""What pip installs for the server: the dependencies in pyproject.toml, as a shell reads them."""


def exit_because_of(problem: str) -> None:
    """End the program with one line and status 1 if there is a `problem`; "" is none."""
    if problem:
        sys.exit("gchat: " + problem)


def system_problem(python: "tuple[int, int]", platform: str) -> str:
    """Why gchat cannot start with this version of Python on this system; empty if it can.

    `platform` is as sys.platform has it. Only Linux tells how many bytes a client has not
    acknowledged (TIOCOUTQ): without that, nobody would know what a client that comes back has
    missed, nor when one that leaves has read everything.
    """
    if python < PYTHON:
        installed, needed = (f"{major}.{minor}" for major, minor in (python, PYTHON))
        return (
            f"{sys.executable} is Python {installed}, but gchat needs {needed} or later; start it "
            f"with a newer one, for example: python{needed} gchat.py"
        )
    if platform != "linux":
        system = {"darwin": "macOS", "win32": "Windows"}.get(platform, platform)
        return (
            f"this system is {system}, but gchat needs Linux, which tells it what clients have "
            "received; start it on a Linux machine, or in a virtual machine or container with Linux"
        )
    return ""


def gevent_problem() -> str:
    """Why the installed gevent cannot be used; empty if it can."""
    try:
        import gevent
    except ImportError as error:
        if error.name == "gevent":
            return f"gevent is not installed for {sys.executable}; {_remedy()}"
        return f"cannot import gevent: {error}; {_remedy()}"
    installed = getattr(gevent, "__version__", "0")
    if tuple(map(int, re.findall(r"\d+", installed)[:3])) < GEVENT:
        needed = ".".join(map(str, GEVENT))
        return f"gevent {installed} is too old, it has to be {needed} or later; {_remedy()}"
    return ""


def _remedy() -> str:
    """How to install what is missing: a Python of the system's own usually takes no packages."""
    python = sys.executable
    if sys.prefix != sys.base_prefix:  # in a virtual environment
        return f"install it: {python} -m pip install {PACKAGES}"
    return (
        f"install it: {python} -m venv .venv && .venv/bin/pip install {PACKAGES}; then start gchat "
        "with .venv/bin/python"
    )
