"""hub.mail: each direct message is in memory, in the file, or in both, until it has arrived."""

from contextlib import suppress

from gchat.hub.mail import Mail
from gchat.model.message import Private

ANN, BOB = 7, 8
NOTHING: list[Private] = []


def private(number: int) -> Private:
    return Private(1.0, "cy", "ann", f"text {number}", number)


def is_known(_: int) -> bool:
    return True


def test_numbers_go_on_from_the_first_one() -> None:
    mail = Mail(5)
    assert [mail.next_number(), mail.next_number()] == [5, 6]


def test_what_was_written_and_what_was_not_comes_in_one_order_each_once() -> None:
    mail, (first, second, third) = Mail(1), map(private, (1, 2, 3))
    for each in (first, third):
        mail.add(ANN, each)
    mail.add(BOB, private(4))
    with mail.being_written([(ANN, first)]):
        assert mail.of(ANN, [first, second]) == [first, second, third]
    assert mail.of(ANN, [first, second]) == [first, second, third]
    assert mail.of(ANN, NOTHING) == [third]


def test_what_has_arrived_is_not_sent_again_though_the_file_has_it_still() -> None:
    mail, first = Mail(1), private(1)
    mail.has_arrived(ANN, first)
    assert mail.of(ANN, [first, private(2)]) == [private(2)]
    assert mail.take_arrived(9) == [1]
    with mail.being_written([], [1]):
        assert mail.of(ANN, [first]) == NOTHING
    assert mail.take_arrived(9) == []


def test_what_arrives_before_it_is_written_never_is() -> None:
    mail, first = Mail(1), private(1)
    mail.add(ANN, first)
    mail.has_arrived(ANN, first)
    assert mail.take_unwritten(9, is_known) == []
    assert mail.take_arrived(9) == []


def test_what_is_being_written_is_not_written_by_others_nor_deleted_before() -> None:
    mail, first = Mail(1), private(1)
    mail.add(ANN, first)
    with mail.being_written([(ANN, first)]):
        assert mail.take_unwritten(9, is_known) == []
        mail.has_arrived(ANN, first)
        assert mail.take_arrived(9) == []
    assert mail.take_arrived(9) == [1]


def test_what_could_not_be_written_is_to_be_written_still() -> None:
    mail, first, second = Mail(1), private(1), private(2)
    mail.add(ANN, first)
    mail.has_arrived(ANN, second)
    with suppress(OSError), mail.being_written([(ANN, first)], [2]):
        raise OSError
    assert mail.take_unwritten(9, is_known) == [(ANN, first)]
    assert mail.take_arrived(9) == [2]


def test_some_are_taken_at_a_time() -> None:
    mail = Mail(1)
    for number in range(1, 6):
        mail.add(ANN if number % 2 else BOB, private(number))
        mail.has_arrived(ANN, private(10 + number))
    assert len(mail.take_unwritten(3, is_known)) == 3
    assert len(mail.take_unwritten(9, is_known)) == 5
    assert mail.take_arrived(2) == [11, 12]


def test_what_was_handed_over_with_its_identity_is_not_here_any_more() -> None:
    mail = Mail(1)
    for owner in (ANN, BOB):
        mail.add(owner, private(owner))
    mail.hand_over(ANN)
    assert mail.of(ANN, NOTHING) == []
    assert mail.of(BOB, NOTHING) == [private(BOB)]
