"""The web page by https: the socket is encrypted as well, and notifications can be had."""

from pathlib import Path

from tests.conftest import StartServer
from tests.page.conftest import OpenPage


def test_the_page_is_the_same_inside_tls(
    start_server: StartServer, open_page: OpenPage, tmp_path: Path
) -> None:
    server = start_server("--tls", "--history", str(tmp_path / "chat.db"))
    bob = server.person("bob")
    ann = open_page(server, "ann", scheme="https", ignore_https_errors=True)
    bob.say("hello")
    ann.expect("bob: hello")
    ann.say(*(f"line {number}" for number in range(20)))
    bob.expect("ann: line 19")
    ann.page.reload()
    ann.wait_until_open()
    ann.expect_said(["hello", *(f"line {number}" for number in range(20))])
    assert ann.page.evaluate("isSecureContext")
