"""A Redis that Sentinels replace when it ends: talk goes on at the other one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nodes.cluster import Cluster, finish, refusal
from tests.nodes.conftest import StartNode
from tests.nodes.sentinels import Watched


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    folder = tmp_path / "redis"
    folder.mkdir()
    watched = Watched(folder)
    yield watched
    watched.dispose()


@pytest.mark.parametrize("given", ["", "?sentinel_password=wrong"])
def test_a_password_that_sentinels_refuse_is_told(
    watched: Watched, tmp_path: Path, given: str
) -> None:
    told = refusal(watched.url.partition("?")[0] + given, tmp_path)
    assert told.startswith("gchat: cannot use store redis+sentinel://127.0.0.1:")
    assert " refuses ?sentinel_password=…: " in told
    assert "wrong" not in told


def test_talk_goes_on_at_the_replica(watched: Watched, start_node: StartNode) -> None:
    cluster = Cluster(watched, [start_node(name, watched.url) for name in "ab"])
    cluster.say(5, rounds=10)
    watched.kill_master()
    cluster.say(5, rounds=10)
    finish(cluster)
