"""tests.checker: it finds nothing wrong where nothing is, and each way in which it can be."""

from collections.abc import Callable

import pytest

from tests.checker.histories import FILE, Fault, Gap, History, Line, Witness, faults


def line(number: int, text: str, epoch: str = "one") -> Line:
    return Line(epoch, number, text, 1000.0 + number)


A1, B1, A2, A3 = line(1, "a1"), line(2, "b1"), line(3, "a2"), line(5, "a3")
"""What Ann and Bob have said; number 4 is a notice of the server's."""
EARLY = line(1, "a4", "two")._replace(time=1500.0)
"""What Ann says after the server was killed, and the clock set back."""


def right() -> History:
    """A history in which every promise was kept."""
    return History(
        {
            "ann": Witness(["a1", "a2", "a3"], [A1, A2], [B1], reads_to_the_end=True),
            "bob": Witness(["b1"], [], [A1, A2, A3], reads_to_the_end=True),
            "cleo": Witness([], [], [A1, B1, A2, A3], reads_to_the_end=True),
            "dora": Witness([], [], [B1, A2]),
        },
        [A1, B1, A2, A3],
    )


def show(name: str, *events: Line | Gap) -> Callable[[History], None]:
    """Have a client be shown this."""

    def change(history: History) -> None:
        history.witnesses[name].shown = [*events]

    return change


def say(name: str, text: str) -> Callable[[History], None]:
    """Have a client have said one thing more."""

    def change(history: History) -> None:
        history.witnesses[name].sent.append(text)

    return change


def store(*lines: Line) -> Callable[[History], None]:
    """Have the file hold this."""

    def change(history: History) -> None:
        history.stored = [*lines]

    return change


def answer(name: str, *lines: Line) -> Callable[[History], None]:
    """Have a client be told that this is said."""

    def change(history: History) -> None:
        history.witnesses[name].answered = [*lines]

    return change


def lose(count: int) -> Callable[[History], None]:
    """Have the server say that it has lost so many."""

    def change(history: History) -> None:
        history.lost = count

    return change


WRONG: dict[str, tuple[list[Callable[[History], None]], set[Fault]]] = {
    "a client is shown what nobody has said": (
        [show("dora", line(6, "x"))],
        {Fault("invented", "dora", "x"), Fault("not stored", "dora", "x")}
        | {Fault("skipped", name, "x") for name in ("ann", "bob", "cleo")},
    ),
    "a client is told that it has said what another one has": (
        [answer("bob", A1)],
        {Fault("invented", "bob", "a1")},
    ),
    "a client is shown a line twice": (
        [show("dora", A1, A1)],
        {Fault("repeated", "dora", "a1"), Fault("disordered", "dora", "a1")},
    ),
    "the file holds a line twice": (
        [store(A1, B1, A2, A3, line(6, "a3"))],
        {
            Fault("repeated", FILE, "a3"),
            Fault("two places", FILE, "a3"),
            Fault("skipped", "bob", "a3"),
            Fault("skipped", "cleo", "a3"),
        },
    ),
    "a client is shown its own line": (
        [show("ann", A1, B1)],
        {Fault("echoed", "ann", "a1")},
    ),
    "two clients are shown a line with two ids": (
        [show("dora", line(7, "a1"))],
        {
            Fault("two places", "dora", "a1"),
            Fault("skipped", "bob", "a1"),
            Fault("skipped", "cleo", "a1"),
        },
    ),
    "a client is told another id than others are shown": (
        [answer("ann", line(9, "a1"))],
        {
            Fault("two places", "ann", "a1"),
            Fault("skipped", "bob", "a1"),
            Fault("skipped", "cleo", "a1"),
        },
    ),
    "an id is given out twice in an epoch": (
        [show("dora", line(2, "a2"))],
        {
            Fault("two places", "dora", "a2"),
            Fault("two texts", "dora", "a2"),
        },
    ),
    "ids fall": (
        [show("cleo", B1, A1, A2, A3)],
        {
            Fault("disordered", "cleo", "a1"),
            Fault("time falls", "cleo", "a1"),
            Fault("skipped", "cleo", "b1"),
        },
    ),
    "an epoch comes back": (
        [show("dora", line(1, "a1"), line(1, "b1", "two"), line(3, "a2"))],
        {Fault("two places", "dora", "b1"), Fault("disordered", "dora", "a2")},
    ),
    "times fall": (
        [show("dora", B1._replace(time=2000.0), A2)],
        {Fault("time falls", "dora", "a2")},
    ),
    "times fall over a restart": (
        [
            say("ann", "a4"),
            store(A1, B1, A2, A3._replace(time=3000.0), line(1, "a4", "two")),
            show("dora", A3._replace(time=3000.0), line(1, "a4", "two")),
        ],
        {Fault("time falls", FILE, "a4"), Fault("time falls", "dora", "a4")},
    ),
    "times fall within an epoch of which a kill has lost the end": (
        [
            say("ann", "a4"),
            lose(2),
            store(A1, B1, A2),
            show("dora", A3._replace(time=3000.0), line(6, "a4")),
            show("bob", A1, A2, A3, line(6, "a4")),
            show("cleo", A1, B1, A2, A3, line(6, "a4")),
        ],
        {Fault("time falls", "dora", "a4")},
    ),
    "times fall behind what a kill has left": (
        [
            say("ann", "a4"),
            lose(1),
            store(A1, B1, A2._replace(time=2000.0), line(1, "a4", "two")._replace(time=2000.0)),
            show("dora", A2._replace(time=2000.0), A3._replace(time=3000.0), EARLY),
        ],
        {Fault("time falls", "dora", "a4")},
    ),
    "the lines of one sender change places": (
        [show("dora", line(1, "a2", "two"), line(2, "a1", "two")), show("bob", A3)],
        {
            Fault("two places", "dora", "a1"),
            Fault("two places", "dora", "a2"),
            Fault("rearranged", "dora", "a1"),
        },
    ),
    "a client is not shown a line": (
        [show("cleo", A1, A2, A3)],
        {Fault("skipped", "cleo", "b1")},
    ),
    "a client is not shown the last line": (
        [show("cleo", A1, B1, A2)],
        {Fault("skipped", "cleo", "a3")},
    ),
    "a client is told that it missed less than it has": (
        [show("cleo", A1, Gap(1), A3)],
        {Fault("skipped", "cleo", "b1")},
    ),
    "what was shown is not stored": (
        [store(A1, B1, A2)],
        {Fault("not stored", "bob", "a3")},
    ),
    "what was acknowledged is not stored": (
        [
            answer("ann", A1, A2, A3),
            show("bob", A1, A2),
            show("cleo", A1, B1, A2),
            store(A1, B1, A2),
        ],
        {
            Fault("not stored", "ann", "a3"),
            Fault("skipped", "bob", "a3"),
            Fault("skipped", "cleo", "a3"),
        },
    ),
    "more is not stored than the server has counted": (
        [store(A1, B1), lose(1)],
        {Fault("not stored", "bob", "a2")},
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_each_fault_is_found_and_named(what: str) -> None:
    history = right()
    changes, expected = WRONG[what]
    for change in changes:
        change(history)
    assert {*faults(history)} == expected


RIGHT: dict[str, list[Callable[[History], None]]] = {
    "everything": [],
    "a line that was counted as lost is not stored": [store(A1, B1, A3), lose(1)],
    "a client was told how much it missed": [show("cleo", A1, Gap(2), A3)],
    "a client was told that it missed something": [show("cleo", A1, Gap(), A3)],
    "a client that leaves is not shown what follows": [show("dora", A1)],
    "a client that comes late is not shown what was before": [show("dora", A3)],
    "there is no file": [lambda history: setattr(history, "stored", None)],
    "times fall behind what a kill has lost": [
        say("ann", "a4"),
        lose(1),
        store(A1, B1, A2, EARLY),
        show("dora", A2, A3._replace(time=3000.0), EARLY),
    ],
    "a second epoch has the ids of the first one": [
        lambda history: history.witnesses["bob"].sent.append("b2"),
        lambda history: history.witnesses["dora"].shown.append(line(1, "b2", "two")),
        store(A1, B1, A2, A3, line(1, "b2", "two")._replace(time=3000.0)),
        lambda history: setattr(
            history.witnesses["dora"],
            "shown",
            [A1, B1, line(1, "b2", "two")._replace(time=3000.0)],
        ),
    ],
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right_has_no_faults(what: str) -> None:
    history = right()
    for change in RIGHT[what]:
        change(history)
    assert faults(history) == []
