"""Real programs in terminals of their own."""

import os
import pty
import signal
import subprocess
import termios
import time
from pathlib import Path
from select import select
from tempfile import TemporaryDirectory
from typing import Self

from tests.blackbox.waiting import DEADLINE, wait_until


class Terminal:
    """`with Terminal("nc", host, port) as terminal:` a program, and somebody who types."""

    def __init__(self, *command: str, environment: dict[str, str] | None = None) -> None:
        """`environment` is added to this process's."""
        self._terminal, end_of_program = pty.openpty()
        self._shown = b""
        try:
            # setsid makes it the program's terminal, so that Ctrl-C there is a signal
            self.process = subprocess.Popen(
                ["setsid", "--ctty", *command],
                stdin=end_of_program,
                stdout=end_of_program,
                stderr=end_of_program,
                env={**os.environ, "TERM": "dumb", **(environment or {})},
                preexec_fn=_heed_ctrl_c,
            )
        finally:
            os.close(end_of_program)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Close the terminal, whose programs are told so with SIGHUP."""
        if self._terminal >= 0:
            os.close(self._terminal)
            self._terminal = -1

    def type(self, keys: str) -> None:
        """Press `keys`."""
        os.write(self._terminal, keys.encode())

    def wait_until_typing_is_hidden(self) -> None:
        """Wait until the program has made the terminal show nothing of what is typed."""
        wait_until(
            lambda: not termios.tcgetattr(self._terminal)[3] & termios.ECHO, "typing is hidden"
        )

    def expect(self, text: str) -> bytes:
        """Wait until `text` is shown; returns what was shown since what was expected last."""
        end = time.monotonic() + DEADLINE
        while text.encode() not in self._shown:
            left = end - time.monotonic()
            readable, _, _ = select([self._terminal], [], [], max(0.0, left))
            assert readable, f"no {text!r} in {self._shown!r}"
            self._shown += self._read(text)
        before, _, self._shown = self._shown.partition(text.encode())
        return before

    def _read(self, text: str) -> bytes:
        try:
            return os.read(self._terminal, 65_536)
        except OSError:  # the program has ended
            raise AssertionError(f"it ended before {text!r}: {self._shown!r}") from None


class Screen:
    """`with Screen() as screen:` a shell in a terminal that is drawn, and somebody who types.

    tmux is the terminal, a server of its own for each. What is seen is what is on the screen
    now, not what was sent to it.
    """

    WIDTH, HEIGHT = 90, 50
    """In characters: more than what the tests have on the screen."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="screen")  # a socket's path must be short
        self._tmux("new-session", "-d", "-x", str(self.WIDTH), "-y", str(self.HEIGHT), self._shell)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._tmux("kill-server")
        finally:
            self._folder.cleanup()

    _shell = f"env -i PATH='{os.environ['PATH']}' PS1='$ ' sh -i"

    def type(self, text: str) -> None:
        """Type `text`, which has no end of a line in it."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press `keys`, as tmux calls them: `Enter`, `C-r`."""
        self._tmux("send-keys", *keys)

    def lines(self) -> list[str]:
        """What is on the screen now, without blanks at the ends of lines and empty ones below."""
        shown = self._tmux("capture-pane", "-p")
        return [line.rstrip() for line in shown.rstrip().split("\n")]

    def expect(self, line: str) -> None:
        """Wait until the last line on the screen is `line`, or ends with it."""
        wait_until(lambda: self.lines()[-1].endswith(line), f"the screen ends with {line!r}")

    def _tmux(self, *arguments: str) -> str:
        socket = Path(self._folder.name, "tmux")
        return subprocess.run(
            ["tmux", "-S", str(socket), "-f", "/dev/null", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            timeout=DEADLINE,
            check=True,
        ).stdout


def _heed_ctrl_c() -> None:
    """As from a terminal; what is run in the background may be told to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
