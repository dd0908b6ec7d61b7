"""No variable of the environment is taken for an option."""

import pytest

from tests.unit.config.command_line import DEFAULTS, variable


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in DEFAULTS:
        monkeypatch.delenv(variable(option), raising=False)
