"""Each part of the program fails once: that is counted, and logged once, and all goes on."""

import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.blackbox.server import Server

PLACES = 5

NUMBERS = count()
"""Of all that is said, so that no two lines are the same."""


class Failing:
    """A server of which one part will fail, and two people who talk there."""

    def __init__(self, part: str, file: Path) -> None:
        environment = {"FAILING_PART": part, "GCHAT_OP_PASSWORD": "secret"}
        options = ["--idle-timeout=1000", f"--max-clients={PLACES}", f"--history={file}"]
        self.server = Server(*options, environment=environment, module="tests.unit.failing_parts")
        self.server.wait_until_it_listens()
        self.ann, self.bob = (self.server.person(name) for name in ("ann", "bob"))
        self.talk()
        self._descriptors = self.server.descriptors()

    def fail(self) -> None:
        """Have the part fail the next time that it has something to do."""
        self.talk()
        self.server.signal(signal.SIGUSR1)
        self.server.expect_log("it will fail")

    def talk(self) -> None:
        """Both hear each other."""
        for speaker, listener in ((self.ann, self.bob), (self.bob, self.ann)):
            text = f"are you there, {next(NUMBERS)}?"
            speaker.say(text)
            listener.expect(f"{speaker.name}: {text}")

    def let_somebody_in(self) -> None:
        """Who comes now is welcomed and heard, and leaves."""
        person = self.server.person()
        person.say("here I am")
        self.ann.expect(f"{person.name}: here I am")
        person.close()

    def fill(self) -> None:
        """All places that the two do not have are free for others."""
        self.server.wait_for_descriptors(self._descriptors)
        self.server.people(PLACES - 2)

    def errors(self) -> str:
        """How many the server has counted, as it tells an operator."""
        self.ann.say("/op secret", "/stats")
        return self.ann.expect("in the log").rpartition("; ")[2]


@pytest.fixture
def failing(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Failing]:
    failing = Failing(request.param, tmp_path / "chat.db")
    try:
        yield failing
        failing.server.wait_until_empty()
        failing.server.signal(signal.SIGTERM)
        assert failing.server.wait() == 0
    finally:
        failing.server.dispose()


def wait(failing: Failing) -> None:
    """It fails by itself."""


def say_something(failing: Failing) -> None:
    failing.ann.say("is it you?")
    failing.bob.expect("ann: is it you?")


def ask_for_the_version(failing: Failing) -> None:
    failing.ann.say("/version")
    failing.ann.expect(" * Internal error; details are in the server's log")
    failing.ann.say("/version")
    failing.ann.expect(" * gchat ")


def send_something_elsewhere(failing: Failing) -> None:
    assert failing.server.program("something").rest() == []
    failing.let_somebody_in()


def be_let_in_at_the_second_try(failing: Failing) -> None:
    assert failing.server.connect().rest() == []
    failing.let_somebody_in()


def be_let_in_a_moment_later(failing: Failing) -> None:
    failing.let_somebody_in()
    failing.let_somebody_in()


def shut_down_at_the_second_try(failing: Failing) -> None:
    failing.ann.say("/op secret", "/shutdown 1h")
    failing.server.expect_log("made to fail")
    failing.ann.say("/shutdown 1h")
    failing.bob.expect("ann shuts the server down in 1 h")
    failing.ann.say("/shutdown cancel")
    failing.bob.expect("ann cancelled the shutdown")


PARTS: dict[str, tuple[Callable[[Failing], None], str]] = {
    "broadcaster": (say_something, "broadcaster failed"),
    "recorder": (say_something, "recorder failed"),
    "checkpointer": (wait, "checkpointer failed"),
    "indexer": (wait, "indexer failed"),
    "vanished": (wait, "dead-connection check failed"),
    "idle": (wait, "idle check failed"),
    "upkeep": (wait, "message expiry failed"),
    "tidying": (wait, "room cleanup failed"),
    "beat": (wait, "error in "),
    "command": (ask_for_the_version, "cannot carry out a command of ann"),
    "session": (send_something_elsewhere, "error in <"),
    "admission": (be_let_in_at_the_second_try, "error in <"),
    "accept": (be_let_in_a_moment_later, "error in "),
    "shutdown": (shut_down_at_the_second_try, "error in <"),
}
"""The parts of tests/unit/failing_parts.py: what makes them do something, and what is logged."""


@pytest.mark.parametrize("failing", PARTS, indirect=True)
def test_a_part_that_fails_once_comes_back_and_the_rest_goes_on(
    failing: Failing, request: pytest.FixtureRequest
) -> None:
    do_something, logged = PARTS[request.node.callspec.params["failing"]]
    failing.fail()
    do_something(failing)
    failing.server.expect_log("RuntimeError: made to fail")
    failing.server.expect_log("it works again")
    failing.talk()
    failing.let_somebody_in()
    failing.fill()
    assert failing.errors() == "1 error in the log"
    log = failing.server.log()
    for once in ("Traceback", "RuntimeError: made to fail", " ERROR "):
        assert log.count(once) == 1
    assert f" ERROR {logged}" in log
