"""What the options are if none is given, how they are written, and what is refused."""

import pytest

from gchat.config.options import parse

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
    "send_threads": None,
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


def variable(option: str) -> str:
    return f"GCHAT_{option.upper()}"


def switch(option: str) -> str:
    return f"--{option.replace('_', '-')}"


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
