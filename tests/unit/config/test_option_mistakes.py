"""config.options: a mistake is refused in one line that names the option or the variable."""

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gchat.config.limits import MIN_IDLE, MOST
from gchat.config.options import MIN_KEEPALIVE, parse
from gchat.config.password import MAX_PASSWORD
from tests.unit.config.command_line import refusal, switch, variable

PATHS = ("motd", "history", "password_file", "op_password_file", "tls_cert", "tls_key")
"""The options that name a file."""

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
    *(("send_threads", text) for text in ("-1", "5", "auto", "")),
    *(("store", text) for text in ("", "10.1.0.5:6379", "http://10.1.0.5", "redis:10.1.0.5")),
    *(("keep_days", text) for text in ("-1", "7d", "36501")),
    *(("keep_messages", text) for text in ("-1", "all", str(MOST + 1))),
    *(("reserve", text) for text in ("7", "", "-1d", "long")),
    *(("password", text) for text in ("", " ", "x" * (MAX_PASSWORD + 1), "one\ntwo")),
    *((name, text) for name in PATHS for text in ("", " ", " \t\n")),
    *(("log_level", text) for text in ("loud", "", "10")),
]


def test_a_bound_for_a_file_that_there_is_not_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = " needs a history file: --history FILE; --help lists the options\n"
    assert refusal(capsys, "--keep-messages", "9") == f"gchat: --keep-messages{told}"
    monkeypatch.setenv("GCHAT_KEEP_MESSAGES", "9")
    assert refusal(capsys) == f"gchat: GCHAT_KEEP_MESSAGES{told}"
    assert parse(["--history", "chat.db"]).keep_messages == 9


def test_threads_are_refused_where_what_they_send_by_is_ruled_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "needs io_uring, and --sender is loop; leave one of them out; --help lists the options\n"
    given = refusal(capsys, "--send-threads", "1", "--sender", "loop")
    assert given == f"gchat: --send-threads {told}"
    monkeypatch.setenv("GCHAT_SEND_THREADS", "2")
    assert refusal(capsys, "--sender", "loop") == f"gchat: GCHAT_SEND_THREADS {told}"
    assert parse(["--send-threads", "0", "--sender", "loop"]).send_threads == 0


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
