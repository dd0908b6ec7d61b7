"""A process that takes part in a test: the victim, a crowd."""

import subprocess
import sys

from tests.blackbox.server import ROOT


class Companion:
    """`python -m tests.attacks.NAME OPTIONS`, which ends with its standard input."""

    def __init__(self, name: str, *options: object, within: tuple[str, ...] = ()) -> None:
        """`within` is a command that runs it, if it is not to run just here."""
        self._name = name
        self._process = subprocess.Popen(
            [*within, sys.executable, "-m", f"tests.attacks.{name}", *map(str, options)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        """The next line that it prints. AssertionError if it has ended."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, f"the {self._name} has ended, with status {self._process.wait()}"
        return line

    def tell(self, words: str) -> None:
        """Say `words` to it, in a line."""
        assert self._process.stdin
        print(words, file=self._process.stdin, flush=True)

    def close(self) -> None:
        """End it."""
        self._process.communicate()
