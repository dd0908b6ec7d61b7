"""Where something is missing that gchat needs, the start is one line: what, and what to do."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gchat.prerequisites import GEVENT, PACKAGES, PYTHON, system_problem
from tests.blackbox.server import ROOT, environment_with

READ_BY_OLD_PYTHONS = (
    "gchat.py",
    "gchat/__init__.py",
    "gchat/__main__.py",
    "gchat/prerequisites.py",
)

PRETENDING = """
import runpy, sys
sys.{} = {}
sys.argv = ["gchat.py", "--port", "0"]
runpy.run_path("gchat.py", run_name="__main__")
"""
"""Starts gchat where something of the module sys is different."""

STARTS = [["gchat.py"], ["-m", "gchat"], ["gchat.py", "export", "chat.db"]]


def failure(*arguments: str, **variables: str) -> str:
    """The line, without `gchat: `, with which Python ends that is started with `arguments`."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment_with(variables),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    assert ended.stderr.startswith("gchat: "), ended.stderr
    assert ended.stderr.count("\n") == 1
    return ended.stderr.removeprefix("gchat: ").rstrip("\n")


def package(folder: Path, content: str) -> dict[str, str]:
    """Variables of an environment in which gevent is a package with this content."""
    (folder / "gevent").mkdir()
    (folder / "gevent" / "__init__.py").write_text(content)
    return {"PYTHONPATH": str(folder)}


# An old Python, another system


@pytest.mark.parametrize("path", READ_BY_OLD_PYTHONS)
def test_an_old_python_can_read_what_is_to_tell_that_it_is_old(path: str) -> None:
    ast.parse((ROOT / path).read_text("utf-8"), path, feature_version=(3, 6))


@pytest.mark.parametrize("version", [(3, 6), (3, 8), (3, 10)])
def test_an_old_python_is_named_before_anything_new_is_imported(version: tuple[int, int]) -> None:
    told = failure("-c", PRETENDING.format("version_info", (*version, 1, "final", 0)))
    installed = ".".join(map(str, version))
    assert told == (
        f"{sys.executable} is Python {installed}, but gchat needs 3.11 or later; start it with a "
        "newer one, for example: python3.11 gchat.py"
    )


@pytest.mark.parametrize("platform", ["darwin", "freebsd15", "win32"])
def test_another_system_than_linux_is_named(platform: str) -> None:
    told = failure("-c", PRETENDING.format("platform", repr(platform)))
    shown = {"darwin": "macOS", "win32": "Windows"}.get(platform, platform)
    assert told.startswith(f"this system is {shown}, but gchat needs Linux")
    assert "start it on a Linux machine" in told


@pytest.mark.parametrize("version", [(3, 11), (3, 14), (4, 0)])
def test_newer_pythons_are_taken(version: tuple[int, int]) -> None:
    assert system_problem(version, "linux") == ""


# gevent


@pytest.mark.parametrize("start", STARTS)
def test_a_gevent_that_is_not_installed_is_named_with_what_to_type(start: list[str]) -> None:
    told = failure("-S", *start)  # -S: without what is installed
    assert told.startswith(f"gevent is not installed for {sys.executable}; install it: ")
    assert f"pip install {PACKAGES}" in told


def test_it_can_be_started_from_anywhere_also_by_an_isolated_python(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "gchat.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("gchat: gevent is not installed for ")


def test_an_old_gevent_is_named_with_both_versions(tmp_path: Path) -> None:
    told = failure("gchat.py", **package(tmp_path, "__version__ = '25.8.2'"))
    assert told.startswith("gevent 25.8.2 is too old, it has to be 25.9.1 or later; install it: ")
    if sys.prefix != sys.base_prefix:  # in a virtual environment there is one already
        assert told.endswith(f": {sys.executable} -m pip install {PACKAGES}")


def test_a_gevent_that_is_broken_is_named_with_the_reason(tmp_path: Path) -> None:
    told = failure("gchat.py", **package(tmp_path, "import no_such_module"))
    assert told.startswith("cannot import gevent: No module named 'no_such_module'; install it: ")


def test_outside_of_a_virtual_environment_one_is_made_first() -> None:
    base = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    ended = subprocess.run(
        [str(base), "-S", "gchat.py"],
        cwd=ROOT,
        env=environment_with(),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert f"{base} -m venv .venv && .venv/bin/pip install {PACKAGES}" in ended.stderr


# pyproject.toml


def test_what_is_checked_is_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["requires-python"] == ">=" + ".".join(map(str, PYTHON))
    assert sorted(shlex.split(PACKAGES)) == sorted(project["dependencies"])
    oldest = re.search(r"gevent>=([\d.]+)", PACKAGES)
    assert oldest
    assert oldest[1] == ".".join(map(str, GEVENT))


# The order of the start

WATCHED = """
import signal, sys

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("gchat."):
            patched = "gevent.monkey" in sys.modules and (
                sys.modules["gevent.monkey"].is_module_patched("socket"))
            caught = signal.getsignal(signal.SIGHUP) is not signal.SIG_DFL
            print(name, caught, patched)

sys.meta_path.insert(0, Watch())
sys.argv = ["gchat", "--port", "0"]
from gchat.__main__ import main
"""
"""Starts as the command `gchat` does, and prints what is imported when."""

FIRST = ["gchat.__main__", "gchat.prerequisites", "gchat.runtime", "gchat.runtime.signals"]


def test_signals_are_caught_and_the_library_is_patched_before_the_rest_is_imported() -> None:
    listing = subprocess.run(
        [sys.executable, "-c", WATCHED],
        cwd=ROOT,
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout.splitlines()
    assert listing[: len(FIRST)] == [f"{name} False False" for name in FIRST]
    rest = listing[len(FIRST) :]
    assert "gchat.program True True" in rest
    assert all(line.endswith(" True True") for line in rest), rest


NOT_NEEDED = (
    "importlib.metadata", "ssl", "statistics", "subprocess", "tempfile",
    "zoneinfo",
)  # fmt: skip
"""Modules of the library that the start does without, each of which takes milliseconds."""

IMPORTED = """
import sys
sys.argv = ["gchat", "--port", "0"]
import gchat.__main__
print(*sys.modules)
"""


def test_the_start_imports_nothing_that_takes_long_and_is_not_needed() -> None:
    imported = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    ).stdout.split()
    assert "gchat.program" in imported
    assert sorted({*NOT_NEEDED} & {*imported}) == []


# Its name


def test_the_program_calls_itself_gchat() -> None:
    for arguments, status in (
        (["--help"], 0),
        (["check", "--help"], 0),
        (["--port", "x"], 2),
        (["export"], 2),
        (["export", "/nowhere/chat.db"], 1),
        (["--history", "/nowhere/chat.db"], 1),
    ):
        for start in (["gchat.py"], ["-m", "gchat"]):
            ended = subprocess.run(
                [sys.executable, *start, *arguments],
                cwd=ROOT,
                env=environment_with(),
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
            )
            told = ended.stdout + ended.stderr
            assert ended.returncode == status, told
            assert re.search(r"^(usage: )?gchat\b(?!\.py)", told), told
            assert "gchat.py" not in told
