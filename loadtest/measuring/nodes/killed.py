"""Three servers behind HAProxy, of which one is killed: the load test follows each message."""

import re
import subprocess
import sys
import time
from pathlib import Path

from measuring.nodes.three_nodes import ThreeNodes, three_nodes
from measuring.report import Report

USERS = 30

SECONDS = 40
"""For which they talk."""

BEFORE = 8.0
"""Seconds from when they are there until a server is killed."""

LOCUST = Path(__file__).resolve().parents[2] / "locustfile.py"

PATIENCE = 100.0

_VERDICT = re.compile(r"^verdict: (\w+): (.*)$", re.MULTILINE)

_RETURNS = re.compile(r"^RETURN +\S+ +(\d+) +(\d+)", re.MULTILINE)


def killed(core: int) -> int:
    """One of three servers behind HAProxy is killed: is all heard once, if its programs return"""
    report = Report(
        f"killed: {USERS} programs talk through HAProxy with three servers for {SECONDS} s; one of "
        "them is killed, and its programs come back to the others"
    )
    with three_nodes() as nodes:
        command = [
            *(sys.executable, "-m", "locust", "-f", str(LOCUST), "--headless", "--only-summary"),
            *("-u", str(USERS), "-r", str(USERS), "-t", f"{SECONDS}s", "--think", "0.5"),
            *("--drain", "15", "--host", f"tcp://127.0.0.1:{nodes.port}", "Returner"),
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as run:
            try:
                _await_users(nodes)
                time.sleep(BEFORE)
                nodes.kill("a")
                output, _ = run.communicate(timeout=PATIENCE)
            finally:
                run.kill()
    verdict, returns = _VERDICT.search(output), _RETURNS.search(output)
    if not verdict:
        raise RuntimeError(f"the load test gives no verdict: {output[-1000:]}")
    passed = run.returncode == 0 and verdict[1] == "passed"
    report.check("its verdict", f"{verdict[1]}: {verdict[2]}", passed)
    count, failures = map(int, returns.groups()) if returns else (0, 0)
    report.check("came back", f"{count} programs, {failures} did not", bool(count and not failures))
    if not passed:
        print(output)
    return report.failures


def _await_users(nodes: ThreeNodes) -> None:
    """Wait until each server has its share of the users."""
    deadline = time.monotonic() + PATIENCE
    while any(nodes.log(name).count(" join ") < USERS // 4 for name in "abc"):
        if time.monotonic() > deadline:
            raise TimeoutError("not all users have joined")
        time.sleep(0.1)
