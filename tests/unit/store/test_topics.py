"""store.sqlite.topics: what rooms are about outlasts the server."""

from contextlib import closing
from pathlib import Path

from gchat.model.message import Topic
from gchat.store.sqlite import topics
from gchat.store.sqlite.schema import open_file

TOPIC = Topic("the night's böilds", 2**40, "ann")


def test_the_last_topic_of_a_room_is_there_again(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with closing(open_file(path)) as file:
        assert topics.read(file, "builds") is None
        topics.write(file, "builds", Topic("before", 1, "bob"))
        topics.write(file, "builds", TOPIC)
        topics.write(file, "cars", TOPIC)
    with closing(open_file(path)) as file:
        assert topics.read(file, "builds") == topics.read(file, "cars") == TOPIC
        topics.write(file, "builds", None)
        topics.write(file, "lobby", None)
        assert topics.read(file, "builds") is None
        assert topics.read(file, "cars") == TOPIC
