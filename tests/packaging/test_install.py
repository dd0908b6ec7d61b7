"""The package as users install it: a wheel, in an environment in which there was nothing.

It takes about ten seconds. pip gets the build backend and gevent from the package index; the tests
are skipped where none can be reached.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from gchat import __version__
from tests.blackbox.connection import Person
from tests.blackbox.server import ROOT, START, environment_with
from tests.blackbox.waiting import DEADLINE, wait_until

pytestmark = pytest.mark.timeout(300)  # a package index may be slow

NO_INDEX = "(from versions: none)"
"""What pip says of a package if it has found no package index."""


def pip(python: Path | str, *arguments: str) -> None:
    """Have the pip of an environment do something, or skip the test if it finds no index."""
    ended = subprocess.run(
        [str(python), "-m", "pip", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if NO_INDEX in ended.stderr:
        pytest.skip("no package index can be reached")
    assert ended.returncode == 0, ended.stderr


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment of its own, with pip alone."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    return folder / "bin"


@pytest.fixture(scope="module")
def wheel(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built of this folder."""
    folder = tmp_path_factory.mktemp("wheel")
    pip(environment / "python", "wheel", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(environment: Path, wheel: Path) -> Path:
    """The `bin` of the environment into which the wheel is installed, with what it needs."""
    pip(environment / "python", "install", str(wheel))
    return environment


def test_the_wheel_has_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "gchat").rglob("*.py")}
    page = {str(path.relative_to(ROOT)) for path in (ROOT / "gchat/web").iterdir()}
    assert inside == modules | page | {"gchat/py.typed"}


def test_the_wheel_has_the_version_of_the_program_and_what_it_needs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode())
    assert metadata["Version"] == __version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == {"web", "loadtest", "dev"}
    needs = [need for need in metadata.get_all("Requires-Dist", []) if "extra ==" not in need]
    assert sorted(need[:6] for need in needs) == ["gevent", "tzdata"]


@pytest.fixture(params=["gchat", "python -m gchat"])
def server(
    request: pytest.FixtureRequest, installed: Path, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The installed program, started with a command, and its log."""
    program, *arguments = request.param.split()
    log = tmp_path / "log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [str(installed / program), *arguments, "--port", "0"],
            cwd=tmp_path,  # where there is no folder gchat
            env=environment_with(),
            stderr=errors,
        ) as process,
    ):
        yield process, log
        process.kill()


def test_the_installed_program_serves(server: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, log = server
    wait_until(lambda: "to join" in log.read_text() or process.poll() is not None, "it listens")
    start = START.search(log.read_text())
    assert start, log.read_text()
    person = Person((start[3], int(start[4])))
    person.be_welcomed()
    process.terminate()
    assert person.rest()
    assert process.wait(DEADLINE) == 0
    assert "Traceback" not in log.read_text()


def test_the_types_of_the_package_can_be_used(installed: Path, tmp_path: Path) -> None:
    module = tmp_path / "user.py"
    module.write_text("import gchat\nreveal_type(gchat.__version__)\n")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", f"--python-executable={installed / 'python'}", str(module)],
        cwd=tmp_path,
        env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
    assert re.search(r'Revealed type is "(builtins\.)?str"', checked.stdout)
