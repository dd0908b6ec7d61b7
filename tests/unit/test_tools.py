"""tools: writing a history out, and looking whether it is sound."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from gchat import tools
from gchat.model.message import Kind
from gchat.store.sqlite import deleting, index, messages
from gchat.store.sqlite.inspect import READ_AT_A_TIME
from gchat.store.sqlite.schema import MIGRATIONS, open_file
from tests.unit.store.entries import entries, entry

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d "


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "chat.db")


def written(path: str, *said: Any) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, [*entries(2), *said])
        index.index(file, 1000)


def changed(path: str, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for statement in statements:
            file.execute(statement)


def test_what_was_said_is_written_out_as_people_saw_it(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    action = entry(3, 3, 2000.5, "lobby", Kind.ACTION, 7, "ann", "wävés")
    notice = entry(1, 0, 2001.0, "builds", Kind.PRESENCE, 8, "bob", "bob left")
    written(path, action, notice)
    assert tools.main(["export", path]) == 0
    shown = capsys.readouterr()
    assert [re.sub(f"^{STAMP}", "", line) for line in shown.out.splitlines()] == [
        "#lobby ann: text 1",
        "#lobby ann: text 2",
        "#lobby ** ann wävés",
        "#builds * bob left",
    ]
    assert all(re.match(STAMP, line) for line in shown.out.splitlines())
    assert shown.err == ""


def test_what_is_written_out_can_be_of_one_room_or_of_late_or_json(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    late = entry(1, 1, 4e9, "builds", Kind.SAY, 8, "bob", "late")
    written(path, late)
    for options in (["--room", "#Builds"], ["--since", "1h"]):
        assert tools.main(["export", path, *options]) == 0
        assert capsys.readouterr().out.endswith("#builds bob: late\n")
    assert tools.main(["export", path, "--format", "json", "--since=1h"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "kind": "say", "id": 1, "place": "1-1", "time": "2096-10-02T07:06:40.000Z",
        "room": "builds", "name": "bob", "text": "late",
    }  # fmt: skip
    assert tools.main(["export", path, "--room", "nowhere"]) == 0
    assert capsys.readouterr().out == ""


def test_a_long_history_is_written_out_whole(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(2 * READ_AT_A_TIME + 1))
        file.execute("DELETE FROM messages WHERE id BETWEEN 10 AND 20")
        assert tools.main(["export", path]) == 0  # while it is in use
    lines = capsys.readouterr().out.splitlines()
    expected = [number for number in range(1, 2 * READ_AT_A_TIME + 2) if not 10 <= number <= 20]
    assert [int(line.rpartition(" ")[2]) for line in lines] == expected


def test_who_reads_has_enough_and_that_is_no_error(path: str) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(20_000))
    program = [sys.executable, "gchat.py", "export", path]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as export:
        assert export.stdout
        assert export.stderr
        assert export.stdout.readline().endswith(b"ann: text 1\n")
        export.stdout.close()
        assert export.stderr.read() == b""
        assert export.wait() == 0


def test_a_terminal_is_shown_how_far_it_is_unless_what_is_written_goes_there(
    path: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    written(path)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    tools.main(["export", path])
    shown = capsys.readouterr()
    assert shown.err.endswith("100%\r\x1b[K")
    assert "\r" not in shown.out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    tools.main(["export", path])
    assert capsys.readouterr().err == ""


def test_a_sound_file_is_said_to_be_so_and_what_is_in_it(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(path, *entries(3, "builds", first=5))
    changed(
        path,
        "DELETE FROM grams_docsize WHERE id = (SELECT place FROM messages WHERE id = 6)",
        "DELETE FROM messages WHERE id = 6",
        "VACUUM",
    )
    with closing(open_file(path)):
        assert tools.main(["check", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"4 messages in 2 rooms, {os.path.getsize(path):,} bytes"
    assert lines[1].startswith("from 1970-01-01 ")
    assert lines[2:] == ["1 message missing in between (could not be saved)", "the file is sound"]


def test_what_was_deleted_is_counted_but_not_written_out(
    path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written(path)
    with closing(open_file(path)) as file:
        deleting.delete(file, "lobby", [1])
    for form in ("text", "json"):
        assert tools.main(["export", path, "--format", form]) == 0
        shown = capsys.readouterr().out
        assert shown.count("\n") == 1
        assert "text 2" in shown
    assert tools.main(["check", path]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:] == ["1 message deleted, of these", "the file is sound"]


def test_an_empty_one_is_sound(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    open_file(path).close()
    assert tools.main(["check", path]) == 0
    assert capsys.readouterr().out.startswith("0 messages in 0 rooms, ")


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE messages SET id = 9 WHERE id = 1", "#lobby: messages are out of order"),
        ("UPDATE messages SET spoken = 0 WHERE id = 2", "#lobby: messages are out of order"),
        ("UPDATE messages SET spoken = 7 WHERE id = 2", "#lobby: messages are out of order"),
        (
            "DELETE FROM grams_docsize WHERE id = 1",
            "1 message missing in the index of /find",
        ),
        (
            "UPDATE messages SET kind = 'gone'",
            "2 deleted messages left in the index of /find",
        ),
        (
            "DELETE FROM messages WHERE id = 1",
            "1 deleted message left in the index of /find",
        ),
    ],
)
def test_what_is_wrong_with_it_is_told(
    path: str, capsys: pytest.CaptureFixture[str], statement: str, fault: str
) -> None:
    written(path)
    changed(path, statement)
    assert tools.main(["check", path]) == 1
    assert capsys.readouterr().out == f"{fault}\n"


def test_damage_is_told(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_file(path)) as file:
        messages.append(file, entries(5000))
    content = bytearray(Path(path).read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xaa" * 4096
    Path(path).write_bytes(content)
    assert tools.main(["check", path]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("damaged: ") or "it is damaged" in shown.err


@pytest.mark.parametrize("command", tools.COMMANDS)
def test_what_cannot_be_read_is_one_clear_line(
    path: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    for version, told in (
        (0, f"cannot open history file {path}: No such file or directory"),
        (1, f"cannot use history file {path}: a newer gchat wrote it; update this one to use it"),
    ):
        if version:
            open_file(path).close()
            changed(path, f"PRAGMA user_version = {len(MIGRATIONS) + version}")
        assert tools.main([command, path]) == 1
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", f"gchat: {told}\n")


@pytest.mark.parametrize("command", tools.COMMANDS)
def test_a_path_that_is_no_history_is_named_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    text = tmp_path / "a\nb"
    text.write_text("Dear diary. " * 100)
    for path, told in (
        (tmp_path, f"cannot open history file {tmp_path}: Is a directory"),
        (text, f"{tmp_path}/a\\x0ab is not a gchat history file"),
    ):
        assert tools.main([command, str(path)]) == 1
        assert capsys.readouterr().err == f"gchat: {told}\n"


@pytest.mark.parametrize("options", [["--since", "soon"], ["--format", "xml"], []])
def test_a_wrong_option_ends_it_with_the_usage(
    path: str, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        tools.main(["export", *([path, *options] if options else [])])
    assert ended.value.code == 2
    assert "gchat export: error" in capsys.readouterr().err
