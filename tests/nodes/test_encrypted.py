"""Servers that share a Redis inside TLS."""

from pathlib import Path
from shutil import which

import pytest
from measuring.ports import free_ports

from gchat.runtime.self_signed import make_certificate
from tests.nodes.cluster import Cluster, finish, refusal
from tests.nodes.conftest import StartNode, StartRedis
from tests.nodes.redis_server import KEEPS_NOTHING, Redis

pytestmark = pytest.mark.skipif(not which("openssl"), reason="openssl is not installed")


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "redis.pem"
    assert make_certificate(path)
    return path


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def redis(start_redis: StartRedis, certificate: Path, port: int) -> Redis:
    return start_redis(
        *KEEPS_NOTHING,
        *("--bind", "127.0.0.1", "--tls-port", str(port), "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(certificate), "--tls-key-file", str(certificate)),
    )


def test_talk_goes_on_when_redis_has_been_away(
    redis: Redis, certificate: Path, port: int, start_node: StartNode
) -> None:
    url = f"rediss://127.0.0.1:{port}?ssl_ca_certs={certificate}"
    cluster = Cluster(redis, [start_node(name, url) for name in "ab"])
    cluster.say(5, rounds=5)
    with redis.paused():
        cluster.say(20)
        for node in cluster.nodes:  # which do other things meanwhile
            node.server.expect_log("The store has not been usable")
    cluster.say(5, rounds=5)
    finish(cluster)


@pytest.mark.usefixtures("redis")
def test_a_certificate_that_nobody_known_has_signed_is_refused(port: int, tmp_path: Path) -> None:
    url = f"rediss://:secret@127.0.0.1:{port}"
    told = refusal(url, tmp_path)
    assert told.startswith(f"gchat: cannot use store rediss://:***@127.0.0.1:{port}: ")
    assert "certificate verify failed" in told
