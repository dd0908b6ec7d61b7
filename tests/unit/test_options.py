"""chat.options: the command line, the environment, the defaults."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat import __version__
from chat.options import MIN_KEEPALIVE, parse

DEFAULTS = {
    "host": "127.0.0.1",
    "port": 7878,
    "max_line": 65536,
    "max_clients": None,
    "keepalive": 110,
    "replay": 10,
    "motd": "",
    "log_level": "info",
}

OTHERS = {
    "host": ("::1", "::1"),
    "port": ("0", 0),
    "max_line": ("100", 100),
    "max_clients": ("5", 5),
    "keepalive": ("60", 60),
    "replay": ("0", 0),
    "motd": ("motd.txt", "motd.txt"),
    "log_level": ("DEBUG", "debug"),
}
"""For each option another value, as it is written and as it is understood."""

MISTAKES = [
    *(("port", text) for text in ("65536", "-1", "http", "", "1.5", "78 78", "9" * 5000)),
    *(("max_line", text) for text in ("0", "-5", "many", "1_000", "")),
    *(("max_clients", text) for text in ("0", "none", "²")),
    *(("keepalive", text) for text in (str(MIN_KEEPALIVE - 1), "0", "soon")),
    *(("replay", text) for text in ("-1", "all", "1001")),
    *(("log_level", text) for text in ("loud", "", "10")),
]


def variable(option: str) -> str:
    return f"GCHAT_{option.upper()}"


def switch(option: str) -> str:
    return f"--{option.replace('_', '-')}"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in DEFAULTS:
        monkeypatch.delenv(variable(option), raising=False)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line with which `parse` ends the program."""
    with pytest.raises(SystemExit) as end:
        parse(arguments)
    assert end.value.code == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert output.err.endswith("\n")
    assert "Traceback" not in output.err
    return output.err


def test_each_option_has_its_default() -> None:
    assert vars(parse([])) == DEFAULTS


@pytest.mark.parametrize("option", DEFAULTS)
def test_each_option_can_be_given(option: str) -> None:
    text, value = OTHERS[option]
    assert vars(parse([switch(option), text])) == DEFAULTS | {option: value}


@pytest.mark.parametrize("option", DEFAULTS)
def test_each_option_can_be_an_environment_variable(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, value = OTHERS[option]
    monkeypatch.setenv(variable(option), text)
    assert vars(parse([])) == DEFAULTS | {option: value}


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCHAT_PORT", "9000")
    assert parse(["--port", "9001"]).port == 9001


@pytest.mark.parametrize(("option", "text"), MISTAKES)
def test_a_mistake_is_one_line_that_names_the_option(
    option: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert switch(option) in refusal(capsys, f"{switch(option)}={text}")


@pytest.mark.parametrize(("option", "text"), MISTAKES)
def test_a_mistake_in_the_environment_is_one_line_that_names_the_variable(
    option: str,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable(option), text)
    assert variable(option) in refusal(capsys)


@pytest.mark.parametrize(
    "arguments", [["--prot", "1"], ["--por", "1"], ["7878"], ["--port"]], ids=" ".join
)
def test_what_is_no_option_is_refused_with_where_to_look(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--help" in refusal(capsys, *arguments)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=8))
@example("٣")
def test_a_port_is_a_port_or_refused(text: str) -> None:
    with suppress(SystemExit):
        assert 0 <= parse([f"--port={text}"]).port <= 65535


def test_the_help_names_every_option_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--help"])
    assert end.value.code == 0
    output = capsys.readouterr().out
    assert "nc HOST 7878" in output
    for option, default in DEFAULTS.items():
        assert switch(option) in output
        assert default is None or f"({default}" in output


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"gchat {__version__}\n"
