"""model.epochs: an id means one message, also after it was given out again."""

import pytest

from gchat.model.epochs import UNKNOWN, Place, first_epoch, next_epoch, read_place


def test_the_next_one_is_greater_and_two_first_ones_differ() -> None:
    epochs = {first_epoch() for _ in range(1000)}
    assert len(epochs) > 990
    assert all(next_epoch(epoch) > epoch > 0 for epoch in epochs)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("1234", Place(1234)),
        ("0", Place(0)),
        ("7f3a-12", Place(12, 0x7F3A)),
        ("7F3A-12", Place(12, 0x7F3A)),
        ("7f_3.a-12", Place(12, UNKNOWN)),
        ("another-12", Place(12, UNKNOWN)),
        ("-12", None),
        ("a-", None),
        ("1 2", None),
        ("1" * 16, None),
        ("1" * 16 + "-1", Place(1, UNKNOWN)),
        ("٣", None),
    ],
)
def test_places_are_read_with_and_without_an_epoch(typed: str, place: Place | None) -> None:
    assert read_place(typed) == place


def test_a_place_is_shown_as_it_is_read() -> None:
    for place in (Place(1234), Place(12, 0x7F3A)):
        assert read_place(str(place)) == place
