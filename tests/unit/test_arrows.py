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
PURE = ["message", "text", "framing", "log", "wire", "batch", "presence"]

LIST_IMPORTED = "import sys; import chat.{}; print(*sys.modules)"


def used_by(module: str) -> set[str]:
    """The modules of this program that `module` imports."""
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
    return (imported & MODULES.keys()) - {module}


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_brings_in_neither_gevent_nor_sockets(name: str) -> None:
    listing = subprocess.run(
        [sys.executable, "-c", LIST_IMPORTED.format(name)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert f"chat.{name}" in listing
    roots = {module.partition(".")[0] for module in listing}
    assert not roots & {"gevent", "greenlet", "socket", "_socket", "select", "threading", "ssl"}


def test_no_two_modules_need_each_other() -> None:
    order = list(TopologicalSorter({module: used_by(module) for module in MODULES}).static_order())
    assert set(order) == MODULES.keys()


def test_only_the_front_door_uses_what_moves_bytes_and_lets_people_in() -> None:
    for module in MODULES:
        assert not used_by(module) & {"chat.session", "chat.broadcaster", "chat.admission"}
