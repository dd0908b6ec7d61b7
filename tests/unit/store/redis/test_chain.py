"""gchat.store.redis.chain: the end of a room with its marks."""

from gchat.model.message import Kind
from gchat.model.runs import TEXT, Row
from gchat.store.redis import chain as chains
from gchat.store.redis.chain import Chain
from gchat.store.redis.entries import Read


def read(number: int, text: str = "x") -> Read:
    row: Row = (number, number, 1.0, "lobby", Kind.SAY, 1, "ann", text, 1, None)
    return Read(row, number * 10, "7.1", 0)


def test_marks_are_known_of_the_last_messages() -> None:
    chain = Chain(4, 40)
    for number in (5, 6):
        chain.add(read(number))
    assert [chain.mark_at(number) for number in range(3, 8)] == [None, None, 50, 60, None]
    assert (chain.end, chain.mark) == (6, 60)
    chain.skip_to(9)
    assert (chain.end, chain.mark, chain.recent) == (9, None, [])


def test_it_is_bounded_by_messages_and_by_their_length() -> None:
    chain = Chain(0, 0)
    for number in range(1, chains.REMEMBERED + 3):
        chain.add(read(number))
    assert len(chain.recent) == chains.REMEMBERED
    chain.add(read(chains.REMEMBERED + 3, "x" * (chains.CHARACTERS - 1)))
    assert len(chain.recent) == 2


def test_what_is_deleted_is_not_given_back() -> None:
    chain = Chain(0, 0)
    chain.add(read(1, "secret"))
    chain.add(read(2, "known"))
    chain.delete([1])
    assert [each.row[TEXT] for each in chain.recent] == ["", "known"]
    assert chain.mark_at(1) == 10
