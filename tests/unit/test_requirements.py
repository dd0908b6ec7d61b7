"""pyproject.toml and requirements.txt name the same packages, in the same versions."""

import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def listed() -> list[list[str]]:
    """The requirements in requirements.txt, by paragraphs; comments are left out."""
    paragraphs = (ROOT / "requirements.txt").read_text("utf-8").split("\n\n")
    return [
        [line for line in paragraph.split("\n") if line and not line.startswith("#")]
        for paragraph in paragraphs
    ]


def test_the_first_paragraph_of_requirements_txt_is_what_the_server_needs() -> None:
    assert sorted(listed()[0]) == sorted(PROJECT["dependencies"])


def test_the_other_paragraphs_of_requirements_txt_are_the_extras() -> None:
    extras = [name for extra in PROJECT["optional-dependencies"].values() for name in extra]
    extras.remove("gchat[loadtest]")  # the extra dev contains the other ones
    extras.remove("gchat[web]")
    extras.remove("gchat[redis]")
    assert sorted(chain(*listed()[1:])) == sorted(extras)
