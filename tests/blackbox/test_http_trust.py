"""HTTP: who is let in, and what is asked of them."""

from shutil import which

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.http_clients import ask, curl, post, rest
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

pytestmark = [
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (("Origin: https://evil.example",), 403),
        (("Origin: null",), 403),
        (("Host: evil.example",), 403),
        (("Host: evil.example:7878",), 403),
        (("Sec-Fetch-Site: cross-site",), 403),
        (("Sec-Fetch-Site: same-site",), 403),
        (("Sec-Fetch-Site: same-origin",), 200),
        (("Host: chat.example", "Origin: https://chat.example"), 200),
        (("Origin: https://chat.example",), 200),
        (("Host: localhost:1", "Origin: http://localhost:1"), 200),
        (("Host: gchat",), 200),
        (("Host: [::1]:7878",), 200),
    ],
)
@pytest.mark.options("--origin=https://chat.example")
def test_pages_of_other_sites_and_names_of_others_are_refused(
    server: Server, bystanders: Bystanders, headers: tuple[str, ...], status: int
) -> None:
    options = tuple(part for header in headers for part in ("-H", header))
    with bystanders:
        answer = post(server, "/lobby?name=page", "I am a page", options=options)
        assert answer.status == status
        assert "access-control-allow-origin" not in answer.headers
        if status == 200:
            bystanders.hear("page: I am a page")
        bystanders.talk_on(5)
    assert len(bystanders.messages) == (status == 200)


def test_a_password_is_asked_for(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open sesame"})
    wait_until(lambda: curl(server, "/healthz").status == 200, "it is well, and says so")
    for path in ("/", "/lobby/raw?poll=1"):
        refused = curl(server, path)
        assert refused.status == 401
        assert refused.headers["www-authenticate"].startswith("Basic ")
        assert curl(server, path, "-u", "ann:wrong").status == 401
        assert curl(server, path, "-u", ":open sesame").status == 200
        assert curl(server, path, "-H", "Authorization: Bearer open sesame").status == 200
    assert post(server, "/lobby", "x").status == 401
    posted = post(server, "/lobby", "x", options=("-u", "ann:open sesame"))
    assert posted.fields["name"] == "ann"


def test_a_browser_that_has_connected_ahead_of_time_is_told_to_ask_at_once(
    start_server: StartServer,
) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open"})
    browser = server.connect()
    browser.expect("Password:")
    browser.send(b"POST /lobby HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert rest(browser).status == 408
    assert "wrong password" not in server.log()


def test_guesses_of_the_password_are_counted(start_server: StartServer) -> None:
    server = start_server(environment={"GCHAT_PASSWORD": "open"})
    requests = [server.connect() for _ in range(12)]
    for request in requests:
        request.send(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n")
    assert {rest(request).status for request in requests} <= {401, 429}
    late = ask(server, b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer open\r\n\r\n")
    assert late.status == 429
    assert int(late.headers["retry-after"]) > 1


def test_bans_mutes_and_a_full_server_are_said_in_http(start_server: StartServer) -> None:
    server = start_server("--max-clients=2", environment={"GCHAT_OP_PASSWORD": "secret"})
    op = server.person("op", source="127.0.0.2")
    op.say("/op secret")
    op.expect("You are now an operator")
    bob = server.person("bob")
    full = curl(server, "/healthz")
    assert full.status == 503
    assert "full" in full.body
    assert "retry-after" in full.headers
    op.say("/mute bob")
    op.expect("bob is muted")
    bob.close()
    op.expect("bob left")
    muted = post(server, "/lobby", "hello")
    assert (muted.status, muted.fields["reason"]) == (403, "muted")
    op.say("/ban 127.0.0.1")
    op.expect("is banned")
    banned = post(server, "/lobby", "hello")
    assert (banned.status, banned.fields["reason"]) == (403, "banned")
