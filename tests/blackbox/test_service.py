"""The systemd unit in docs/operating.md: systemd accepts it, and gchat starts with its options."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blackbox.readme import code_blocks
from tests.blackbox.server import ROOT
from tests.conftest import StartServer

BLOCKS = code_blocks("As a service", "docs/operating.md")
UNIT = next(block for block in BLOCKS if "[Unit]" in block)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "gchat.service"
    here = UNIT.replace("/opt/gchat/.venv/bin/python", sys.executable)
    unit.write_text(here.replace("/opt/gchat", str(ROOT)))

    def verify() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["systemd-analyze", "verify", str(unit)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    verified = verify()
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    unit.write_text(unit.read_text().replace("LimitNOFILE", "LimitNOFILES"))
    assert "LimitNOFILES" in verify().stderr  # it would tell


def test_the_program_starts_with_the_options_in_the_unit(
    start_server: StartServer, tmp_path: Path
) -> None:
    password = tmp_path / "op-password"
    password.write_text("correct horse\n")
    found = re.search(r"^ExecStart=\S+/python \S+/gchat.py (.*)$", UNIT, re.M)
    assert found
    server = start_server(*found[1].replace("/etc/gchat/op-password", str(password)).split())
    operator = server.person()
    operator.say("/op correct horse")
    operator.expect("You are now an operator")
