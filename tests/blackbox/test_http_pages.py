"""HTTP: what one is told who asks for a page: how to join, health, metrics."""

from shutil import which

import pytest

from tests.blackbox.http_clients import curl, post, url
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until

pytestmark = [
    pytest.mark.skipif(not which("curl"), reason="curl is not installed"),
]


def test_the_first_page_tells_how_to_join_and_which_rooms_there_are(server: Server) -> None:
    server.program("/join builds", "/topic the night's builds", "hello")
    program = server.program("/join builds")
    wait_until(lambda: "#builds" in curl(server, "/").body, "the room is there")
    host, port = server.address
    answer = curl(server, "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"  nc {host} {port}\n" in answer.body
    assert f"curl -N {url(server)}ROOM/raw" in answer.body
    assert "  #lobby  " in answer.body
    assert not [line for line in answer.body.splitlines() if line != line.rstrip()]
    program.close()


def test_it_can_be_asked_for_the_headers_alone_and_for_the_methods(server: Server) -> None:
    head = curl(server, "/", "-I")
    assert (head.status, head.body) == (200, "")
    assert int(head.headers["content-length"]) > 100
    assert curl(server, "/lobby/sse", "-I").headers["content-type"] == "text/event-stream"
    options = curl(server, "/lobby", "-X", "OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "POST, OPTIONS")


def test_a_server_that_is_well_says_so(server: Server) -> None:
    person = server.person("ann")
    answer = curl(server, "/healthz", "-f")
    assert answer.status == 200
    assert (answer.fields["status"], answer.fields["trouble"]) == ("ok", [])
    assert answer.fields["clients"] == 1
    assert "ann" not in answer.body
    person.close()


@pytest.mark.options("--send-threads", "2")
def test_metrics_are_as_prometheus_reads_them(server: Server) -> None:
    parser = pytest.importorskip("prometheus_client.parser")
    person = server.person()
    post(server, "/lobby", "one", "two")
    person.expect(": two")
    server.connect(source="127.0.0.1").reset()
    answer = curl(server, "/metrics")
    families = list(parser.text_string_to_metric_families(answer.body))
    values = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }
    assert values["gchat_clients",] == 1
    assert values["gchat_messages_total",] == 2
    assert values["gchat_deliveries_total",] == 2
    assert values["gchat_refused_total", "banned"] == 0
    assert values["gchat_unwritten_messages",] == 0
    assert values["gchat_log_bytes",] > 2 * len("one")
    assert values["gchat_send_threads",] == 2
    assert {family.type for family in families} == {"counter", "gauge"}
    assert all(family.documentation for family in families)


@pytest.mark.options("--host=0.0.0.0", "--metrics-from=192.0.2.0/24")
def test_metrics_are_for_this_machine_and_those_that_are_named(server: Server) -> None:
    assert curl(server, "/metrics").status == 200
    # A proxy on this machine asks for somebody else.
    assert curl(server, "/metrics", "-H", "X-Forwarded-For: 203.0.113.5").status == 403
