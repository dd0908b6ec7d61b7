"""Two who talk on while something happens, and must notice nothing of it."""

from collections.abc import Iterable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until

PAUSE = 0.01
"""Seconds between two questions: so that they keep no processor busy, and are not held back."""


def of_others(lines: Iterable[str]) -> list[str]:
    """The `lines` that a client was shown, but for what bystanders have said in its room."""
    return [line for line in lines if not line.startswith(("ann: ", "bob: "))]


class Bystanders:
    """`with bystanders:` Ann asks and Bob answers, all the time; each must get every word.

    A word that is late by more than a connection's deadline, or never comes, fails the
    test at the end of the block. What Bob hears besides is kept.
    """

    def __init__(self, server: Server) -> None:
        self.ann, self.bob = server.program(), server.program()
        self.ann.take_name("ann")  # at once, so they count as programs: no notice about them
        self.bob.take_name("bob")
        self.bob.say("/quiet off")  # programs are told of nobody's coming and going
        self.heard: list[str] = []
        """What Bob was shown besides Ann's questions."""
        self._asked = 0
        self._enough = Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._talk)

    @property
    def messages(self) -> list[str]:
        """What Bob was shown that others had said."""
        return [line for line in self.heard if not line.startswith(" * ")]

    def hear(self, text: str) -> str:
        """Wait, within the block, until Bob is shown a line with `text` in it; returns it."""
        wait_until(
            lambda: self._failure is not None or any(text in line for line in self.heard),
            f"a bystander hears {text!r}",
        )
        if self._failure:
            raise self._failure
        return next(line for line in self.heard if text in line)

    def talk_on(self, exchanges: int) -> None:
        """Wait, within the block, until they have had so many more questions and answers."""
        enough = self._asked + exchanges
        wait_until(lambda: self._failure is not None or self._asked >= enough, "they talk on")

    def __enter__(self) -> Self:
        self._exchange()
        self.heard.clear()  # what happened before
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._enough.set()
        self._thread.join()
        if error is None:
            if self._failure:
                raise self._failure
            self._exchange()
            for line in self.heard:
                assert_safe(line.encode())

    def _talk(self) -> None:
        try:
            while not self._enough.wait(PAUSE):
                self._exchange()
        except BaseException as error:  # raised again in the test's own thread
            self._failure = error

    def _exchange(self) -> None:
        self._asked += 1
        question, answer = f"question {self._asked}", f"answer {self._asked}"
        self.ann.say(question)
        while (line := self.bob.line()) != f"ann: {question}":
            self.heard.append(line)
        self.bob.say(answer)
        while self.ann.line() != f"bob: {answer}":
            pass
