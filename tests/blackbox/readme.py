"""What README.md shows, so that it can be tried."""

import re

from tests.blackbox.server import ROOT


def section(heading: str) -> str:
    """The text below `heading`, up to the next one."""
    text = (ROOT / "README.md").read_text()
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", text, re.M | re.S)
    assert found, f"README.md has no section {heading!r}"
    return found[1]


def code_blocks(heading: str) -> list[str]:
    """What stands between fences in the section `heading`."""
    return re.findall(r"^```\w*\n(.*?)^```$", section(heading), re.M | re.S)
