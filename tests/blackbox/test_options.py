"""Options, on the command line and in the environment, and mistakes in them."""

import subprocess

import pytest

from tests.blackbox.server import ROOT, command, environment_with
from tests.conftest import StartServer


def run(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What gchat with `options` answers and ends with."""
    return subprocess.run(
        command(*options),
        cwd=ROOT,
        env=environment_with(variables),
        capture_output=True,
        text=True,
        timeout=10,
    )


def test_the_log_says_where_it_listens_and_how_to_join(start_server: StartServer) -> None:
    server = start_server()
    port = server.address[1]
    line = server.expect_log("listens")
    assert f"127.0.0.1:{port}" in line
    assert line.endswith(f"to join: nc 127.0.0.1 {port}")
    server.person()


def test_help_tells_every_option_and_the_version_is_told() -> None:
    help_ = run("--help")
    assert help_.returncode == 0
    for word in ("nc ", "--host", "--port", "--max-line", "--max-clients", "--log-level"):
        assert word in help_.stdout
    assert "GCHAT_PORT" in help_.stdout
    version = run("--version")
    assert version.returncode == 0
    assert version.stdout.startswith("gchat ")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--port", "seven"),
        ("--port", "65536"),
        ("--port", "-1"),
        ("--max-line", "0"),
        ("--max-clients", "0"),
        ("--log-level", "loud"),
    ],
)
def test_a_bad_value_is_one_clear_line_on_the_command_line_or_in_the_environment(
    option: str, value: str
) -> None:
    variable = "GCHAT_" + option[2:].replace("-", "_").upper()
    for ended, culprit in (
        (run(f"{option}={value}"), option),
        (run("--port=0", **{variable: value}), variable),
    ):
        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1
        assert culprit in ended.stderr
        assert value in ended.stderr
        assert ended.stdout == ""


@pytest.mark.parametrize("options", [["--prot", "7000"], ["7000"], ["--port"], ["--por=0"]])
def test_a_mistyped_option_is_one_clear_line(options: list[str]) -> None:
    ended = run(*options)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert options[0].partition("=")[0] in ended.stderr


@pytest.mark.parametrize("host", ["1.2.3.4.5", "::g"])
def test_a_host_that_cannot_be_had_is_one_clear_line(host: str) -> None:
    ended = run("--port=0", f"--host={host}")
    assert ended.returncode > 0
    assert ended.stderr.count("\n") == 1
    assert host in ended.stderr


def test_options_can_be_given_in_the_environment_and_the_command_line_wins(
    start_server: StartServer,
) -> None:
    variables = {
        "GCHAT_PORT": "0",
        "GCHAT_HOST": "::1",
        "GCHAT_MAX_LINE": "10",
        "GCHAT_MAX_CLIENTS": "5",
    }
    server = start_server("--max-clients", "1", port=None, environment=variables)
    assert server.address[0] == "::1"
    assert server.address[1] != 7878
    person = server.person()
    person.say("x" * 11)
    person.expect("10 bytes")
    assert "(1 client)" in server.connect().rest()[0]


def test_the_log_level_decides_what_is_logged_and_words_never_are(
    start_server: StartServer,
) -> None:
    quiet, loud = start_server("--log-level=warning"), start_server("--log-level=DEBUG")
    for server in (quiet, loud):
        person = server.person("ann")
        person.say("a secret", "/nick", "/nick")
        person.who()
        person.say("/quit")
        person.rest()
    loud.expect_log("leave ann")
    assert "a secret" not in loud.log()
    assert quiet.complaints() == []
