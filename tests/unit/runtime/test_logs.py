"""runtime.logs: the server's own log, which must never stop the chat."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from select import select

import pytest

from gchat.runtime.logs import BackgroundHandler, JsonFormatter

ROOT = Path(__file__).parents[3]
DEADLINE = 30.0

STARTED = """
import logging, os
from gchat.runtime.logs import start_logging
handler = start_logging({})
"""
"""How a program that logs begins."""


def run(
    code: str, shell: str = 'exec "$@"', arguments: str = "'Info'"
) -> subprocess.CompletedProcess[bytes]:
    """Run `code` behind STARTED in a process of its own; `arguments` are those of start_logging."""
    return subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-c", STARTED.format(arguments) + code],
        cwd=ROOT,
        capture_output=True,
        timeout=DEADLINE,
        check=True,
    )


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("gchat", logging.INFO, __file__, 1, message, arguments, None)


class Pipe:
    """What a handler writes to, and a test reads if it likes."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        self.writer = writer
        self.handler = BackgroundHandler(writer)
        self.handler.setFormatter(logging.Formatter("%(message)s"))

    def log(self, count: int, width: int = 100) -> None:
        for number in range(count):
            self.handler.emit(record(f"{number:0{width}}"))

    def read_until(self, text: bytes) -> bytes:
        received = b""
        end = time.monotonic() + DEADLINE
        while text not in received:
            assert time.monotonic() < end, f"{text!r} does not come"
            received += self.read()
        return received

    def read(self) -> bytes:
        """What there is now, or comes in a moment."""
        return os.read(self.reader, 65536) if select([self.reader], [], [], 0.01)[0] else b""

    def close(self) -> None:
        os.close(self.reader)  # whoever still writes is told so, and comes to an end
        end = time.monotonic() + DEADLINE
        while self.handler._written < self.handler._queued:
            assert time.monotonic() < end, "the lines that nobody reads are never done with"
            time.sleep(0.001)
        os.close(self.writer)


def overflow(pipe: Pipe, monkeypatch: pytest.MonkeyPatch, count: int) -> bytes:
    """Log `count` lines before any is read, and one more; returns what is read."""
    monkeypatch.setattr("gchat.runtime.logs.MAX_LINES", 100)
    pipe.log(count)
    reading = b""
    while pipe.handler._written < pipe.handler._queued:
        reading += pipe.read()
    pipe.handler.emit(record("the very last"))
    reading += pipe.read_until(b"the very last")
    while not reading.endswith(b"\n"):
        reading += pipe.read()
    return reading


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


def test_lines_are_written_in_order(pipe: Pipe) -> None:
    pipe.log(50)
    lines = pipe.read_until(b"%0100d\n" % 49).split()
    assert list(map(int, lines)) == list(range(50))


def test_what_cannot_be_encoded_is_written_all_the_same(pipe: Pipe) -> None:
    pipe.handler.emit(record("\ud800"))
    assert pipe.read_until(b"\n") == b"\\ud800\n"


def test_who_logs_never_waits_and_what_was_left_out_is_counted(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 5000  # of 100 bytes: more than a pipe takes
    reading = overflow(pipe, monkeypatch, count)
    left_out = re.findall(
        rb"^(\d+) log lines? left out here: could not be written in time$", reading, re.M
    )
    assert left_out
    written = len(re.findall(rb"^\d{100}$", reading, re.M))
    assert written + sum(map(int, left_out)) == count


def test_that_lines_were_left_out_is_said_in_json_if_all_is(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe.handler.setFormatter(JsonFormatter())
    lines = list(map(json.loads, overflow(pipe, monkeypatch, 5000).splitlines()))
    left_out = [line for line in lines if "left out" in line["message"]]
    assert left_out
    assert {(line["level"], line["logger"]) for line in left_out} == {
        ("warning", "gchat.runtime.logs")
    }


def test_a_descriptor_that_somebody_made_non_blocking_loses_nothing(pipe: Pipe) -> None:
    os.set_blocking(pipe.writer, False)
    pipe.log(2000)
    end = time.monotonic() + DEADLINE
    while select([], [pipe.writer], [], 0)[1]:
        assert time.monotonic() < end, "it is never full"
        time.sleep(0.001)
    assert pipe.read_until(b"%0100d\n" % 1999).count(b"\n") == 2000


def test_no_more_lines_are_written_together_than_that(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gchat.runtime.logs.LINES_AT_ONCE", 3)
    written: list[bytes] = []
    monkeypatch.setattr(pipe.handler, "_write", written.append)
    pipe.log(7)
    pipe.handler.flush()
    assert b"".join(written).count(b"\n") == 7
    assert max(data.count(b"\n") for data in written) == 3


def test_a_disk_that_is_full_for_a_while_loses_nothing(
    pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        time.sleep(seconds)

    monkeypatch.setattr("gchat.runtime.logs.sleep", wait)
    full = os.open("/dev/full", os.O_WRONLY)
    handler = BackgroundHandler(full)
    handler.setFormatter(logging.Formatter("%(message)s"))
    for _ in range(3):
        handler.emit(record("before"))
    end = time.monotonic() + DEADLINE
    while len(waits) < 3:
        assert time.monotonic() < end, "it is not tried again and again to write them"
        time.sleep(0.001)
    os.dup2(pipe.writer, full)
    handler.emit(record("after"))
    assert pipe.read_until(b"after\n") == b"before\n" * 3 + b"after\n"
    handler.flush()
    os.close(full)


def test_its_lock_is_a_native_one_though_those_of_the_program_are_not() -> None:
    code = "import gevent.monkey; gevent.monkey.patch_all(); from gchat.runtime import logs\n"
    done = run(code + "print(type(logs.BackgroundHandler(2).lock).__module__)")
    assert done.stdout == b"_thread\n"


def test_a_reader_that_is_gone_is_no_error() -> None:
    pipe = Pipe()
    pipe.log(10)
    pipe.close()


def test_flushing_writes_what_waits(pipe: Pipe) -> None:
    pipe.log(50)
    pipe.handler.flush()
    os.set_blocking(pipe.reader, False)
    assert os.read(pipe.reader, 65536).count(b"\n") == 50


def test_flushing_gives_up_after_its_time(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gchat.runtime.logs.FLUSH_SECONDS", 0.01)
    pipe.log(2000)
    pipe.handler.flush()
    assert pipe.handler._written < pipe.handler._queued


def test_the_level_that_is_asked_for_is_logged() -> None:
    code = "logging.debug('no'); logging.info('yes'); handler.flush()"
    errors = run(code).stderr
    assert re.fullmatch(rb"\d{4}-\d\d-\d\d [\d:,]+ INFO yes\n", errors)


def test_a_greenlet_that_has_logged_something_is_not_kept_as_a_thread() -> None:
    code = """
from gevent import monkey; monkey.patch_all()
import gevent, logging, threading
threads = threading.active_count()
gone = gevent.event.Event()
for _ in range(3):
    gevent.spawn(lambda: (logging.info('yes'), gone.wait()))
gevent.idle()
print(threading.active_count() - threads)
"""
    done = run(code)
    assert done.stdout == b"0\n"


def test_each_line_is_json_if_that_is_asked_for() -> None:
    code = "logging.debug('no'); logging.info('yes'); 1 / 0"
    lines = run(
        f"try: {code}\nexcept ZeroDivisionError: logging.exception('oh')\nhandler.flush()",
        arguments="'info', as_json=True",
    ).stderr.splitlines()
    yes, oh = map(json.loads, lines)
    assert (yes["level"], yes["message"]) == ("info", "yes")
    assert (oh["level"], oh["message"]) == ("error", "oh")
    assert oh["error"].endswith("ZeroDivisionError: division by zero")


def test_no_connection_can_become_the_log_if_standard_error_is_closed() -> None:
    code = "assert os.path.samestat(os.fstat(2), os.stat(os.devnull))"
    run(code, 'exec "$@" 2>&-')
