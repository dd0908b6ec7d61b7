"""README's locustfile for other servers works with the three files that it says to copy."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.blackbox.server import ROOT, Server
from tests.loadtest.locust_runs import DEADLINE, faulty_proxy

USERS = 8

SURELY_JOINED = 200
"""Messages that arrive before one is dropped: some four seconds of talk. In the example the first
talk while the last are still joining, who are not owed that yet."""


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [(None, 0, "0 missing, 0 rep"), ("drop", 1, "1 missing, 0 rep")],
)
def test_three_files_and_the_example_find_what_is_missing(
    server: Server, tmp_path: Path, fault: str | None, status: int, told: str
) -> None:
    readme = (ROOT / "loadtest/README.md").read_text("utf-8")
    example = re.search(r"```python\n(.*?)```", readme, re.S)
    assert example
    (tmp_path / "locustfile.py").write_text(example[1])
    for name in ("client.py", "receipts.py", "order.py"):
        shutil.copy(ROOT / "loadtest" / name, tmp_path)
    port = server.address[1]
    if fault:
        with faulty_proxy(port, fault, SURELY_JOINED) as proxy:
            run = start(tmp_path, proxy)
    else:
        run = start(tmp_path, port)
    assert (run.returncode, told in run.stdout) == (status, True), run.stdout + run.stderr
    delivered = re.search(r"^DELIVERY +line +(\d+) ", run.stdout + run.stderr, re.M)
    assert delivered
    assert int(delivered[1]) > USERS


def start(folder: Path, port: int) -> "subprocess.CompletedProcess[str]":
    # Locust counts the time from before its imports, which may take seconds on a busy machine.
    line = [sys.executable, "-m", "locust", "--headless", "--only-summary"]
    line += ["-u", str(USERS), "-r", str(USERS)]
    return subprocess.run(
        [*line, "-t", "14s", "--host", f"tcp://127.0.0.1:{port}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
