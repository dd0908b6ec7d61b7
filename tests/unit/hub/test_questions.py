"""hub.questions and hub.asking: what other servers are asked, in turn, and once."""

from typing import Any

import gevent
import pytest
from gevent.event import Event

from gchat.hub import asking, questions
from gchat.hub.asking import ANSWER, NotAsked, Unanswered, answers, ask, ask_all, take
from gchat.hub.hub import Hub
from gchat.hub.questions import Questions
from gchat.store.errors import InDoubt, StoreError
from gchat.store.history import History
from gchat.store.memory import MemoryStore
from gchat.store.shared import Letter, SharedStore
from tests.unit.peers import wait_until


class Post(MemoryStore):
    """A shared store that has letters only, and delivers none by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = list[tuple[str, str, Any]]()
        self.fails: Exception | None = None
        self.has_ended = False

    def others(self) -> list[str]:
        if self.fails:
            raise self.fails
        return ["7", "8"]

    def send(self, server: str, kind: str, what: Any) -> bool:
        if self.fails:
            raise self.fails
        self.sent.append((server, kind, what))
        return not self.has_ended


SharedStore.register(Post)


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def hub(post: Post) -> Hub:
    return Hub(history=History(post))


def test_an_answer_comes_to_whoever_has_asked(hub: Hub, post: Post) -> None:
    asked = [gevent.spawn(ask, hub, "7", "add", each) for each in (1, 2)]
    wait_until(lambda: len(post.sent) == 2, "both are asked")
    for server, kind, (number, what) in reversed(post.sent):
        assert (server, kind) == ("7", "add")
        take(hub, Letter("7", ANSWER, [number, what * 10], 0.0))
    assert [each.get() for each in asked] == [10, 20]


@pytest.mark.parametrize(
    ("fails", "has_ended", "error"),
    [
        (StoreError("it is away"), False, NotAsked),
        (InDoubt("it is away"), False, Unanswered),
        (None, True, NotAsked),
        (None, False, Unanswered),
    ],
    ids=["not sent", "in doubt", "ended", "silent"],
)
def test_it_is_known_whether_it_may_have_been_done(
    hub: Hub,
    post: Post,
    monkeypatch: pytest.MonkeyPatch,
    fails: Exception | None,
    has_ended: bool,
    error: type[Exception],
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.01)
    post.fails, post.has_ended = fails, has_ended
    with pytest.raises(error):
        ask(hub, "7", "add", 1)
    take(hub, Letter("7", ANSWER, [1, 10], 0.0))  # too late


def test_of_all_servers_those_that_do_not_answer_are_told(
    hub: Hub, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "PATIENCE", 0.2)
    asked = gevent.spawn(ask_all, hub, "add", 1)
    wait_until(lambda: len(post.sent) == 2, "both are asked")
    (number,) = [number for server, _, (number, _) in post.sent if server == "7"]
    take(hub, Letter("7", ANSWER, [number, None], 0.0))
    assert asked.get() == ({"7": None}, ["8"])


def test_a_question_is_answered_unless_nobody_waits_for_that_any_more(
    hub: Hub, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWERS", {})
    answers("add")(lambda _, what: what + 1)
    take(hub, Letter("7", "add", [3, 1], asking.PATIENCE))
    take(hub, Letter("7", "add", [4, 10], asking.PATIENCE - 0.01))
    wait_until(lambda: post.sent, "it is answered")
    assert post.sent == [("7", ANSWER, [4, 11])]


def test_what_is_better_late_than_never_is_taken_however_long_it_has_lain_there(
    hub: Hub, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "ANSWERS", {})
    monkeypatch.setattr(asking, "ALSO_LATE", set())
    answers("add", also_late=True)(lambda _, what: what + 1)
    take(hub, Letter("7", "add", [3, 1], 3600.0))
    wait_until(lambda: post.sent, "it is answered")
    assert post.sent == [("7", ANSWER, [3, 2])]


def test_a_server_is_asked_so_much_at_a_time_and_first_come_first_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questions, "MOST_AT_ONCE", 2)
    all_questions, order, goes_on = Questions(), list[int](), Event()

    def begin(number: int) -> None:
        with all_questions.turn("7", 30.0) as is_ours:
            assert is_ours
            order.append(number)
            goes_on.wait()

    waiting = [gevent.spawn(begin, number) for number in range(5)]
    wait_until(lambda: len(order) == 2, "two are asked")
    with all_questions.turn("7", 0.001) as is_ours:
        assert not is_ours
    with all_questions.turn("8", 0.001) as is_ours:
        assert is_ours, "another server has turns of its own"
    goes_on.set()
    gevent.joinall(waiting, raise_error=True)
    assert order == [0, 1, 2, 3, 4]


def test_who_gives_up_frees_the_turn_and_the_question() -> None:
    all_questions = Questions()

    def begin() -> None:
        with all_questions.turn("7", 1.0), all_questions.opened():
            Event().wait()

    asking = [gevent.spawn(begin) for _ in range(questions.MOST_AT_ONCE)]
    wait_until(lambda: len(all_questions._open) == len(asking), "all are asked")
    gevent.killall(asking)
    assert not all_questions._open
    with all_questions.turn("7", 0.001) as is_ours:
        assert is_ours


def test_servers_that_have_ended_are_forgotten() -> None:
    all_questions = Questions()
    for server in "78":
        with all_questions.turn(server, 0.001):
            pass
    all_questions.forget(["8"])
    assert [*all_questions._turns] == ["8"]
