"""Which module may use which: arrows go one way, and the pure ones touch no sockets."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "chat").rglob("*.py")
}
PURE = [
    "message",
    "text",
    "clock",
    "look",
    "mentions",
    "ignoring",
    "framing",
    "first_bytes",
    "other_protocols",
    "log",
    "jsonlines",
    "wire",
    "batch",
    "presence",
    "owed",
    "tokens",
    "identities",
    "limits",
    "addresses",
    "sanctions",
    "password",
    "stats",
    "places",
    "query",
    "topic",
]

WITH_FILES_OR_THE_LOG = [
    *("motd", "guesses", "logformats", "options", "settings"),
    *(
        "store.schema",
        "store.messages",
        "store.words",
        "store.export",
        "store.check",
        "store.identities",
        "tools",
    ),
    *("store.deleting", "store.topics"),
]
"""They need no more of the world than that. (What logs brings in threads.)"""

FRONT_DOOR = {
    f"chat.{name}"
    for name in (
        *("session", "broadcaster", "admission", "login", "idle", "vanished"),
        *("listener", "logs", "options"),
    )
}
"""What moves bytes, lets people in and sees them off, and what is only there to start it."""

SOCKETS = {"gevent", "greenlet", "socket", "_socket", "select", "ssl"}

LIST_IMPORTED = "import sys; import chat.{}; print(*sys.modules)"


def imported_by(path: Path) -> set[str]:
    """The modules of this program that the one at `path` imports."""
    tree = ast.parse(path.read_text("utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
    return imported & MODULES.keys()


def used_by(module: str) -> set[str]:
    """The other modules of this program that `module` imports."""
    return imported_by(MODULES[module]) - {module}


def brought_in_by(name: str) -> set[str]:
    """The modules, but for what is inside packages, that come with a module of this program."""
    listing = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTED.format(name)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert f"chat.{name}" in listing
    return {module.partition(".")[0] for module in listing}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_brings_in_neither_gevent_nor_sockets(name: str) -> None:
    assert not brought_in_by(name) & {*SOCKETS, "threading"}


@pytest.mark.parametrize("name", WITH_FILES_OR_THE_LOG)
def test_what_needs_files_or_the_log_brings_in_no_sockets(name: str) -> None:
    assert not brought_in_by(name) & SOCKETS


def test_no_two_modules_need_each_other() -> None:
    order = list(TopologicalSorter({module: used_by(module) for module in MODULES}).static_order())
    assert set(order) == MODULES.keys()


def test_only_the_front_door_uses_what_moves_bytes_and_lets_people_in() -> None:
    assert MODULES.keys() > FRONT_DOOR
    for module in MODULES:
        assert not used_by(module) & FRONT_DOOR


def test_the_front_door_uses_all_that_is_its_own() -> None:
    assert imported_by(ROOT / "gchat.py") >= FRONT_DOOR
