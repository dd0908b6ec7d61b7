"""config.motd: a file that may change at any time."""

import logging
import os
from contextlib import suppress
from pathlib import Path

import pytest

from gchat.config.motd import MAX_MOTD, Motd


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "motd"
    path.write_bytes("grüß dich\nbe kind\n\n".encode())
    return path


@pytest.fixture
def motd(file: Path) -> Motd:
    return Motd(str(file))


def test_it_is_the_lines_of_the_file(motd: Motd) -> None:
    assert motd.lines() == ["grüß dich", "be kind"]


def test_an_empty_file_has_no_lines(file: Path) -> None:
    file.write_bytes(b"")
    assert Motd(str(file)).lines() == []


def test_what_could_drive_a_terminal_is_shown(file: Path) -> None:
    file.write_bytes(b"\x1b[2J\r\n\xff\ttab\n\xe2\x80\xae")
    assert Motd(str(file)).lines() == ["\\x1b[2J", "\\xff\ttab", "\\u202e"]


def test_it_is_read_again_when_it_has_changed(file: Path, motd: Motd) -> None:
    file.write_bytes(b"another one")
    assert motd.lines() == ["another one"]


def test_a_change_that_only_its_time_tells_is_seen(file: Path, motd: Motd) -> None:
    size = file.stat().st_size
    file.write_bytes(b"x" * size)
    os.utime(file, ns=(1, 1))
    assert motd.lines() == ["x" * size]


def test_a_file_that_another_one_took_the_place_of_is_read(file: Path, motd: Motd) -> None:
    other = file.with_name("other")
    other.write_bytes(b"x" * file.stat().st_size)
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.rename(file)
    assert motd.lines()[0].startswith("x")


def test_it_is_not_read_again_when_it_has_not_changed(
    motd: Motd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(motd, "_read", None)
    assert motd.lines() == ["grüß dich", "be kind"]


def test_if_it_is_gone_it_stays_as_it_was_until_it_is_back_and_that_is_logged_once(
    file: Path, motd: Motd, caplog: pytest.LogCaptureFixture
) -> None:
    before = motd.lines()
    file.unlink()
    for _ in range(3):
        assert motd.lines() == before
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    file.write_bytes(b"back")
    assert motd.lines() == ["back"]
    assert len(caplog.records) == 1


def test_if_it_is_too_long_it_stays_as_it_was_and_that_is_logged_once(
    file: Path, motd: Motd, caplog: pytest.LogCaptureFixture
) -> None:
    before = motd.lines()
    for longer in (1, 2):
        file.write_bytes(b"x" * (MAX_MOTD + longer))
        assert motd.lines() == motd.lines() == before
    assert len(caplog.records) == 1
    assert str(MAX_MOTD) in caplog.text
    file.write_bytes(b"x" * MAX_MOTD)
    assert motd.lines() == ["x" * MAX_MOTD]


def test_if_it_could_not_be_read_for_a_moment_it_is_read_when_it_can_be(
    file: Path, motd: Motd, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> list[str]:
        raise PermissionError("not for you")

    for text, ask in ((b"another one", motd.lines), (b"one more", motd.reload)):
        file.write_bytes(text)
        with monkeypatch.context() as patched, suppress(PermissionError):
            patched.setattr(motd, "_read", fail)
            ask()
        assert motd.lines() == [text.decode()]


def same_for_the_system(file: Path, text: bytes) -> None:
    """Write another text of the same length, so that nothing tells that it has changed."""
    status = file.stat()
    assert len(text) == status.st_size
    file.write_bytes(text)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_it_is_read_again_when_that_is_asked_for_even_if_it_seems_the_same(
    file: Path, motd: Motd
) -> None:
    same_for_the_system(file, b"x" * file.stat().st_size)
    assert motd.lines() == ["grüß dich", "be kind"]
    assert motd.reload()
    assert motd.lines()[0].startswith("xx")
    assert not motd.reload()


def test_if_it_cannot_be_read_when_that_is_asked_for_who_asks_knows_and_it_stays_as_it_was(
    file: Path, motd: Motd, caplog: pytest.LogCaptureFixture
) -> None:
    file.write_bytes(b"x" * (MAX_MOTD + 1))
    with pytest.raises(ValueError, match=str(MAX_MOTD)):
        motd.reload()
    file.unlink()
    with pytest.raises(FileNotFoundError):
        motd.reload()
    assert not caplog.records
    assert motd.lines() == ["grüß dich", "be kind"]
    file.write_bytes(b"back")
    motd.reload()
    assert motd.lines() == ["back"]


def test_a_fault_that_was_mended_is_told_when_it_comes_back(
    file: Path, motd: Motd, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        file.unlink()
        motd.lines()
        file.write_bytes(b"back")
        motd.reload()
    motd.lines()
    assert len(caplog.records) == 2


def test_at_first_it_must_be_there_and_not_be_too_long(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Motd(f"{file}2")
    with pytest.raises(IsADirectoryError):
        Motd(str(file.parent))
    file.write_bytes(b"x" * (MAX_MOTD + 1))
    with pytest.raises(ValueError, match=str(MAX_MOTD)):
        Motd(str(file))
