"""Read the documents, so that tests can try what they show."""

import re

from tests.blackbox.server import ROOT


def section(heading: str, document: str) -> str:
    """Return the text below `heading` in `document`, up to the next heading of any level."""
    text = (ROOT / document).read_text("utf-8")
    found = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##+ |\Z)", text, re.M | re.S)
    assert found, f"{document} has no section {heading!r}"
    return found[1]


def code_blocks(heading: str, document: str) -> list[str]:
    """Return the fenced code blocks of the section `heading` in `document`."""
    return re.findall(r"^```\w*\n(.*?)^```$", section(heading, document), re.M | re.S)
