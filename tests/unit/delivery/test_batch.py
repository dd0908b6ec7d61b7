"""delivery.batch: messages encoded once for many."""

import gc
from itertools import accumulate, combinations
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from gchat.delivery import batch
from gchat.delivery.batch import Batch
from gchat.model.display import PLAIN
from gchat.model.ignoring import Followed, IgnoreList
from gchat.model.message import Kind, Message
from gchat.model.room_log import Cursor
from tests.unit.delivery.short_logs import ENTRIES, READER, Entries, batch_of, log_of, messages_of
from tests.unit.encoding import CountingEncoder, encode

SPOKEN = (Kind.SAY, Kind.ACTION)


def is_place_of(cursor: Cursor, messages: list[Message]) -> bool:
    """Whether `cursor` lies behind one of `messages`, with the right count."""
    return cursor in [Cursor(message.id, message.spoken) for message in messages]


@settings(deadline=None)
@given(ENTRIES)
def test_a_batch_is_the_lines_of_its_messages(entries: Entries) -> None:
    log = log_of(entries)
    messages, whole = messages_of(log), batch_of(log)
    assert whole.data == b"".join(encode(message, PLAIN) for message in messages)
    assert whole.end == Cursor(messages[-1].id, messages[-1].spoken)


@settings(deadline=None)
@given(ENTRIES)
def test_a_batch_without_a_sender_lacks_its_lines_and_nothing_else(
    entries: Entries,
) -> None:
    log = log_of(entries)
    messages, whole = messages_of(log), batch_of(log)
    before = [whole.place(sent) for sent in range(1, len(whole.data) + 1)]
    own = whole.without({READER})
    assert own.data == b"".join(encode(m, PLAIN) for m in messages if m.sender != READER)
    assert own.end == whole.end
    assert [whole.place(sent) for sent in range(1, len(whole.data) + 1)] == before


@settings(deadline=None)
@given(ENTRIES, st.booleans())
def test_wherever_a_batch_is_cut_the_rest_of_one_line_and_what_is_behind_it_complete_it(
    entries: Entries, own_left_out: bool
) -> None:
    log = log_of(entries)
    messages, cut = messages_of(log), batch_of(log)
    if own_left_out:
        cut = cut.without({READER})
    shown = [m for m in messages if not (own_left_out and m.sender == READER)]
    for sent in range(1, len(cut.data) + 1):
        place, rest_of_line = cut.place(sent)
        rest = bytes(rest_of_line)
        assert is_place_of(place, messages)
        behind = b"".join(encode(message, PLAIN) for message in shown if message.id > place.id)
        assert cut.data[:sent] + rest + behind == cut.data
        assert rest.count(b"\n") == bool(rest)  # of one line only


def test_a_cut_at_the_end_of_a_line_leaves_nothing_of_it() -> None:
    cut = batch_of(log_of([(2, Kind.SAY, "ab")]))
    line = len(b"name2: a\n")
    for sent, place, rest in (
        (line, Cursor(1, 1), b""),
        (line - 1, Cursor(1, 1), b"\n"),
        (line + 1, Cursor(2, 2), b"ame2: b\n"),
    ):
        assert cut.place(sent) == (place, memoryview(rest))


def test_all_who_were_cut_in_the_same_line_share_its_bytes() -> None:
    cut = batch_of(log_of([(2, Kind.SAY, ["a" * 1000, "b"])]))
    (_, one), (_, other), (_, author) = cut.place(10), cut.place(20), cut.without({1}).place(30)
    assert one.obj is other.obj is author.obj


@settings(deadline=None)
@given(ENTRIES, st.data())
def test_what_a_sender_said_is_counted_up_to_a_place_without_notices(
    entries: Entries, data: st.DataObject
) -> None:
    log = log_of(entries)
    messages = messages_of(log)
    until = messages[data.draw(st.integers(0, len(messages) - 1))]
    since = data.draw(st.integers(0, until.id))
    counted = batch_of(log).said_by({READER}, Cursor(since, since), Cursor(until.id, until.spoken))
    assert counted == [
        m.id
        for m in messages
        if m.sender == READER and m.kind in SPOKEN and since < m.id <= until.id
    ]


def test_a_batch_ends_at_the_size_of_a_socket_buffer_or_one_message_over_it() -> None:
    ended = batch_of(log_of([(2, Kind.SAY, ["x" * 1000])] * 200))
    assert batch.MAX_BYTES <= len(ended.data) < batch.MAX_BYTES + 1100
    assert ended.end.id == ended.data.count(b"\n")


def test_a_message_over_the_size_of_a_batch_is_one() -> None:
    assert batch_of(log_of([(2, Kind.SAY, ["x" * 2 * batch.MAX_BYTES, "y"])])).end == Cursor(1, 1)


def test_where_lines_end_is_found_once_for_all_who_talk() -> None:
    with patch.object(batch, "encoder", CountingEncoder()) as counting:
        whole = batch_of(log_of([(number, Kind.SAY, ["a", "b"]) for number in range(1, 4)]))
        ends, line = list(whole.ends), len(b"name1: a\n")
        encoded = len(counting.encoded)
        for number in range(1, 4):
            own = whole.without({number})
            sizes = [line * (index // 2 + 1 != number) for index in range(6)]
            assert list(own.ends) == list(accumulate(sizes))
            assert own.spoken is whole.spoken
        assert len(counting.encoded) == encoded
    assert ends == list(range(line, 7 * line, line))


# Those who ignore somebody


def ignoring(numbers: frozenset[int]) -> IgnoreList:
    followed, ignores = Followed(), IgnoreList(READER)
    for number in numbers:
        followed.add(number)
    ignores.add("name", followed)
    return ignores


@settings(deadline=None)
@given(ENTRIES, st.frozensets(st.integers(2, 4)))
def test_a_batch_for_those_who_ignore_some_lacks_their_lines_and_nothing_else(
    entries: Entries, ignored: frozenset[int]
) -> None:
    log = log_of(entries)
    messages, whole = messages_of(log), batch_of(log)
    before = whole.data
    part = whole.ignoring(ignoring(ignored))
    assert part.data == b"".join(encode(m, PLAIN) for m in messages if m.sender not in ignored)
    assert part.end == whole.end
    assert whole.data == before
    for sent in range(1, len(part.data) + 1):
        place, rest = part.place(sent)
        assert is_place_of(place, messages)
        behind = [m for m in messages if m.id > place.id and m.sender not in ignored]
        lines = b"".join(encode(message, PLAIN) for message in behind)
        assert part.data[:sent] + bytes(rest) + lines == part.data


def test_all_who_ignore_the_same_ones_here_share_a_batch_that_is_not_encoded_again() -> None:
    log = log_of([(1, Kind.SAY, "a"), (2, Kind.SAY, "b"), (3, Kind.SAY, "c")])
    with patch.object(batch, "encoder", CountingEncoder()) as counting:
        whole = batch_of(log)
        part = whole.ignoring(ignoring(frozenset({2})))
        assert whole.ignoring(ignoring(frozenset({2}))) is part
        assert whole.ignoring(ignoring(frozenset({2, 99}))) is part  # who is not heard here anyway
        assert whole.ignoring(ignoring(frozenset({2, 3}))) is not part
        assert counting.encoded == messages_of(log)


def test_who_ignores_nobody_of_these_gets_the_batch_of_all() -> None:
    whole = batch_of(log_of([(1, Kind.SAY, "a")]))
    assert whole.ignoring(ignoring(frozenset())) is whole
    assert whole.ignoring(ignoring(frozenset({2, 3}))) is whole


def test_what_is_left_out_for_one_who_ignores_some_and_has_spoken_is_both() -> None:
    log = log_of([(1, Kind.SAY, "a"), (2, Kind.SAY, "b"), (3, Kind.SAY, "c")])
    own = batch_of(log).ignoring(ignoring(frozenset({2}))).without({1})
    assert own.data == encode(messages_of(log)[2], PLAIN)
    assert own.said_by({1}, Cursor(0, 0), own.end) == [1]


def test_with_as_many_ignore_lists_as_there_are_clients_no_more_batches_are_kept() -> None:
    senders = range(1, 11)
    whole = batch_of(log_of([(number, Kind.SAY, "a") for number in senders]))
    lists = [frozenset(some) for count in range(1, 5) for some in combinations(senders, count)]
    assert len(lists) > 2 * batch.MAX_SHARED
    before = batches_in_memory()
    for ignored in lists:
        whole.ignoring(ignoring(ignored))
    assert batches_in_memory() - before <= batch.MAX_SHARED


def batches_in_memory() -> int:
    gc.collect()
    return sum(isinstance(each, Batch) for each in gc.get_objects())


def test_what_is_gone_has_no_bytes_and_is_still_counted() -> None:
    log = log_of([(READER, Kind.SAY, "a"), (2, Kind.SAY, "bc")])
    log.delete([1, 3])
    batch = batch_of(log)
    assert batch.data == b"name2: b\n"
    assert batch.end == Cursor(3, 3)
    assert batch.said_by({READER}, Cursor(0, 0), batch.end) == [1]
