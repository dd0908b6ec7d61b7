"""A program of the load tests that lacks a package says in one line how to install it."""

import subprocess
import sys

import pytest

from tests.blackbox.server import ROOT


@pytest.mark.parametrize("program", ["locustfile.py", "fanout.py", "measure.py"])
def test_a_package_that_is_missing_is_told_with_what_installs_it(program: str) -> None:
    run = subprocess.run(
        [sys.executable, "-S", f"loadtest/{program}"],  # -S: without what is installed
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = run.stderr.splitlines()
    assert (run.returncode, len(told)) == (1, 1), run.stderr
    assert told[0].startswith(f"{program}: ")
    assert told[0].endswith(" is not installed: pip install -r requirements.txt")


def test_the_locustfile_is_a_program_as_well() -> None:
    run = subprocess.run(
        [sys.executable, "loadtest/locustfile.py", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, "Chatter" in run.stdout) == (0, True), run.stderr
