"""runtime.places: where in our own code something happens."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import walk_stack

import gchat.text.safe
from gchat.runtime.code_places import NOWHERE, show_code_places
from gchat.text.phrases import listing

ROOT = Path(__file__).parents[3]


def show(most: int = 10) -> str:
    """The places of the one who calls."""
    return show_code_places(walk_stack(sys._getframe(1)), most)


def shown_inside_listing(shown: list[str], most: int = 10) -> Iterator[str]:
    shown.append(show(most))
    yield "ann"


def called_from(path: str) -> str:
    """What is shown of a function in the file at `path`."""
    names = {"show": show}
    exec(compile("\n\ndef tell(): return show(1)\nshown = tell()", path, "exec"), names)
    return str(names["shown"])


def test_a_place_is_file_line_and_function() -> None:
    line = sys._getframe().f_lineno + 1
    assert show(1) == f"runtime/test_code_places.py:{line} test_a_place_is_file_line_and_function"


def test_only_our_own_places_are_shown_if_there_are_any() -> None:
    shown: list[str] = []
    listing(shown_inside_listing(shown), 1, 1)
    assert re.fullmatch(r"text/phrases\.py:\d+ listing", shown[0])


def test_the_innermost_come_first_and_no_more_than_asked_for() -> None:
    def outer() -> str:
        return inner()

    def inner() -> str:
        return show(2)

    assert re.fullmatch(r"\S+:\d+ inner < \S+:\d+ outer", outer())


def test_our_own_files_are_those_of_the_package_and_the_front_door() -> None:
    assert called_from(str(ROOT / "gchat.py")) == "gchat.py:3 tell"
    assert called_from(str(ROOT / "gchat" / ".." / "gchat.py")) == "gchat.py:3 tell"
    assert called_from(str(ROOT / "gchat" / "commands" / "talk.py")) == "commands/talk.py:3 tell"
    assert called_from(gchat.text.safe.__file__) == "text/safe.py:3 tell"


def test_a_file_of_others_is_shown_with_its_folder() -> None:
    assert called_from("/usr/lib/python3/json/decoder.py") == "json/decoder.py:3 tell"
    assert called_from(str(ROOT / "chatter" / "text.py")) == "chatter/text.py:3 tell"


def test_nothing_is_nowhere() -> None:
    assert show_code_places([], 3) == NOWHERE
