"""delivery.broadcaster when something fails: a connection, the kernel, our own code."""

import errno
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gevent
import pytest

from gchat.delivery import broadcaster
from gchat.delivery.broadcaster import Broadcaster
from gchat.delivery.rounds import Round
from gchat.delivery.senders import loop
from gchat.delivery.senders.choice import Sender
from gchat.delivery.senders.loop import LoopSender
from gchat.hub import membership
from gchat.hub.room import Room
from gchat.model.events import Announced
from gchat.model.room_log import RoomLog
from tests.unit.failing import Failing
from tests.unit.peers import Company, ObservedSocket, wait_until
from tests.unit.senders import ThreadsOnFakes


def make_fail(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, times: int = 1) -> Failing:
    """Have a method of the class `owner` fail the next so many times."""
    failing = Failing(getattr(owner, name), times)
    monkeypatch.setattr(owner, name, failing)
    return failing


@pytest.fixture
def kept() -> Iterator[Company]:
    """A company whose broadcaster is kept running, as the front door does it."""
    with Company(broadcasting=False) as company:
        run = Broadcaster(company.hub).run
        company.start(company.hub.faults.keep_running, "the broadcaster", run)
        yield company


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has failed is tried again without much ado."""
    monkeypatch.setattr(broadcaster, "RETRY", 0.01)
    monkeypatch.setattr("gchat.runtime.faults.FIRST_PAUSE", 0.01)


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.exc_info]


def test_one_whom_the_kernel_has_no_memory_for_gets_it_later(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    failures = iter([OSError(errno.ENOBUFS, "no memory")] * 20)

    def fail(_data: bytes) -> None:
        if failure := next(failures, None):
            raise failure

    ObservedSocket(bob, fail)
    company.say(ann, "one", "two")
    assert bob.read_lines(2) == ["ann: one", "ann: two"]


def test_a_connection_that_is_closed_while_its_client_listens_costs_the_others_nothing(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob, cleo = company.join("ann"), company.join("bob"), company.join("cleo", listens=False)
    cleo.client.keep_trail()
    membership.listen(company.hub, cleo.client)
    company.say(ann, "one")
    wait_until(lambda: cleo.client.cohort and not cleo.client.lag, "she has got it with others")
    cleo.client.connection.close()
    company.say(ann, "two", "three")
    assert bob.read_lines(3) == ["ann: one", "ann: two", "ann: three"]
    wait_until(lambda: cleo.client.cohort is None, "nobody sends to her any more")
    assert not tracebacks(caplog)


class ShortSocket(ObservedSocket):
    """Takes a few bytes at a time."""

    def send(self, data: bytes) -> int:
        return super().send(data[:5])


@pytest.mark.parametrize("kind", [LoopSender, ThreadsOnFakes])
def test_what_happens_to_some_in_the_middle_of_a_call_costs_the_others_nothing(
    kind: Callable[[], Sender],
) -> None:
    def fail(number: int, times: int) -> Callable[[bytes], None]:
        failures = iter([OSError(number, "made to fail")] * times)

        def before_send(_data: bytes) -> None:
            if failure := next(failures, None):
                raise failure

        return before_send

    with closing(kind()) as sender, Company(sender=sender) as company:
        ann, *others = [company.join(f"peer{number}") for number in range(16)]
        wait_until(lambda: len(company.room.cohorts) == 16, "all listen")
        ObservedSocket(others[2], fail(errno.ENOBUFS, 20))
        ObservedSocket(others[5], fail(errno.ECONNRESET, 1000))
        ObservedSocket(others[8], fail(errno.EAGAIN, 3))
        ShortSocket(others[11], lambda _: None)
        texts = [f"{number} {'x' * number}" for number in range(40)]
        for text in texts:
            company.say(ann, text)
            gevent.sleep(0)
        for number, peer in enumerate(others):
            if number != 5:
                assert peer.read_lines(40) == [f"peer0: {text}" for text in texts]
        assert others[5].client.lost == "made to fail"
        assert [bool(peer.client.lost) for peer in others].count(True) == 1


@pytest.mark.parametrize("unread", [b"", b"x"], ids=["closed", "reset"])
def test_a_connection_that_breaks_in_a_round_costs_nobody_else_anything(
    company: Company, unread: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    ann, broken, bob = (company.join(name) for name in ("ann", "broken", "bob"))
    if unread:
        company.say(ann, "never read")
        assert bob.read_lines(1) == ["ann: never read"]
    broken.close()
    for text in ("one", "two"):
        company.say(ann, text)
        assert bob.read_lines(1) == [f"ann: {text}"]
    assert broken.client.lost in ("Broken pipe", "Connection reset by peer")
    assert not [record for record in caplog.records if record.exc_info]
    assert not company.hub.lock.locked()


def test_a_mistake_of_ours_costs_one_client_not_the_round(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    ann, unlucky, bob = (company.join(name) for name in ("ann", "unlucky", "bob"))

    def fail(data: bytes) -> None:
        raise RuntimeError("made to fail")

    ObservedSocket(unlucky, fail)
    for text in ("one", "two"):
        company.say(ann, text)
        assert bob.read_lines(1) == [f"ann: {text}"]
    wait_until(lambda: unlucky.reason, "it is dismissed")
    assert unlucky.reason == "internal error"
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    assert "unlucky" in caplog.text


def test_a_mistake_of_ours_in_one_room_is_not_the_end_of_all_talk(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    broken = Room(RoomLog("broken"))
    broken.log = None  # type: ignore[assignment]
    company.hub.mark_ready(broken)
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    assert "#broken" in caplog.text


# A room that cannot be served


@pytest.mark.usefixtures("_soon")
@pytest.mark.parametrize(
    ("owner", "name"),
    [(Round, "__init__"), (Round, "serve"), (Broadcaster, "_serve"), (LoopSender, "send")],
)
def test_a_room_that_could_not_be_served_is_served_later_and_nothing_is_missing(
    owner: Any,
    name: str,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    make_fail(monkeypatch, owner, name)
    company.say(ann, "two")
    company.hub.tell(bob.client, "owed")
    assert bob.read_lines(2) == ["ann: two", " * owed"]
    company.say(ann, "three")
    assert bob.read_lines(1) == ["ann: three"]
    assert tracebacks(caplog) == ["cannot broadcast in #lobby"]
    assert company.hub.faults.total == 1


@pytest.mark.usefixtures("_soon")
def test_those_whom_a_round_had_not_reached_when_it_failed_get_it_once_as_well(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = company.join("ann")
    others = [company.join(f"other{number}") for number in range(4)]
    wait_until(lambda: len(company.room.cohorts) == 5, "all listen")
    monkeypatch.setattr(broadcaster, "SLICE", 0.0)
    monkeypatch.setattr(loop, "AT_A_TIME", 1)
    failing = make_fail(monkeypatch, Round, "serve", times=0)

    def fail_after_this(_data: bytes) -> None:
        failing.times = 1

    ObservedSocket(others[1], fail_after_this)
    company.say(ann, "one")
    wait_until(lambda: company.hub.faults.total, "it fails")
    reached = [peer.client.cursor.spoken for peer in others]
    assert reached[1] == 1
    assert 0 in reached
    company.say(ann, "two")
    for peer in others:
        assert peer.read_lines(2) == ["ann: one", "ann: two"]
    assert company.hub.stats.deliveries == 8


@pytest.mark.usefixtures("_soon")
def test_a_room_that_fails_again_and_again_fills_no_log_and_the_others_talk_on(
    company: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    broken = Room(RoomLog("broken"))
    broken.log = None  # type: ignore[assignment]
    company.hub.mark_ready(broken)
    wait_until(lambda: company.hub.faults.total > 5, "it is tried again and again")
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    assert tracebacks(caplog) == ["cannot broadcast in #broken"]


def test_a_room_that_fails_while_much_is_said_is_tried_again_once(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    tries: list[Any] = []
    make_fail(monkeypatch, Round, "__init__", times=5)
    monkeypatch.setattr(
        "gchat.delivery.broadcaster.gevent.spawn_later", lambda *call: tries.append(call)
    )
    for number in range(1, 6):
        company.say(ann, "hello")
        wait_until(lambda: company.hub.faults.total >= number, "it has failed")  # noqa: B023
    assert len(tries) == 1
    _, retry, room = tries[0]
    retry(room)
    assert bob.read_lines(5) == ["ann: hello"] * 5


def test_a_room_that_fails_is_not_tried_again_at_once(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    broken = Room(RoomLog("broken"))
    broken.log = None  # type: ignore[assignment]
    company.hub.mark_ready(broken)
    for number in range(50):
        company.say(ann, str(number))
        assert bob.read_lines(1) == [f"ann: {number}"]
    assert company.hub.faults.total == 1


# The broadcaster itself


@pytest.mark.usefixtures("_soon")
def test_a_broadcaster_that_fails_comes_back_and_nothing_is_missing(
    kept: Company, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = kept.join("ann"), kept.join("bob")
    kept.start(membership.move, kept.hub, bob.client, "builds").get(timeout=10)
    cy = kept.join("cy")
    kept.say(ann, "one")
    assert cy.read_lines(1) == ["ann: one"]
    failing = make_fail(monkeypatch, Broadcaster, "_try_to_serve", times=3)
    kept.say(ann, "two")
    kept.hub.notify_all(Announced("op", "look here"))
    wait_until(lambda: kept.hub.faults.total, "it fails")
    kept.say(ann, "three")
    kept.hub.tell(bob.client, "owed")
    assert cy.read_lines(3) == ["ann: two", " * op announces: look here", "ann: three"]
    assert bob.read_lines(2) == [" * op announces: look here", " * owed"]
    assert failing.times == 0
    assert kept.hub.faults.total == 3
    assert tracebacks(caplog) == ["the broadcaster failed"]


@pytest.mark.usefixtures("_soon")
def test_a_broadcaster_that_fails_while_it_has_nothing_to_do_is_there_when_it_has(
    kept: Company,
) -> None:
    ann, bob = kept.join("ann"), kept.join("bob")
    kept.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    wait_until(lambda: not kept.hub.work.is_set(), "it waits")
    (keeping,) = (g for g in kept._greenlets if g.args[:1] == ("the broadcaster",))
    keeping.kill(RuntimeError("made to fail"), block=False)
    wait_until(lambda: kept.hub.faults.total, "it fails")
    kept.say(ann, "two")
    assert bob.read_lines(1) == ["ann: two"]


def test_a_broadcaster_with_nothing_to_do_does_nothing(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    serving = make_fail(monkeypatch, Broadcaster, "_try_to_serve", times=0)
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    wait_until(lambda: not company.hub.work.is_set(), "it waits")
    assert not company.hub.ready_rooms
    assert serving.done <= 2
