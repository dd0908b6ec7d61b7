"""A history file that is open."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gchat.store.sqlite.schema import open_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


@pytest.fixture
def file(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_file(str(path))) as file:
        yield file
