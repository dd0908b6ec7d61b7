"""config.options: the command line, the environment, the defaults."""

from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gchat import __version__
from gchat.config.limits import MEANINGS, MIN_IDLE, MOST, Limits
from gchat.config.options import MIN_KEEPALIVE, parse
from gchat.config.password import MAX_PASSWORD

DEFAULTS = {
    "host": "127.0.0.1",
    "port": 7878,
    "doors": (),
    "tls": False,
    "tls_cert": None,
    "tls_key": None,
    "tls_only": False,
    "origin": (),
    "web_title": None,
    "metrics_from": (),
    "proxy_from": (),
    "max_line": 65536,
    "rate": 100,
    "burst": 5000,
    "max_clients": None,
    "max_per_address": 1000,
    "connect_rate": 100,
    "idle_timeout": 0,
    "keepalive": 110,
    "sender": "auto",
    "replay": 10,
    "motd": None,
    "history": None,
    "history_sync": "normal",
    "store": None,
    "keep_days": 0,
    "keep_messages": 0,
    "guest_names": False,
    "reserve": 12 * 3600,
    "password": None,
    "password_file": None,
    "op_password_file": None,
    "log_level": "info",
    "log_json": False,
    "op_password": None,
}

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

PATHS = ("motd", "history", "password_file", "op_password_file", "tls_cert", "tls_key")
"""The options that name a file."""

NEEDED = {
    "keep_messages": {"history": "chat.db"},
    "tls_key": {"tls_cert": "own.pem"},
    "store": {"history": "chat.db"},
}
"""Options without which another one is refused."""

MISTAKES = [
    *(("port", text) for text in ("65536", "-1", "http", "", "1.5", "78 78", "9" * 5000)),
    *(("proxy_from", text) for text in ("", "10.0.0.5,", "proxy", "10.0.0.0/33", "::ffff:0:0/90")),
    *(("proxy_from", text) for text in ("0.0.0.0/0", "10.0.0.5,::/0")),
    *(("max_line", text) for text in ("0", "-5", "many", "1_000", "")),
    *(("rate", text) for text in ("-1", "0.5", "00", "", str(MOST + 1))),
    *(("burst", text) for text in ("0", "none")),
    *(("max_clients", text) for text in ("0", "none", "²")),
    *(("max_per_address", text) for text in ("-1", "٣")),
    *(("connect_rate", text) for text in ("1/s", "off")),
    *(("idle_timeout", text) for text in (str(MIN_IDLE - 1), "1", "5m")),
    *(("keepalive", text) for text in (str(MIN_KEEPALIVE - 1), "0", "soon")),
    *(("replay", text) for text in ("-1", "all", "1001")),
    *(("history_sync", text) for text in ("sometimes", "")),
    *(("sender", text) for text in ("thread", "")),
    *(("store", text) for text in ("", "10.1.0.5:6379", "http://10.1.0.5", "redis:10.1.0.5")),
    *(("keep_days", text) for text in ("-1", "7d", "36501")),
    *(("keep_messages", text) for text in ("-1", "all", str(MOST + 1))),
    *(("reserve", text) for text in ("7", "", "-1d", "long")),
    *(("password", text) for text in ("", " ", "x" * (MAX_PASSWORD + 1), "one\ntwo")),
    *((name, text) for name in PATHS for text in ("", " ", " \t\n")),
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


def test_a_bound_for_a_file_that_there_is_not_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = " needs a history file: --history FILE; --help lists the options\n"
    assert refusal(capsys, "--keep-messages", "9") == f"gchat: --keep-messages{told}"
    monkeypatch.setenv("GCHAT_KEEP_MESSAGES", "9")
    assert refusal(capsys) == f"gchat: GCHAT_KEEP_MESSAGES{told}"
    assert parse(["--history", "chat.db"]).keep_messages == 9


def test_a_store_needs_a_history_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert "--store needs a history file" in refusal(capsys, "--store", "redis://10.1.0.5")


@pytest.mark.parametrize("option", ["--keep-days", "--keep-messages"])
def test_what_a_shared_store_cannot_delete_is_refused(
    capsys: pytest.CaptureFixture[str], option: str
) -> None:
    told = refusal(capsys, "--history", "chat.db", "--store", "redis://10.1.0.5", option, "9")
    assert f"{option} and --store do not go together" in told


def test_guest_names_and_a_shared_store_do_not_go_together(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = refusal(capsys, "--history", "f", "--store", "redis://10.1.0.5", "--guest-names")
    assert "--guest-names and --store do not go together" in told


def test_the_password_of_a_store_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    told = refusal(capsys, "--history", "chat.db", "--store", "rediz://:secret@10.1.0.5")
    assert "secret" not in told
    assert "rediz://:***@10.1.0.5" in told


def test_what_kubernetes_sets_for_a_service_of_this_name_is_explained(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GCHAT_PORT", "tcp://10.0.0.1:7878")
    told = refusal(capsys)
    assert "GCHAT_PORT: 'tcp://10.0.0.1:7878' is not a number from 0 to 65535 (Kubernetes" in told
    assert "enableServiceLinks: false" in told


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


@pytest.mark.parametrize(("option", "text"), MISTAKES)
def test_a_mistake_is_one_line_that_names_the_option(
    option: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert switch(option) in refusal(capsys, f"{switch(option)}={text}")


@pytest.mark.parametrize(("option", "text"), [*MISTAKES, ("log_json", "maybe"), ("log_json", "")])
def test_a_mistake_in_the_environment_is_one_line_that_names_the_variable(
    option: str,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(variable(option), text)
    assert variable(option) in refusal(capsys)


@pytest.mark.parametrize("option", PATHS)
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_path_is_refused_and_never_means_that_there_is_no_file(
    option: str,
    text: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    why = "empty; name a file, or leave the option out; --help lists the options\n"
    assert refusal(capsys, switch(option), text) == f"gchat: argument {switch(option)}: {why}"
    monkeypatch.setenv(variable(option), text)
    expected = f"gchat: environment variable {variable(option)}: {why}"
    assert refusal(capsys) == expected
    assert refusal(capsys, switch(option), "a file") == expected


@pytest.mark.parametrize("name", ["GCHAT_PASSWORD", "GCHAT_OP_PASSWORD"])
def test_a_bad_password_is_refused_by_the_name_of_its_variable_and_not_shown(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "swordfish\n" * 2)
    told = refusal(capsys)
    assert told.startswith(f"gchat: environment variable {name}: more than one line")
    assert "swordfish" not in told


@pytest.mark.parametrize(
    "arguments",
    [["--prot", "1"], ["--por", "1"], ["7878"], ["--port"], ["--log-json=1"]],
    ids=" ".join,
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


# Passwords


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
