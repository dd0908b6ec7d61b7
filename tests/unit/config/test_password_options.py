"""config.options: passwords are given in one way only, and never in sight."""

import pytest

from gchat.config.options import parse
from tests.unit.config.command_line import DEFAULTS, refusal, variable


@pytest.mark.parametrize("name", ["GCHAT_PASSWORD", "GCHAT_OP_PASSWORD"])
def test_a_bad_password_is_refused_by_the_name_of_its_variable_and_not_shown(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "swordfish\n" * 2)
    told = refusal(capsys)
    assert told.startswith(f"gchat: environment variable {name}: more than one line")
    assert "swordfish" not in told


@pytest.mark.parametrize("name", ["password", "op-password"])
def test_a_password_is_given_in_one_way_only(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text, file = variable(name.replace("-", "_")), variable(f"{name}-file".replace("-", "_"))
    monkeypatch.setenv(text, "secret")
    told = refusal(capsys, f"--{name}-file=secret.txt")
    assert f": {text} and --{name}-file are both set; use one; " in told
    monkeypatch.setenv(file, "secret.txt")
    assert f": {text} and {file} are both set; use one; " in refusal(capsys)


def test_a_password_and_one_for_operators_are_two_things(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCHAT_OP_PASSWORD", "higher")
    options = parse(["--password-file=lower.txt"])
    assert (options.password_file, options.op_password) == ("lower.txt", "higher")
    assert (options.password, options.op_password_file) == (None, None)


def test_the_operators_password_can_be_given_in_the_environment_and_not_in_sight(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--op-password" in refusal(capsys, "--op-password=secret")
    monkeypatch.setenv("GCHAT_OP_PASSWORD", "secret")
    assert vars(parse([])) == DEFAULTS | {"op_password": "secret"}
    monkeypatch.setenv("GCHAT_OP_PASSWORD", "")
    assert "GCHAT_OP_PASSWORD: empty" in refusal(capsys)


@pytest.mark.parametrize("name", ["GCHAT_PASSWORD", "GCHAT_OP_PASSWORD"])
def test_a_password_in_the_environment_is_not_shown_by_the_help(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "swordfish")
    with pytest.raises(SystemExit):
        parse(["--help"])
    assert "swordfish" not in capsys.readouterr().out
