"""model.runs: what one sender has said in one go is one entry."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gchat.model.message import Kind, Message, Utterance
from gchat.model.runs import (
    COUNT,
    ID,
    MOST_CHARACTERS,
    MOST_MESSAGES,
    TEXT,
    Run,
    deleted,
    join,
    messages_of,
    part_of,
    place,
    rows_of,
    run_of,
    start_of,
    take,
)

TEXTS = st.lists(
    st.one_of(
        st.text("ab\n", max_size=3),
        st.just("x" * MOST_CHARACTERS),
        st.just("y" * (MOST_CHARACTERS // 3)),
    ),
    max_size=8,
)

KINDS = st.sampled_from([Kind.SAY, Kind.ACTION, Kind.NOTICE])

UTTERANCES = st.lists(
    st.builds(Utterance, st.floats(1, 9), KINDS, TEXTS, st.integers(1, 3), st.just("ann")),
    max_size=4,
)


def placed(*texts: str, kind: str = Kind.SAY) -> list[Run]:
    return place("lobby", 7, (10, 5), 1.0, [Utterance(2.0, kind, texts, 3, "ann", "mark")])


@given(UTTERANCES)
def test_each_text_is_a_message_whatever_is_in_it_and_ids_follow_one_another(
    utterances: list[Utterance],
) -> None:
    runs = place("lobby", 7, (10, 5), 3.0, utterances)
    messages = [message for run in runs for message in messages_of(run)]
    texts = [text for utterance in utterances for text in utterance.texts]
    assert [message.text for message in messages] == texts
    assert [message.id for message in messages] == [*range(11, 11 + len(texts))]
    spoken, latest, left = 5, 3.0, iter(messages)
    for utterance in utterances:
        latest = max(latest, utterance.time)
        for _ in utterance.texts:
            spoken += utterance.kind != Kind.NOTICE
            message = next(left)
            assert (message.spoken, message.time, message.epoch) == (spoken, latest, 7)
            assert (message.kind, message.sender) == (utterance.kind, utterance.sender)


@given(UTTERANCES)
def test_runs_are_bounded_and_have_the_messages_of_one_utterance(
    utterances: list[Utterance],
) -> None:
    runs = place("lobby", 7, (0, 0), 0.0, utterances)
    for run in runs:
        assert run[COUNT] == 1 or len(run[TEXT]) <= MOST_CHARACTERS + MOST_MESSAGES
        assert run[COUNT] == len(rows_of(run)) <= MOST_MESSAGES
    left = iter(runs)
    for utterance in utterances:
        taken = take(left, len(utterance.texts))
        assert [m.text for run in taken for m in messages_of(run)] == [*utterance.texts]


def test_lines_that_are_said_together_are_one_run_of_so_many_at_the_most() -> None:
    assert [run[COUNT] for run in placed(*["x"] * 600)] == [256, 256, 88]
    assert [run[COUNT] for run in placed("a", "b\nc", "d", "e")] == [1, 1, 2]
    assert placed() == []


def singles(utterances: list[Utterance]) -> list[Run]:
    """Each message as a run of its own."""
    runs = place("lobby", 7, (10, 5), 1.0, utterances)
    return [run_of(message) for run in runs for message in messages_of(run)]


@given(UTTERANCES)
def test_runs_that_are_joined_have_the_same_messages(utterances: list[Utterance]) -> None:
    runs = singles(utterances)
    joined = join(runs)
    assert [m for run in joined for m in messages_of(run)] == list(map(message_of, runs))
    assert [*join(joined)] == [*joined]


def message_of(run: Run) -> Message:
    (message,) = messages_of(run)
    return message


def test_single_messages_of_one_sender_and_time_are_joined() -> None:
    ann = Utterance(2.0, Kind.SAY, ["a", "b", "c"], 1, "ann")
    others = [
        ann._replace(sender=2),
        ann._replace(name="bob"),
        ann._replace(kind=Kind.ACTION),
        ann._replace(time=3.0),
    ]
    counts = [run[COUNT] for run in join(singles([each for one in others for each in (ann, one)]))]
    assert counts == [3] * 8
    assert [run[COUNT] for run in join(singles([ann._replace(texts=["x"] * 300)]))] == [256, 44]
    alone = [ann._replace(kind=Kind.NOTICE), ann._replace(texts=["a"], ref=1)]
    assert all(run[COUNT] == 1 for each in alone for run in join(singles([each, each])))


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=6), KINDS, st.data())
def test_a_part_of_a_run_has_some_of_its_messages(
    texts: list[str], kind: str, data: st.DataObject
) -> None:
    (run,) = placed(*texts, kind=kind)
    messages = messages_of(run)
    last = data.draw(st.integers(8, 10 + len(texts) - 1))
    stop = data.draw(st.integers(max(last, 10) + 1, 10 + len(texts) + 2))
    part = part_of(run, last, stop)
    assert messages_of(part) == [m for m in messages if last < m.id <= stop]
    first = messages_of(part)[0]
    assert start_of(part) == (first.id - 1, first.spoken_before)


@given(st.lists(st.text("ab", max_size=3), min_size=1, max_size=6), st.data())
def test_what_is_deleted_of_a_run_keeps_its_place(texts: list[str], data: st.DataObject) -> None:
    (run,) = placed(*texts)
    messages = messages_of(run)
    gone = data.draw(st.sets(st.sampled_from([m.id for m in messages])))
    runs = deleted(run, sorted(gone))
    assert [m for each in runs for m in messages_of(each)] == [
        m.without_text() if m.id in gone else m for m in messages
    ]
    assert all(later[ID] - later[COUNT] == earlier[ID] for earlier, later in pairwise(runs))


def test_the_run_of_a_message_is_that_message() -> None:
    (message,) = messages_of(placed("a\nb")[0])
    assert messages_of(run_of(message)) == [message]
