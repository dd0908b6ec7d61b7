"""Which part may use which: arrows go one way, and the pure ones touch no sockets."""

import ast
import subprocess
import sys
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
    "protocol": "model text",
    "config": "model text",
    "hub": "store protocol config model runtime text",
    "delivery": "hub store protocol model runtime text",
    "jobs": "hub store model runtime text",
    "commands": "hub store protocol config model runtime text",
    "doors": "commands hub protocol config model runtime text",
}
"""The wings of the house, the lowest first, and those below each that it may use. What stands in
none of them, at the top, may use all."""

FOLDERS = WINGS.keys() - {"commands"}
"""Wings of which the package itself has nothing in it."""

WORKER = "gchat.store.sqlite.worker"
"""A thread of gevent's, for what may block."""


def in_wings(*wings: str) -> list[str]:
    """The modules in these wings."""
    return sorted(name for name in MODULES if wing_of(name) in wings)


def wing_of(module: str) -> str:
    """The wing that a module stands in; empty if it stands at the top."""
    _, *inside = module.split(".")
    return inside[0] if inside and inside[0] in WINGS else ""


PURE = [
    *in_wings("text", "model", "protocol"),
    *("gchat.config.limits", "gchat.config.password", "gchat.delivery.batch"),
    *(
        "gchat.hub.owed",
        "gchat.hub.cohorts",
        "gchat.delivery.cohort_sends",
        "gchat.runtime.code_places",
    ),
]

WITH_FILES_OR_THE_LOG = [
    *in_wings("config"),
    *(name for name in in_wings("store") if name not in ("gchat.store.sqlite.store", WORKER)),
    *("gchat.hub.password_attempts", "gchat.tools"),
]
"""They need no more of the world than that. (What logs brings in threads.)"""

SOCKETS = {"gevent", "greenlet", "socket", "_socket", "select", "ssl"}

LIST_IMPORTED = "import sys; import {}; print(*sys.modules)"


def used_by(module: str) -> set[str]:
    """The other modules of this program that `module` imports."""
    imported = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
    # A package that is only a folder is nothing to use.
    return (imported & MODULES.keys()) - {module, "gchat"} - {f"gchat.{wing}" for wing in FOLDERS}


def brought_in_by(module: str) -> set[str]:
    """The modules, but for what is inside packages, that come with a module of this program."""
    listing = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTED.format(module)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert module in listing
    return {name.partition(".")[0] for name in listing}


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_brings_in_neither_gevent_nor_sockets(module: str) -> None:
    assert not brought_in_by(module) & {*SOCKETS, "threading"}


@pytest.mark.parametrize("module", WITH_FILES_OR_THE_LOG)
def test_what_needs_files_or_the_log_brings_in_no_sockets(module: str) -> None:
    assert not brought_in_by(module) & SOCKETS


def test_no_two_modules_need_each_other() -> None:
    order = list(TopologicalSorter({module: used_by(module) for module in MODULES}).static_order())
    assert set(order) == MODULES.keys()


def test_every_folder_is_a_wing() -> None:
    folders = {path.parent.name for path in (ROOT / "gchat").glob("*/__init__.py")}
    assert folders == WINGS.keys()


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_uses_only_those_below_it(wing: str) -> None:
    allowed = {wing, *WINGS[wing].split()}
    arrows = {(module, used) for module in in_wings(wing) for used in used_by(module)}
    upwards = {arrow for arrow in arrows if wing_of(arrow[1]) not in allowed}
    assert not upwards


def test_the_table_lists_the_lowest_first() -> None:
    listed: list[str] = []
    for wing, below in WINGS.items():
        assert {*below.split()} <= {*listed}
        listed.append(wing)
