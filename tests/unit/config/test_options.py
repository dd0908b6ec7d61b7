"""config.options: the command line, the environment, the defaults."""

from ipaddress import ip_network

import pytest

from gchat import __version__
from gchat.config.limits import MEANINGS, MIN_IDLE, MOST, Limits
from gchat.config.options import parse
from tests.unit.config.command_line import DEFAULTS, switch, variable

OTHERS = {
    "host": ("::1", "::1"),
    "port": ("0", 0),
    "doors": ("Plain, http", ("plain", "http")),
    "tls_cert": ("own.pem", "own.pem"),
    "tls_key": ("own.key", "own.key"),
    "origin": ("https://chat.example", ("https://chat.example",)),
    "web_title": ("tea", "tea"),
    "metrics_from": ("10.1.0.0/16", (ip_network("10.1.0.0/16"),)),
    "proxy_from": ("10.0.0.5", (ip_network("10.0.0.5"),)),
    "max_line": ("100", 100),
    "rate": ("0", 0),
    "burst": ("1", 1),
    "max_clients": ("5", 5),
    "max_per_address": ("0", 0),
    "connect_rate": (str(MOST), MOST),
    "idle_timeout": (str(MIN_IDLE), MIN_IDLE),
    "keepalive": ("60", 60),
    "sender": ("LOOP", "loop"),
    "send_threads": ("4", 4),
    "replay": ("0", 0),
    "motd": ("motd.txt", "motd.txt"),
    "history": ("chat.db", "chat.db"),
    "history_sync": ("FULL", "full"),
    "store": ("redis://10.1.0.5", "redis://10.1.0.5"),
    "keep_days": ("90", 90),
    "keep_messages": ("1000", 1000),
    "reserve": ("12h", 12 * 3600),
    "password": (" se cret", " se cret"),
    "password_file": ("password.txt", "password.txt"),
    "op_password_file": ("op.txt", "op.txt"),
    "log_level": ("DEBUG", "debug"),
}
"""For each option that takes a value another one, as it is written and as it is understood."""

NEEDED = {
    "keep_messages": {"history": "chat.db"},
    "tls_key": {"tls_cert": "own.pem"},
    "store": {"history": "chat.db"},
}
"""Options without which another one is refused."""


def test_each_option_has_its_default() -> None:
    assert vars(parse([])) == DEFAULTS


@pytest.mark.parametrize("option", OTHERS)
def test_each_option_can_be_given(option: str) -> None:
    text, value = OTHERS[option]
    others = NEEDED.get(option, {})
    given = [part for other in others for part in (switch(other), others[other])]
    assert vars(parse([*given, switch(option), text])) == DEFAULTS | others | {option: value}


@pytest.mark.parametrize("option", OTHERS)
def test_each_option_can_be_an_environment_variable(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, value = OTHERS[option]
    others = NEEDED.get(option, {})
    for name, typed in {**others, option: text}.items():
        monkeypatch.setenv(variable(name), typed)
    assert vars(parse([])) == DEFAULTS | others | {option: value}


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GCHAT_PORT", "9000")
    assert parse(["--port", "9001"]).port == 9001


def test_networks_add_up_and_replace_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GCHAT_PROXY_FROM", "10.0.0.1")
    given = parse(["--proxy-from=10.0.0.2,10.1.0.0/16", "--proxy-from", "2001:db8::7"])
    assert list(map(str, given.proxy_from)) == ["10.0.0.2/32", "10.1.0.0/16", "2001:db8::7/128"]


def test_an_address_stands_for_its_network_only_where_that_is_told_figures() -> None:
    options = parse(["--proxy-from=2001:db8::7", "--metrics-from=2001:db8::7"])
    assert list(map(str, options.proxy_from)) == ["2001:db8::7/128"]
    assert list(map(str, options.metrics_from)) == ["2001:db8::/64"]


# The log


def test_the_log_is_json_if_the_switch_is_given() -> None:
    assert parse(["--log-json"]).log_json is True


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("0", False), ("Yes", True), ("no", False), ("on", True), ("OFF", False)],
)
def test_a_switch_in_the_environment_is_yes_or_no(
    text: str, value: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCHAT_LOG_JSON", text)
    assert parse([]).log_json is value


# Limits


def test_the_limits_are_those_of_the_options() -> None:
    given_values = {name.replace("-", "_"): number for number, name in enumerate(MEANINGS, 100)}
    arguments = [f"{switch(name)}={value}" for name, value in given_values.items()]
    assert parse(arguments).limits(1000) == Limits(**given_values)


def test_there_are_as_many_places_as_descriptors_if_no_number_is_given_or_a_higher_one() -> None:
    assert parse([]).limits(7) == Limits(max_clients=7)
    for number, limit in ((6, 6), (7, 7), (8, 7), (MOST, 7)):
        assert parse([f"--max-clients={number}"]).limits(7) == Limits(max_clients=limit)


# What is told


def test_the_help_names_every_option_and_its_default(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--help"])
    assert end.value.code == 0
    output = " ".join(capsys.readouterr().out.split())
    assert "nc HOST 7878" in output
    assert "GCHAT_OP_PASSWORD" in output
    for option, default in DEFAULTS.items():
        if option != "op_password":  # which is no switch
            assert f"{switch(option)} " in output
            shown = "12h" if option == "reserve" else default
            assert shown in (None, "", ()) or shown is False or f"(default: {shown}" in output


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parse(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"gchat {__version__}\n"
