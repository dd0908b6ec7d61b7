"""TLS on the same port: the same chat inside, for real clients."""

import ssl
import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.blackbox.connection import meet
from tests.blackbox.server import Server
from tests.blackbox.tls_clients import (
    TlsJsonProgram,
    TlsPerson,
    any_certificate,
    person,
    run,
)
from tests.blackbox.waiting import DEADLINE, wait_until
from tests.conftest import StartServer

pytestmark = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not which(program), reason=f"{program} is not installed")


@pytest.fixture
def server(start_server: StartServer, tmp_path: Path) -> Server:
    return start_server("--tls", "--history", str(tmp_path / "chat.db"))


def address_of(server: Server) -> str:
    host, port = server.address
    return f"{host}:{port}"


# Real clients


@needs("ncat")
def test_ncat_joins_with_one_option(server: Server) -> None:
    bob = server.person("bob")
    line = ["ncat", "--ssl", server.address[0], str(server.address[1])]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ncat:
        assert ncat.stdin
        assert ncat.stdout
        while b"/help lists the commands" not in ncat.stdout.readline():
            pass
        ncat.stdin.write(b"/nick ann\n")
        ncat.stdin.flush()
        bob.expect("ann joined")
        ncat.stdin.write(b"hello from inside\n")
        ncat.stdin.flush()
        assert bob.expect("hello") == "ann: hello from inside"
        bob.say("hello from outside")
        while b"bob: hello from outside" not in ncat.stdout.readline():
            pass
        ncat.stdin.close()
        assert ncat.wait(DEADLINE) == 0
    bob.expect("ann left")


@needs("ncat")
def test_what_is_piped_into_ncat_is_said(server: Server) -> None:
    bob = server.person("bob")
    host, port = server.address
    ended = run("ncat", "--ssl", host, str(port), given=b"/nick builder\nall\ngreen")
    assert ended.returncode == 0, ended
    assert bob.expect("builder: ") == "builder: all"
    assert bob.line() == "builder: green"


def test_openssl_joins(server: Server) -> None:
    bob = server.person("bob")
    ended = run(
        *("openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", address_of(server)),
        given=b"/nick opal\nhello\n",
    )
    assert bob.expect("hello") == "opal: hello", ended


@needs("curl")
def test_curl_is_told_of_the_page_where_that_can_be_had(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server("--tls-only", "--history", str(tmp_path / "chat.db"))
    url = f"https://{address_of(server)}"
    assert f"\n  {url}/\n" in run("curl", "-sSk", url).stdout.decode()


@needs("curl")
def test_curl_finds_http_inside(server: Server) -> None:
    url = f"https://{address_of(server)}"
    health = run("curl", "-sSk", f"{url}/healthz")
    assert b'"status": "ok"' in health.stdout, health
    page = run("curl", "-sSk", url).stdout.decode()
    assert f"ncat --ssl {server.address[0]} {server.address[1]}" in page
    assert f"curl -N {url}/ROOM/sse" in page
    bob = server.person("bob")
    assert run("curl", "-sSk", "-d", "green", f"{url}/lobby?name=ci").returncode == 0
    assert bob.expect("green") == "ci: green"
    events = run("curl", "-sSk", "-N", "-m", "2", f"{url}/lobby/sse?since=all").stdout.decode()
    assert '"text":"green"' in events.replace(" ", "")


@needs("curl")
def test_a_stream_goes_on_inside(server: Server) -> None:
    bob = server.person("bob")
    line = ["curl", "-sSkN", f"https://{address_of(server)}/lobby/raw"]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as curl:
        assert curl.stdout
        wait_until(lambda: server.log().count(" join ") == 2, "it listens")
        for number in range(100):
            bob.say(f"line {number}")
        for number in range(100):
            assert curl.stdout.readline() == b"bob: line %d\n" % number
        curl.terminate()
    wait_until(lambda: server.log().count(" leave ") == 1, "it is gone")


# What is inside is what is outside


@pytest.mark.parametrize("version", VERSIONS)
def test_inside_and_outside_are_one_room(server: Server, version: ssl.TLSVersion) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TlsPerson, "context", any_certificate(version))
        ann = person(server, "ann")
        assert ann.inside.version() == version.name.replace("_", ".")
    bob = server.person("bob")
    meet(ann, bob)
    bob.say(*(f"{number} {'x' * 200}" for number in range(1000)))
    ann.say(*(f"{number} {'y' * 200}" for number in range(1000)))
    for number in range(1000):
        assert ann.message() == f"bob: {number} {'x' * 200}"
        assert bob.message() == f"ann: {number} {'y' * 200}"
    ann.say("/quit")
    assert ann.rest()[-1] == " * Goodbye"
    bob.expect("ann left")


def test_programs_speak_json_inside(server: Server) -> None:
    program = server._add(TlsJsonProgram(server.address))
    program.speak_json()
    program.take_name("bot")
    ann = person(server, "ann")
    program.carry_out(text="I am a bot")
    assert ann.message() == "bot: I am a bot"


def test_the_end_of_the_server_is_told_inside(server: Server) -> None:
    ann = person(server, "ann")
    server.process.terminate()
    assert ann.rest()[-1].startswith(" * The server is going down")
    assert server.wait() == 0
