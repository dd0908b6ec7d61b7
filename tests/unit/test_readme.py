"""README.md and docs/: they list what the program has, and their links lead somewhere."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from gchat.commands import TABLE, groups
from gchat.config.options import parse

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "loadtest")
    for path in (ROOT / folder).glob("*.md")
)
MOST_LINES = 160

_FENCED = re.compile(r"^```.*?^```$", re.M | re.S)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$", re.M)


def prose(document: str) -> str:
    """Return the text of a document without its code blocks."""
    return _FENCED.sub("", (ROOT / document).read_text("utf-8"))


def links(document: str) -> list[str]:
    """Return the targets of the relative links and images in a document."""
    targets = _LINK.findall(_CODE.sub("`", prose(document)))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(document: str) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a document."""
    found = set[str]()
    for heading in _HEADING.findall(prose(document)):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


def tables_of_commands() -> str:
    """Return the tables of commands for docs/using.md."""
    lines = list[str]()
    for group, entries in groups().items():
        lines += [f"| **{group}** | |", "| --- | --- |"]
        lines += [row_of(entry.usage, entry.summary) for entry in entries]
        lines.append("")
    return "\n".join(lines)


def row_of(usage: str, summary: str) -> str:
    """Return the row for a command."""
    escaped = usage.replace("|", "\\|")
    return f"| `{escaped}` | {summary} |"


def test_the_manual_lists_the_commands_of_the_program() -> None:
    manual = (ROOT / "docs/using.md").read_text("utf-8")
    section = manual.partition("\n## Commands\n")[2].partition("\n## ")[0]
    listed = [line for line in section.splitlines() if line.startswith("| `/")]
    expected = [row_of(entry.usage, entry.summary) for entry in TABLE.values()]
    assert listed[:-1] == expected, f"docs/using.md needs these tables:\n\n{tables_of_commands()}"
    assert listed[-1].startswith("| `//TEXT` |")


def test_the_manual_lists_the_options_of_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--help"])
    known = re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.M)
    manual = (ROOT / "docs/operating.md").read_text("utf-8")
    listed = re.findall(r"^\| `(--[a-z-]+)[^`]*` \| `(GCHAT_[A-Z_]+)` \|", manual, re.M)
    assert [option for option, _ in listed] == [each for each in known if each != "--version"]
    assert all(
        variable == "GCHAT_" + option[2:].upper().replace("-", "_") for option, variable in listed
    )


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= MOST_LINES


def test_all_documents_are_looked_at() -> None:
    assert {"README.md", "SECURITY.md", "docs/using.md", "loadtest/NOTES.md"} <= {*DOCUMENTS}
    assert "docs/using.md" in links("README.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_relative_link_leads_to_a_file_and_a_heading(document: str) -> None:
    for link in links(document):
        path, _, anchor = unquote(link).partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), f"{document} links to {link}, which is not there"
        if anchor:
            there = str(target.resolve().relative_to(ROOT))
            assert anchor in anchors(there), f"{document} links to {link}: no such heading"


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("## Who's there?", "whos-there"),
        ("### `/find` and **more**", "find-and-more"),
        ("# JSON: both ways, a_b", "json-both-ways-a_b"),
    ],
)
def test_anchors_are_made_as_github_makes_them(
    heading: str, anchor: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.unit.test_readme.ROOT", tmp_path)
    (tmp_path / "page.md").write_text(f"{heading}\n\n```\n# no heading\n```\n{heading}\n", "utf-8")
    assert anchors("page.md") == {anchor, f"{anchor}-1"}
