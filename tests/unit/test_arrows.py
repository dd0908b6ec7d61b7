"""Which part may use which: arrows go one way, and the pure ones touch no sockets."""

import ast
import subprocess
import sys
from collections.abc import Set as AbstractSet
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in (ROOT / "gchat").rglob("*.py")
}

WINGS = {
    "text": "",
    "runtime": "text",
    "model": "text",
    "store": "model text",
    "store.sqlite": "store model runtime.waited text",
    "store.redis": "store model text",
    "protocol": "model text",
    "config": "model text",
    "hub": "store protocol config model runtime text",
    "delivery.senders": "hub.connection",
    "delivery": "delivery.senders hub store protocol model runtime text",
    "jobs": "hub store model runtime text",
    "commands": "hub store.errors protocol config model runtime text",
    "doors": "commands hub protocol config model runtime text",
}
"""The wings of the house, the lowest first, and those below each that it may use, or single modules
of theirs. What stands in none of them, at the top, may use all."""

KNOW_SQLITE = {"gchat.preparing", "gchat.tools"}
"""What may use the store in a history file by its name, besides that wing itself."""

KNOW_REDIS = {"gchat.preparing"}
"""What may use the store that several servers share by its name, besides that wing itself."""

FOLDERS = WINGS.keys() - {"commands"}
"""Wings of which the package itself has nothing in it."""

WITH_THREADS = {
    f"gchat.store.sqlite.{module}" for module in ("worker", "threads", "ledger", "archive", "store")
}
"""Threads of gevent's, for what may block, and what hands its work to them."""


def in_wings(*wings: str) -> list[str]:
    """The modules in these wings."""
    return sorted(name for name in MODULES if wing_of(name) in wings)


def wing_of(module: str) -> str:
    """The wing that a module stands in, the innermost; empty if it stands at the top."""
    inside = module.split(".")[1:]
    wings = (".".join(inside[:length]) for length in range(len(inside), 0, -1))
    return next((wing for wing in wings if wing in WINGS), "")


PURE = [
    *in_wings("text", "model", "protocol"),
    *("gchat.config.limits", "gchat.config.password"),
    *("gchat.delivery.batch", "gchat.delivery.batches"),
    *(
        "gchat.hub.owed",
        "gchat.hub.cohorts",
        "gchat.hub.marks",
        "gchat.runtime.code_places",
    ),
]

WITH_FILES_OR_THE_LOG = [
    *in_wings("config"),
    *(name for name in in_wings("store", "store.sqlite") if name not in WITH_THREADS),
    *("gchat.hub.password_attempts", "gchat.tools"),
]
"""They need no more of the world than that. (What logs brings in threads.)"""

PROGRAM = "gchat.program"

CHECKED = [*PURE, *WITH_FILES_OR_THE_LOG, PROGRAM]
"""The modules that a test imports, to see what comes with them."""

SOCKETS = {"gevent", "greenlet", "socket", "_socket", "select", "ssl"}

LIST_IMPORTED = """
import dataclasses, os, re, sys, typing
for module in sys.argv[1:]:
    if not os.fork():
        __import__(module)
        print(module, *sys.modules, flush=True)
        os._exit(0)
    os.wait()
"""
"""Prints a line for each module that is imported: the module, and all that is loaded then.

Each is imported where none of the others was. What nearly all need, and what brings in none of
what is looked for, is imported once.
"""


def used_by(module: str) -> AbstractSet[str]:
    """The other modules of this program that `module` imports."""
    imported = imported_by(MODULES[module])
    # A package that is only a folder is nothing to use.
    return (imported & MODULES.keys()) - {module, "gchat"} - {f"gchat.{wing}" for wing in FOLDERS}


@cache
def imported_by(path: Path) -> AbstractSet[str]:
    """Whatever the module at `path` imports, with the names that it imports from there."""
    imported: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
    return imported


@cache
def brought_in() -> dict[str, set[str]]:
    """By module that is checked, the modules that come with it, but for what is inside packages."""
    listing = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTED, *CHECKED],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = {line.split()[0]: line.split()[1:] for line in listing.splitlines()}
    return {module: {name.partition(".")[0] for name in loaded} for module, loaded in found.items()}


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_brings_in_neither_gevent_nor_sockets(module: str) -> None:
    assert not brought_in()[module] & {*SOCKETS, "threading"}


@pytest.mark.parametrize("module", WITH_FILES_OR_THE_LOG)
def test_what_needs_files_or_the_log_brings_in_no_sockets(module: str) -> None:
    assert not brought_in()[module] & SOCKETS


def test_no_two_modules_need_each_other() -> None:
    order = list(TopologicalSorter({module: used_by(module) for module in MODULES}).static_order())
    assert set(order) == MODULES.keys()


def test_every_folder_is_a_wing() -> None:
    inner = ROOT / "gchat"
    folders = {path.parent.relative_to(inner) for path in inner.rglob("*/__init__.py")}
    assert {".".join(folder.parts) for folder in folders} == WINGS.keys()


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_uses_only_those_below_it(wing: str) -> None:
    allowed = {wing, *WINGS[wing].split()}
    arrows = {(module, used) for module in in_wings(wing) for used in used_by(module)}
    upwards = {
        (module, used)
        for module, used in arrows
        if not allowed & {wing_of(used), used.removeprefix("gchat.")}
    }
    assert not upwards


@pytest.mark.parametrize(
    ("wing", "known_by"), [("store.sqlite", KNOW_SQLITE), ("store.redis", KNOW_REDIS)]
)
def test_only_what_builds_the_store_knows_which_one_it_is(wing: str, known_by: set[str]) -> None:
    users = {module for module in MODULES if any(wing_of(used) == wing for used in used_by(module))}
    assert users - {*in_wings(wing)} == known_by


@pytest.mark.parametrize("package", ["redis", "hiredis"])
def test_only_what_connects_uses_redis(package: str) -> None:
    users = {
        module
        for module, path in MODULES.items()
        if package in {name.partition(".")[0] for name in imported_by(path)}
    }
    assert users <= {f"gchat.store.redis.{name}" for name in ("address", "link", "tls")}


def test_a_server_alone_imports_nothing_of_redis() -> None:
    assert not brought_in()[PROGRAM] & {"redis", "hiredis"}


def test_sqlite_is_used_by_the_store_and_the_tools_alone() -> None:
    users = {
        module
        for module, path in MODULES.items()
        if "sqlite3" in {name.partition(".")[0] for name in imported_by(path)}
    }
    assert users <= {*in_wings("store.sqlite"), "gchat.tools"}


def test_the_table_lists_the_lowest_first() -> None:
    listed: list[str] = []
    for wing, below in WINGS.items():
        assert {wing_of(f"gchat.{name}") for name in below.split()} <= {*listed}
        listed.append(wing)
