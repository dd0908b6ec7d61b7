"""The certificate: the server's own or somebody's, told at the start, and reloaded on SIGHUP."""

import re
import ssl
import subprocess
from pathlib import Path
from shutil import which
from signal import SIGHUP
from stat import S_IMODE

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.server import Server, command, environment_with
from tests.blackbox.tls_clients import TlsPerson, fingerprint_of, make_pem, person, run
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.conftest import StartServer

pytestmark = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")


def shown_by(server: Server) -> str:
    """The fingerprint of the certificate that a newcomer is shown."""
    host, port = server.address
    shown = run("openssl", "s_client", "-connect", f"{host}:{port}").stdout
    ended = run("openssl", "x509", "-noout", "-fingerprint", "-sha256", given=shown)
    return ended.stdout.decode().strip().rpartition("=")[2]


def problem(*options: str, **environment: str) -> str:
    """The line with which a server does not start."""
    ended = subprocess.run(
        command("--port", "0", *options),
        cwd=Path(__file__).parents[2],
        env=environment_with(environment),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert ended.returncode, ended
    (line,) = [line for line in ended.stderr.splitlines() if " INFO " not in line]
    return line


# The server's own


@pytest.mark.parametrize("keeps", [False, True], ids=["in the user's folder", "with a history"])
def test_the_server_makes_one_and_keeps_it(
    start_server: StartServer, tmp_path: Path, keeps: bool
) -> None:
    options = ["--tls", *(["--history", str(tmp_path / "chat.db")] if keeps else [])]
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}
    kept = tmp_path / ("chat.db.pem" if keeps else "state/gchat/gchat.pem")
    server = start_server(*options, environment=environment)
    assert S_IMODE(kept.stat().st_mode) == 0o600
    fingerprint = fingerprint_of(kept)
    assert server.expect_log("fingerprint").endswith(f"{kept}, SHA-256 fingerprint {fingerprint}")
    assert f"made a certificate: {kept}" in server.log()
    assert shown_by(server) == fingerprint
    again = start_server(*(options[:1] if keeps else options), environment=environment)
    if not keeps:
        assert "made a certificate" not in again.log()
        assert shown_by(again) == fingerprint


def test_invite_shows_how_to_join_and_whom_to_trust(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--tls", environment={"XDG_STATE_HOME": str(tmp_path)})
    host, port = server.address
    ann = server.person("ann")
    ann.say("/invite")
    assert ann.expect("  nc ") == f" *   nc {host} {port}"
    assert ann.expect("Encrypted") == " * Encrypted:"
    assert ann.line() == f" *   ncat --ssl {host} {port}"
    assert ann.line() == f" *   openssl s_client -quiet -connect {host}:{port}"
    assert ann.line().endswith(f"SHA-256 fingerprint: {shown_by(server)}")
    assert f"or: ncat --ssl {host} {port}" in server.log()


def test_one_can_check_it_as_that_of_an_authority(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--tls", environment={"XDG_STATE_HOME": str(tmp_path)})
    context = ssl.create_default_context(cafile=str(tmp_path / "gchat" / "gchat.pem"))
    ann = TlsPerson(server.address)
    ann.close()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TlsPerson, "context", context)
        patch.setattr(context, "check_hostname", False)
        server._add(TlsPerson(server.address)).be_welcomed()


# Somebody's


def test_a_certificate_and_its_key_may_be_in_one_file_or_in_two(
    start_server: StartServer, tmp_path: Path
) -> None:
    certificate, key = make_pem(tmp_path, "ours")
    both = tmp_path / "both.pem"
    both.write_bytes(key.read_bytes() + certificate.read_bytes())
    for options in (
        ("--tls-cert", str(certificate), "--tls-key", str(key)),
        ("--tls-cert", str(both)),
    ):
        server = start_server(*options)
        assert shown_by(server) == fingerprint_of(certificate)
        ann = person(server, "ann")
        ann.say("/invite")
        assert not any("fingerprint" in line for line in ann.unread())


def test_a_new_one_is_used_after_sighup_and_those_who_are_there_talk_on(
    start_server: StartServer, tmp_path: Path
) -> None:
    certificate, key = make_pem(tmp_path, "ours")
    other, its_key = make_pem(tmp_path, "other")
    server = start_server("--tls-cert", str(certificate), "--tls-key", str(key))
    ann = person(server, "carol")
    before = shown_by(server)
    bystanders = Bystanders(server)
    with bystanders:
        key.write_bytes(its_key.read_bytes())  # and the certificate is not there yet
        server.signal(SIGHUP)
        line = server.expect_log("cannot reload")
        assert line.endswith(
            f"cannot reload {certificate}: the key is not the one of the certificate; "
            "its old content stays in force"
        )
        assert shown_by(server) == before
        person(server).close()
        certificate.write_bytes(b"rubbish")
        server.signal(SIGHUP)
        server.expect_log("there is no certificate or key in PEM format in it")
        assert shown_by(server) == before
        certificate.unlink()
        server.signal(SIGHUP)
        server.expect_log(f"{certificate}: No such file or directory")
        assert shown_by(server) == before
        certificate.write_bytes(other.read_bytes())
        server.signal(SIGHUP)
        server.expect_log(f"reloaded {certificate}")
        assert shown_by(server) == fingerprint_of(other) != before
        bystanders.talk_on(10)
    ann.say("I was here before")
    bystanders.bob.expect("carol: I was here before")
    assert server.log().count(" ERROR ") == 3


def test_a_ticket_is_taken_again_and_forgotten_with_a_reload(
    start_server: StartServer, tmp_path: Path
) -> None:
    certificate, key = make_pem(tmp_path, "ours")
    server = start_server("--tls-cert", str(certificate), "--tls-key", str(key))
    host, port = server.address
    ticket = tmp_path / "ticket"
    line = ("openssl", "s_client", "-connect", f"{host}:{port}")
    with subprocess.Popen(
        [*line, "-sess_out", str(ticket)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as client:
        wait_until(ticket.exists, "it gets a ticket")
        client.communicate(b"", DEADLINE)
    for how in (b"Reused", b"New"):
        resumed = run(*line, "-sess_in", str(ticket)).stdout
        assert re.search(rb"^%s, TLSv1\.3" % how, resumed, re.M), resumed
        server.signal(SIGHUP)
        server.expect_log("reloaded")


# What is wrong at the start


def test_what_is_wrong_with_a_certificate_is_told_at_the_start(tmp_path: Path) -> None:
    certificate, key = make_pem(tmp_path, "ours")
    other, other_key = make_pem(tmp_path, "other")
    locked = tmp_path / "locked.key"
    locked_with = ("openssl", "ec", "-in", str(key), "-aes256", "-passout", "pass:hush")
    locked.write_bytes(run(*locked_with).stdout)
    missing = tmp_path / "missing"
    cannot = f"gchat: cannot use certificate {certificate}: "
    for file, why in (
        (other_key, "the key is not the one of the certificate"),
        (locked, "the key is encrypted with a passphrase; store it without one"),
        (missing, f"{missing}: No such file or directory"),
        (other, "there is no certificate or key in PEM format in it"),
    ):
        assert problem("--tls-cert", str(certificate), "--tls-key", str(file)) == cannot + why
    assert problem("--tls-cert", str(missing)) == (
        f"gchat: cannot use certificate {missing}: {missing}: No such file or directory"
    )


def test_where_none_can_be_made_that_is_told(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    what = "gchat: cannot make a certificate for --tls: "
    assert problem("--tls", XDG_STATE_HOME=str(in_the_way)).startswith(what)
    without = problem("--tls", XDG_STATE_HOME=str(tmp_path), PATH="/nowhere")
    assert without == (f"{what}the program openssl is not installed; name one with --tls-cert FILE")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--tls-key", "x"), "--tls-key needs a certificate: --tls-cert FILE"),
        (("--doors", "plain", "--tls"), "--tls needs the door tls: add it to --doors"),
        (("--doors", "http", "--tls-only"), "--tls-only needs the door tls: add it to --doors"),
        (
            ("--doors", "plain", "--origin", "http://a"),
            "--origin needs the door http: add it to --doors",
        ),
        (
            ("--doors=plain", "--metrics-from=::1"),
            "--metrics-from needs the door http: add it to --doors",
        ),
        (
            ("--doors", "plain", "--web-title", "Lab"),
            "--web-title needs the door http: add it to --doors",
        ),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: tuple[str, ...], why: str) -> None:
    assert problem(*options) == f"gchat: {why}; --help lists the options"


def test_tls_alone_is_no_way_in(tmp_path: Path) -> None:
    found = problem("--doors", "tls", XDG_STATE_HOME=str(tmp_path))
    assert found == "gchat: --doors: behind tls is no other door; add one, such as plain"
