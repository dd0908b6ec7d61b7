"""The files in deploy/: systemd, promtool and the program itself find nothing wrong with them."""

import json
import re
import subprocess
import sys
from pathlib import Path
from shutil import which

import pytest

from tests.blackbox.http_clients import curl
from tests.blackbox.server import ROOT, Server, environment_with
from tests.blackbox.waiting import DEADLINE
from tests.conftest import StartServer

DEPLOY = ROOT / "deploy"
PROGRAM = "/opt/gchat/.venv/bin/gchat"
MOST_EXPOSED = 2.0
"""How much of the system the service may reach, of 10, as `systemd-analyze security` counts it."""

METRIC = re.compile(r"\bgchat_[a-z_]+\b(?:\{[^}]*\})?")
NAME = re.compile(r"gchat_[a-z_]+")
LABEL = re.compile(r'(\w+)="([^"]*)"')

needs_systemd = pytest.mark.skipif(not which("systemd-analyze"), reason="needs systemd-analyze")
needs_promtool = pytest.mark.skipif(not which("promtool"), reason="needs promtool")


def run(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=DEADLINE, check=False
    )


# systemd


def units_in(folder: Path) -> tuple[Path, Path]:
    """The service and its socket, as they are with a program that this machine has."""
    return unit_in(folder, "gchat.service"), unit_in(folder, "gchat.socket")


def unit_in(folder: Path, name: str) -> Path:
    text = (DEPLOY / name).read_text("utf-8")
    unit = folder / Path(name).name
    unit.write_text(text.replace(PROGRAM, sys.executable), "utf-8")
    return unit


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    service, socket = units_in(tmp_path)
    verify = ("systemd-analyze", "verify", str(service), str(socket))
    verified = run(*verify)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    for unit, right in ((service, "WatchdogSec"), (socket, "NoDelay")):
        unit.write_text(unit.read_text().replace(right, f"{right}s"))
        assert f"{right}s" in run(*verify).stderr  # it would tell


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit_of_several(tmp_path: Path) -> None:
    unit = unit_in(tmp_path, "nodes/gchat@.service").rename(tmp_path / "gchat@7901.service")
    verified = run("systemd-analyze", "verify", str(unit))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    assert sandbox_of("nodes/gchat@.service") == sandbox_of("gchat.service")


def sandbox_of(name: str) -> list[str]:
    """The lines of a unit that take away what the server does not need."""
    lines = (DEPLOY / name).read_text("utf-8").splitlines()
    some = lines[lines.index("CapabilityBoundingSet=") : lines.index("[Install]")]
    return [line for line in some if not line.startswith("#")]


@needs_systemd
def test_the_service_reaches_little_of_the_system(tmp_path: Path) -> None:
    service, _ = units_in(tmp_path)
    judged = run("systemd-analyze", "security", "--offline=yes", str(service))
    exposed = re.search(r"Overall exposure level for gchat.service: (\d+\.\d+)", judged.stdout)
    assert exposed, judged
    assert float(exposed[1]) <= MOST_EXPOSED


def test_the_service_starts_a_server_with_a_history(
    start_server: StartServer, tmp_path: Path
) -> None:
    unit = (DEPLOY / "gchat.service").read_text("utf-8")
    assert re.search(rf"^ExecStart={PROGRAM}$", unit, re.M)
    (line,) = re.findall(r"^Environment=(.*)$", unit, re.M)
    variables = dict(pair.split("=", 1) for pair in line.split())
    assert {name[:6] for name in variables} == {"GCHAT_"}
    for name, value in variables.items():
        variables[name] = value.replace("%S/gchat", str(tmp_path))
    server = start_server(environment=variables)
    assert server.address[0] == "::"
    assert (tmp_path / "chat.db").exists()


# The container


@pytest.mark.parametrize("variables", [{}, {"GCHAT_TLS_ONLY": "1"}], ids=["plain", "tls only"])
def test_the_container_knows_whether_its_server_is_well(
    start_server: StartServer, tmp_path: Path, variables: dict[str, str]
) -> None:
    server = start_server("--history", str(tmp_path / "chat.db"), environment=variables)
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    found = re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", text, re.M)
    assert found
    _, *arguments = json.loads(found[1])

    def check(port: int) -> int:
        line = [sys.executable, *arguments]
        environment = environment_with(variables | {"GCHAT_PORT": str(port)})
        return subprocess.run(line, env=environment, capture_output=True, check=False).returncode

    port = server.address[1]
    assert check(port) == 0
    server.process.terminate()
    server.wait()
    assert check(port) != 0


def test_the_container_has_what_the_package_is_built_of() -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    copied = [
        source
        for line in re.findall(r"^COPY (?!--)(.*) \S+$", text, re.M)
        for source in line.split()
    ]
    assert {"pyproject.toml", "README.md", "LICENSE", "gchat"} == {*copied}
    assert all((ROOT / source).exists() for source in copied)
    user = re.search(r"^USER (\d+)", text, re.M)
    assert user
    assert int(user[1]) > 0


# Monitoring


def served(server: Server) -> set[tuple[str, str]]:
    """The names of what /metrics has, each with its labels and their values."""
    found = set[tuple[str, str]]()
    for line in curl(server, "/metrics").body.splitlines():
        if not line.startswith("#"):
            name = line.split("{")[0].split(" ")[0]
            found.add((name, ""))
            found |= {(name, f"{label}={value}") for label, value in LABEL.findall(line)}
    return found


@pytest.mark.skipif(not which("curl"), reason="needs curl")
@pytest.mark.parametrize("file", ["alerts.yml", "grafana.json"])
def test_what_is_watched_is_what_the_server_tells(server: Server, file: str) -> None:
    text = (DEPLOY / file).read_text("utf-8")
    if file.endswith(".json"):
        text = "\n".join(expressions_in(json.loads(text)))
    known, metrics = served(server), METRIC.findall(text)
    assert len(metrics) > 8
    for metric in metrics:
        name = metric.partition("{")[0]
        assert (name, "") in known, metric
        for label, value in LABEL.findall(metric):
            assert label == "instance" or (name, f"{label}={value}") in known, metric


def expressions_in(board: dict[str, list[dict[str, list[dict[str, str]]]]]) -> list[str]:
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


@needs_promtool
def test_prometheus_takes_the_alerts() -> None:
    checked = run("promtool", "check", "rules", str(DEPLOY / "alerts.yml"))
    assert checked.returncode == 0, checked.stderr
    assert re.search(r"SUCCESS: (\d+) rules found", checked.stdout)


@needs_promtool
def test_prometheus_takes_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "1m")}
        for number, expression in enumerate(expressions_in(board))
    ]
    file = tmp_path / "rules.yml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    checked = run("promtool", "check", "rules", str(file))
    assert checked.returncode == 0, checked.stderr


@needs_promtool
def test_alerts_fire_when_something_is_wrong_and_not_before(tmp_path: Path) -> None:
    text = (DEPLOY / "alerts.yml").read_text("utf-8")
    summaries = dict(re.findall(r"alert: (\w+)\n(?:.*\n)*?\s+summary: (.*)", text))

    def firing(alert: str, **labels: str) -> dict[str, object]:
        expected = {"exp_labels": labels, "exp_annotations": {"summary": summaries[alert]}}
        return {"alertname": alert, "exp_alerts": [expected]}

    case = {
        "rule_files": [str(DEPLOY / "alerts.yml")],
        "evaluation_interval": "30s",
        "tests": [
            {
                "interval": "30s",
                "input_series": [
                    {"series": "gchat_history_trouble", "values": "0 0 1x9"},
                    {"series": "gchat_info", "values": "1x11"},
                    {"series": 'gchat_refused_total{reason="proxy"}', "values": "0x8 1 2"},
                ],
                "alert_rule_test": [
                    {"eval_time": "1m", "alertname": "GchatHistoryNotWritten"},
                    {"eval_time": "4m", **firing("GchatHistoryNotWritten", severity="critical")},
                    {"eval_time": "4m", "alertname": "GchatDown"},
                    {"eval_time": "4m", "alertname": "GchatProxyWithoutHeader"},
                    {
                        "eval_time": "5m",
                        **firing("GchatProxyWithoutHeader", severity="warning", reason="proxy"),
                    },
                ],
            }
        ],
    }
    file = tmp_path / "case.yml"
    file.write_text(json.dumps(case))
    tested = run("promtool", "test", "rules", str(file))
    assert tested.returncode == 0, tested.stdout + tested.stderr


@needs_promtool
@pytest.mark.skipif(not which("curl"), reason="needs curl")
def test_prometheus_finds_nothing_wrong_with_the_metrics(server: Server) -> None:
    checked = run("promtool", "check", "metrics", given=curl(server, "/metrics").body)
    assert (checked.returncode, checked.stderr) == (0, "")
