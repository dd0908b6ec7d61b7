"""text.phrases: numbers and lists in sentences."""

import pytest

from gchat.text.phrases import counted, listing


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["ann"], "ann"),
        (["ann", "bob"], "ann and bob"),
        (["ann", "bob", "cy"], "ann, bob and cy"),
        (["ann", "bob", "cy", "di"], "ann, bob and 2 others"),
        (["ann", "bob", *"0123456789"], "ann, bob and 10 others"),
    ],
)
def test_a_list_names_some_and_counts_the_rest(names: list[str], text: str) -> None:
    assert listing(names, len(names), 2) == text


def test_a_list_of_very_many_looks_at_few() -> None:
    def names() -> object:
        yield "ann"
        yield "bob"
        raise AssertionError("a third name is not needed")

    assert listing(names(), 1000, 2) == "ann, bob and 998 others"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 addresses"), (1, "1 address"), (2, "2 addresses")]
)
def test_a_plural_may_take_more_than_an_s(count: int, text: str) -> None:
    assert counted(count, "address", "addresses") == text
    assert counted(count, "line") == f"{count} line{'' if count == 1 else 's'}"
