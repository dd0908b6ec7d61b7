"""README.md: its list of commands is the program's."""

from pathlib import Path

from gchat.commands import TABLE

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")


def test_the_list_of_commands_is_the_table_of_the_program() -> None:
    rows = [f"| `{entry.usage}` | {entry.summary} |" for entry in TABLE.values()]
    listed = [row.replace("\\|", "|") for row in README.splitlines() if row.startswith("| `/")]
    assert listed[:-1] == rows
    assert listed[-1].startswith("| `//TEXT` |")
