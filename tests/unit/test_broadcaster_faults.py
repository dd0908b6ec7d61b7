"""chat.broadcaster when something fails: a connection, the kernel, our own code."""

import errno

import pytest

from chat.room import Room
from tests.unit.peers import Company, ObservedSocket, wait_until


def test_one_whom_the_kernel_has_no_memory_for_gets_it_later(company: Company) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    failures = iter([OSError(errno.ENOBUFS, "no memory")] * 20)

    def fail(_data: bytes) -> None:
        if failure := next(failures, None):
            raise failure

    ObservedSocket(bob, fail)
    company.say(ann, "one", "two")
    assert bob.read_lines(2) == ["ann: one", "ann: two"]


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
    assert unlucky.reason == "an error in the server"
    assert [record.levelname for record in caplog.records if record.exc_info] == ["ERROR"]
    assert "unlucky" in caplog.text


def test_a_mistake_of_ours_in_one_room_is_not_the_end_of_all_talk(
    company: Company, caplog: pytest.LogCaptureFixture
) -> None:
    ann, bob = company.join("ann"), company.join("bob")
    broken = Room("broken")
    broken.log = None  # type: ignore[assignment]
    company.hub.stir(broken)
    company.say(ann, "one")
    assert bob.read_lines(1) == ["ann: one"]
    assert "#broken" in caplog.text
