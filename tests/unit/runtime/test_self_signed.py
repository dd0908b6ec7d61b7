"""runtime.self_signed: the server's own certificate, and where it is kept."""

import subprocess
import sys
from pathlib import Path
from shutil import which
from socket import gethostname
from stat import S_IMODE

import pytest

from gchat.runtime import self_signed
from gchat.runtime.self_signed import make_certificate, place_for_certificate
from tests.unit.peers import DEADLINE

needs_openssl = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")


@pytest.fixture(autouse=True)
def _home(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ann")


def test_it_is_beside_the_history_or_in_the_folder_for_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert place_for_certificate("/srv/chat.db") == Path("/srv/chat.db.pem")
    assert place_for_certificate(None) == Path("/home/ann/.local/state/gchat/gchat.pem")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/ann/state")
    assert place_for_certificate(None) == Path("/home/ann/state/gchat/gchat.pem")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/gchat:/var/lib/other")
    assert place_for_certificate(None) == Path("/var/lib/gchat/gchat.pem")


@needs_openssl
def test_it_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "own.pem"
    assert make_certificate(path)
    made = path.read_bytes()
    assert made.count(b"-----BEGIN ") == 2
    assert S_IMODE(path.stat().st_mode) == 0o600
    assert S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not make_certificate(path)
    assert path.read_bytes() == made
    assert [*path.parent.iterdir()] == [path]


@needs_openssl
def test_it_is_for_this_machine_and_signs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    make_certificate(path)
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-text", "-in", str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "CA:FALSE" in shown
    assert "DNS:localhost" in shown
    assert f"DNS:{gethostname()}" in shown
    assert "IP Address:127.0.0.1" in shown


WHILE_THE_LOOP_RUNS = """
from gevent import monkey
monkey.patch_all(ssl=False, subprocess=False)
import gevent, pathlib, sys
from gchat.runtime.self_signed import make_certificate
gevent.spawn(gevent.sleep, 60)
assert make_certificate(pathlib.Path(sys.argv[1]))
"""


@needs_openssl
def test_it_can_be_made_while_other_greenlets_wait(tmp_path: Path) -> None:
    path = tmp_path / "own.pem"
    line = [sys.executable, "-c", WHILE_THE_LOOP_RUNS, str(path)]
    subprocess.run(line, check=True, timeout=DEADLINE)
    assert path.exists()


@needs_openssl
def test_of_two_servers_that_make_one_at_once_both_have_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own.pem"
    make = self_signed._made_by_openssl

    def made_meanwhile() -> bytes:
        path.write_bytes(b"the other's")
        return make()

    monkeypatch.setattr(self_signed, "_made_by_openssl", made_meanwhile)
    make_certificate(path)
    assert [(each, each.read_bytes()) for each in tmp_path.iterdir()] == [(path, b"the other's")]


@needs_openssl
def test_what_openssl_says_if_it_fails_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_signed, "DAYS", "many")
    with pytest.raises(OSError, match=r"openssl has failed: .*many"):
        make_certificate(tmp_path / "own.pem")
    assert not [*tmp_path.iterdir()]
