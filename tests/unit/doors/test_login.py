"""doors.login: the password, asked of a newcomer before it is a client."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import gevent
import pytest

from gchat.config.password import MAX_PASSWORD, Password
from gchat.doors import login, opening
from gchat.doors.login import MAX_INPUT, TOO_LATE, TRIES, Login
from gchat.doors.opening import greet, open_lines
from gchat.doors.reception import TurnedAway
from gchat.hub.password_attempts import PENALTY, RULE, PasswordAttempts
from gchat.protocol.framing import LineFramer, lines_in
from gchat.text.addresses import network_of
from tests.unit.peers import DEADLINE, Peer, connect, wait_until

HERE = network_of("10.0.0.1")
SECRET = "sword fish"
QUESTION = " * Password: (send it as your first line)"
GOODBYE = "Wrong password; goodbye"

WILL_ECHO, WONT_ECHO, DO_ECHO = b"\xff\xfb\x01", b"\xff\xfc\x01", b"\xff\xfd\x01"
DO_TIMING_MARK, WONT_TIMING_MARK = b"\xff\xfd\x06", b"\xff\xfc\x06"


class Newcomer:
    """One who is at the door, and what the server makes of it."""

    def __init__(self) -> None:
        self.connection: Any
        self.connection, self.peer = connect()
        self.password_attempts = PasswordAttempts()
        self.framer = LineFramer(1000)
        self._greenlet: Any = None

    def come(self, first: bytes = b"") -> Peer:
        """It has sent `first` already when it is let in or asked."""
        if first:
            self.peer.send(first)
        asking = Login(self.connection, HERE, Password(SECRET), self.password_attempts)
        self._greenlet = gevent.spawn(self._run, asking)
        return self.peer

    def _run(self, asking: Login) -> list[bytes] | Exception:
        try:
            opening = open_lines(self.connection, self.framer, greet(self.connection))
            return lines_in(asking.run(self.framer, opening).events)
        except (TurnedAway, OSError) as error:
            return error

    def outcome(self) -> list[bytes] | Exception:
        """The lines behind the password, or why it is not let in."""
        result: list[bytes] | Exception = self._greenlet.get(timeout=DEADLINE)
        return result

    def why(self) -> str:
        """Why it is not let in."""
        error = self.outcome()
        assert isinstance(error, TurnedAway), error
        return str(error)

    def shown(self) -> bytes:
        """All that it was sent and has not read."""
        self.connection.finish()
        return self.peer.read_to_end()

    def wrong_answers(self) -> int:
        """How many have been counted."""
        for count in range(100):
            if self.password_attempts.wait(HERE):
                return int(RULE.burst) - count
            self.password_attempts.wrong(HERE, "test")
        raise AssertionError

    def close(self) -> None:
        if self._greenlet:
            self._greenlet.kill()
        self.connection.close()
        self.peer.close()


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it was slept, which takes no time."""
    pauses: list[float] = []
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.02)
    monkeypatch.setattr(login, "gevent", SimpleNamespace(sleep=pauses.append))
    return pauses


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    newcomer = Newcomer()
    yield newcomer
    newcomer.close()


def give_turns() -> None:
    """Have the loop do what is due: each time that there is nothing to wait for is over then."""
    for _ in range(20):
        gevent.sleep(0)


# The right answer


def test_a_program_that_says_it_at_once_is_not_asked(newcomer: Newcomer) -> None:
    newcomer.come(f"{SECRET}\nhello\n/who\n".encode())
    assert newcomer.outcome() == [b"hello", b"/who"]
    assert newcomer.framer.spoken
    assert newcomer.shown() == b""


def test_a_person_is_asked_and_let_in_and_is_one_still(newcomer: Newcomer) -> None:
    peer = newcomer.come()
    assert peer.read_lines(1) == [QUESTION]
    peer.send(f"{SECRET}\n".encode())
    assert newcomer.outcome() == []
    assert not newcomer.framer.spoken  # so it will be welcomed
    assert newcomer.shown() == b""


def test_it_is_asked_once_however_long_it_thinks(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.0)
    peer = newcomer.come()
    assert peer.read_lines(1) == [QUESTION]
    peer.send(SECRET[:3].encode())
    wait_until(lambda: newcomer.framer.has_begun, "it is heard")
    give_turns()  # many quiet moments
    peer.send(SECRET[3:].encode() + b"\n")
    assert newcomer.outcome() == []
    assert newcomer.shown() == b""


def test_who_has_begun_to_speak_is_not_asked(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "QUIET_MOMENT", 0.0)
    peer = newcomer.come(SECRET[:3].encode())
    wait_until(lambda: newcomer.framer.spoken, "it is heard")
    give_turns()  # the silence
    peer.send(SECRET[3:].encode() + b"\nhello\n")
    assert newcomer.outcome() == [b"hello"]
    assert newcomer.shown() == b""


def test_what_has_begun_behind_the_answer_goes_on_in_the_same_framer(newcomer: Newcomer) -> None:
    newcomer.come(f"{SECRET}\r\nhel".encode())
    assert newcomer.outcome() == []
    assert newcomer.framer.spoken
    assert lines_in(newcomer.framer.feed(b"lo\n")) == [b"hello"]


@pytest.mark.parametrize("spelled", [b"p\xffss\x1b", "pä\u202ess".encode()])
def test_a_password_of_any_bytes_can_be_said(
    newcomer: Newcomer, spelled: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.SECRET", spelled.decode("utf-8", "surrogateescape"))
    newcomer.come(spelled + b"\nhello\n")
    assert newcomer.outcome() == [b"hello"]


def test_the_longest_password_can_be_said(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.SECRET", "x" * MAX_PASSWORD)
    newcomer.come(b"x" * MAX_PASSWORD + b"\n")
    assert newcomer.outcome() == []


# Wrong answers


def test_a_person_has_some_tries_and_is_told_how_many_are_left(
    newcomer: Newcomer, pauses: list[float]
) -> None:
    peer = newcomer.come()
    peer.read_until(QUESTION)
    for left in (f"{TRIES - 1} tries left", *["1 try left"][: TRIES - 2]):
        peer.send(b"tuna\n")
        assert peer.read_lines(1) == [f" * Wrong password; {left}"]
    peer.send(b"tuna\n")
    assert newcomer.why() == GOODBYE
    assert newcomer.wrong_answers() == TRIES
    assert pauses == [PENALTY] * TRIES


def test_who_mistypes_it_is_let_in_with_the_right_one(newcomer: Newcomer) -> None:
    peer = newcomer.come()
    peer.read_until(QUESTION)
    peer.send(b"tuna\n")
    peer.read_until("2 tries left")
    peer.send(f"{SECRET}\n".encode())
    assert newcomer.outcome() == []
    assert newcomer.wrong_answers() == 1


def test_a_program_that_goes_on_behind_a_wrong_answer_has_no_more_tries(
    newcomer: Newcomer, pauses: list[float]
) -> None:
    newcomer.come(f"tuna\nhello\n{SECRET}\n".encode())
    assert newcomer.why() == GOODBYE
    assert newcomer.wrong_answers() == 1
    assert pauses == [PENALTY]
    assert newcomer.shown() == b""


def test_after_too_many_wrong_answers_not_even_the_right_one_is_looked_at(
    newcomer: Newcomer,
) -> None:
    while not newcomer.password_attempts.wait(HERE):
        newcomer.password_attempts.wrong(HERE, "test")
    newcomer.come(f"{SECRET}\n".encode())
    assert newcomer.why().startswith("Too many wrong passwords from your address")


def test_a_wrong_answer_is_logged_without_what_it_was(
    newcomer: Newcomer, caplog: pytest.LogCaptureFixture
) -> None:
    newcomer.come(b"tuna\nhello\n")
    newcomer.why()
    assert caplog.messages == ["wrong password for the server from 10.0.0.1"]


# No answer


@pytest.mark.parametrize("first", [b"", b"sword", SECRET.encode()])
def test_who_ends_its_input_without_a_line_is_turned_away(newcomer: Newcomer, first: bytes) -> None:
    newcomer.come(first).end_input()
    assert newcomer.why() == "This server has a password: send it as your first line"
    assert newcomer.wrong_answers() == 0


@pytest.mark.parametrize("max_line", [100, 2 * MAX_INPUT])
def test_who_sends_much_and_no_line_is_turned_away(newcomer: Newcomer, max_line: int) -> None:
    newcomer.framer.max_line = max_line
    peer = newcomer.come()
    with suppress(BrokenPipeError, ConnectionResetError):
        peer.send(b"x" * (min(max_line, MAX_INPUT) + 1))
    assert newcomer.why() == "Password too long; goodbye"


def test_who_takes_too_long_is_turned_away_however_busy_it_seems(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "LOGIN_TIMEOUT", 0.05)
    peer = newcomer.come()

    def is_over() -> bool:
        peer.send(b"x")
        return bool(newcomer._greenlet.ready())

    wait_until(is_over, "it is turned away")
    assert newcomer.why() == TOO_LATE


def test_a_connection_that_breaks_is_an_error_of_the_system(newcomer: Newcomer) -> None:
    peer = newcomer.come()
    peer.socket.recv(1, socket.MSG_PEEK)
    peer.close()  # with the question unread, so it is reset
    assert isinstance(newcomer.outcome(), ConnectionResetError)


def test_who_does_not_even_take_the_question_is_given_up(newcomer: Newcomer) -> None:
    with suppress(BlockingIOError):
        while newcomer.connection.send(bytes(65536)):
            pass
    newcomer.come()
    assert isinstance(newcomer.outcome(), BlockingIOError)


def test_who_takes_only_a_part_of_the_question_is_given_up_as_well(newcomer: Newcomer) -> None:
    whole = newcomer.connection

    class Narrow:
        def send(self, data: bytes) -> int:
            return int(whole.send(data[:10]))

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

    newcomer.connection = Narrow()
    newcomer.come()
    assert isinstance(newcomer.outcome(), BlockingIOError)


# Telnet


def test_telnet_hides_what_is_typed_and_shows_it_again_afterwards(newcomer: Newcomer) -> None:
    peer = newcomer.come(DO_TIMING_MARK)
    assert peer.read_line() == rf"\xff\xfc\x06{QUESTION}".replace(r"\x06", "\x06") + "\r\n"
    peer.send(DO_ECHO + SECRET[:3].encode())
    wait_until(lambda: newcomer.framer.has_begun, "it is read")
    peer.send(f"{SECRET[3:]}\r\0".encode())
    assert newcomer.outcome() == []
    assert not newcomer.framer.spoken
    assert newcomer.shown() == WILL_ECHO + WONT_ECHO + b"\r\n"
    assert not newcomer.framer.echoes


def test_telnet_is_told_of_a_wrong_answer_in_a_line_of_its_own(newcomer: Newcomer) -> None:
    peer = newcomer.come(DO_TIMING_MARK)
    peer.read_until(QUESTION)
    peer.send(b"tuna\r\0")
    assert peer.read_line().encode() == rb"\xff\xfb" + b"\x01\r\n"
    assert peer.read_line() == " * Wrong password; 2 tries left\r\n"
    peer.send(b"tuna\r\0tuna\r\0")
    assert newcomer.why() == GOODBYE
    assert newcomer.shown() == WONT_ECHO + b"\r\n"


def test_telnet_shows_what_is_typed_again_when_the_time_is_over(
    newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "LOGIN_TIMEOUT", 0.05)
    newcomer.come(DO_TIMING_MARK)
    assert newcomer.why()
    assert newcomer.shown().endswith(WILL_ECHO + WONT_ECHO + b"\r\n")


def test_no_telnet_goes_to_one_who_sent_none(newcomer: Newcomer) -> None:
    peer = newcomer.come()
    peer.send(b"tuna\ntuna\n")
    assert newcomer.why() == GOODBYE
    assert b"\xff" not in newcomer.shown()


@pytest.mark.parametrize(
    "typed",
    [
        b"sword\x7f\x7fd\x08rd fish",
        b"\x08\x7fsword fish",
        b"tuna\x7f\x7f\x7f\x7f\x7fsword fish",
        b"sword fish\xc3\xa4\x08",
    ],
)
def test_what_is_taken_back_with_a_backspace_was_not_typed(
    newcomer: Newcomer, typed: bytes
) -> None:
    newcomer.come(typed + b"\nhello\n")
    assert newcomer.outcome() == [b"hello"]
