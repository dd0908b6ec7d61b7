"""protocol.http_answers, http_routes, http_trust, metrics: the pure parts of HTTP's door."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gchat.protocol.http_answers import Problem, refusal, stream, text
from gchat.protocol.http_routes import Route, route
from gchat.protocol.http_trust import Credentials, check_host, check_origin, credentials_in
from gchat.protocol.metrics import Metric, render


def status(function: object, *arguments: object) -> int:
    """The status with which something is refused."""
    assert callable(function)
    with pytest.raises(Problem) as raised:
        function(*arguments)
    return raised.value.status


def test_every_answer_ends_its_connection_and_cannot_be_kept_or_run() -> None:
    for answer in (text(200, "x"), stream("text/plain"), refusal(Problem(404, "no"))):
        assert b"\r\nConnection: close\r\n" in answer
        assert b"\r\nCache-Control: no-store\r\n" in answer
        assert b"\r\nContent-Security-Policy: default-src 'none'\r\n" in answer
        assert b"\r\nX-Content-Type-Options: nosniff\r\n" in answer


def test_the_length_is_that_of_the_bytes_and_a_stream_has_none() -> None:
    assert b"\r\nContent-Length: 4\r\n" in text(200, "☃\n")
    assert text(200, "☃\n", "HEAD").endswith(b"\r\n\r\n")
    assert b"Length" not in stream("text/plain")
    assert b"Length" not in refusal(Problem(204, ""))


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("GET", "/", Route("", "", {})),
        ("GET", "/healthz?x=", Route("healthz", "", {"x": ""})),
        ("HEAD", "/metrics", Route("metrics", "", {})),
        ("POST", "/lobby", Route("", "lobby", {})),
        ("POST", "/Lobby/?name=ann%20b", Route("", "lobby", {"name": "ann b"})),
        ("GET", "/%23lobby/raw", Route("raw", "lobby", {})),
        ("GET", "/caf%C3%A9/sse?since=1&poll=1", Route("sse", "café", {"since": "1", "poll": "1"})),
        ("GET", "http://host:1/lobby/json", Route("json", "lobby", {})),
    ],
)
def test_what_a_target_stands_for(method: str, target: str, expected: Route) -> None:
    assert route(method, target) == expected


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("POST", "/", 405),
        ("POST", "/metrics", 405),
        ("GET", "/lobby", 405),
        ("POST", "/lobby/raw", 405),
        ("OPTIONS", "/lobby", 204),
        ("GET", "/lobby/tea", 404),
        ("POST", "/a b", 404),
        ("GET", "/" + "a" * 99 + "/raw", 404),
        ("GET", "/%ff/raw", 400),
        ("GET", "http://[/", 400),
        ("GET", "/?" + "&".join("a" * 99), 400),
    ],
)
def test_what_there_is_not(method: str, target: str, expected: int) -> None:
    assert status(route, method, target) == expected


@given(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]), st.text())
def test_a_target_is_something_or_is_refused(method: str, target: str) -> None:
    try:
        found = route(method, target)
    except Problem as problem:
        refused = problem.status
    else:
        assert method in ("GET", "HEAD", "POST")
        assert found.room or method != "POST"
        return
    assert refused in (204, 400, 404, 405)


@pytest.mark.parametrize("host", ["", "localhost", "127.0.0.1:7878", "[::1]", "[::1]:1", "gchat:1",
                                  "a.localhost", "chat.example", "Chat.Example:443"])  # fmt: skip
def test_hosts_that_nobody_else_can_have(host: str) -> None:
    check_host({"host": host} if host else {}, {"chat.example"})


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:7878", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("chat.example.evil", "127.0.0.1."),
    ],
)
def test_hosts_that_somebody_else_may_have(host: str) -> None:
    assert status(check_host, {"host": host}, {"chat.example"}) == 403


OWN = {"host": "10.0.0.1:7878"}
SITES = ("https://chat.example",)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("POST", {"origin": "http://10.0.0.1:7878"}),
        ("POST", {"origin": "https://Chat.example"}),
        ("POST", {"sec-fetch-site": "same-origin"}),
        ("POST", {"sec-fetch-site": "none"}),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
    ],
)
def test_requests_of_our_pages_and_links_to_us(method: str, headers: dict[str, str]) -> None:
    check_origin(method, OWN | headers, SITES)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {"origin": "http://10.0.0.1"}),
        ("POST", {"origin": "http://10.0.0.2:7878"}),
        ("GET", {"origin": "null"}),
        ("GET", {"origin": "https://chat.example.evil"}),
        ("GET", {"sec-fetch-site": "cross-site"}),
        ("GET", {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}),
        ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
    ],
)
def test_requests_of_other_pages(method: str, headers: dict[str, str]) -> None:
    assert status(check_origin, method, OWN | headers, SITES) == 403


@given(st.text(st.characters(exclude_characters=":", codec="utf-8")), st.text())
def test_basic_has_a_name_and_a_secret(name: str, secret: str) -> None:
    secret = secret.encode("utf-8", "replace").decode()
    shown = b64encode(f"{name}:{secret}".encode()).decode()
    assert credentials_in({"authorization": f"Basic {shown}"}) == Credentials(name, secret)


def test_bearer_has_a_secret_and_nothing_has_nothing() -> None:
    snow = "☃".encode().decode("latin-1")
    assert credentials_in({"authorization": f"bearer {snow}"}) == Credentials("", "☃")
    assert credentials_in({}) == Credentials("", "")


@pytest.mark.parametrize(
    ("header", "expected"), [("Basic ☃", 400), ("Basic /w==", 400), ("Digest x", 401)]
)
def test_what_shows_no_secret(header: str, expected: int) -> None:
    assert status(credentials_in, {"authorization": header}) == expected


def test_metrics_are_written_as_prometheus_reads_them() -> None:
    metrics = [
        Metric("clients", "gauge", "That are there.", 3),
        Metric("refused", "counter", "By reason.", {'a "b"\\': 1, "c": 2.5}, "reason"),
    ]
    assert render(metrics).splitlines() == [
        "# HELP gchat_clients That are there.",
        "# TYPE gchat_clients gauge",
        "gchat_clients 3",
        "# HELP gchat_refused_total By reason.",
        "# TYPE gchat_refused_total counter",
        'gchat_refused_total{reason="a \\"b\\"\\\\"} 1',
        'gchat_refused_total{reason="c"} 2.5',
    ]
