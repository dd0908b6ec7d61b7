"""What the victim counts: pure, no server."""

from math import inf

from tests.attacks.figures import Ordeal, Phase, percentile, table
from tests.attacks.victim import Listener


def heard(*portions: bytes, talkers: int = 1) -> Listener:
    bob = Listener(talkers)
    for now, portion in enumerate(portions, 1):
        bob.feed(portion, now)
    return bob


def test_each_of_anns_lines_came_when_its_end_came() -> None:
    bob = heard(b"ann: 0 a\nann: 1 b\nan", b"n: 2", b" c", b"\nann: 3 d\n")
    assert bob.arrivals == [1, 1, 4, 4]
    assert bob.has_got(0, 4)
    assert not bob.has_got(0, 5)
    assert bob.disordered == bob.others == bob.presence == bob.missed == 0


def test_a_line_that_is_left_out_did_not_come() -> None:
    bob = heard(b"ann: 0 a\nann: 3 d\n")
    assert bob.arrivals == [1, 0, 0, 1]
    assert not bob.has_got(0, 4)


def test_several_who_talk_may_overtake_each_other_but_not_themselves() -> None:
    bob = heard(b"ann1: 1 b\nann: 2 c\n", b"ann1: 3 d\nann: 0 a\n", talkers=2)
    assert bob.arrivals == [0, 1, 1, 2]
    assert bob.disordered == 1


def test_a_line_that_comes_again_or_too_late_is_disordered() -> None:
    bob = heard(b"ann: 0 a\nann: 0 a\nann: 2 c\nann: 1 b\nann: 3 d\n")
    assert bob.disordered == 2
    assert bob.arrivals == [1, 0, 1, 1]


def test_what_others_say_is_counted_and_is_nothing_of_anns() -> None:
    bob = heard(b"carl: ann: 0 a\ncarl:\nann: 0 a\n", b" * carl set the topic: x\n")
    assert (bob.others, bob.arrivals, bob.presence) == (3, [1], 0)


def test_notices_of_who_comes_and_goes_are_counted() -> None:
    bob = heard(
        b" * carl, dora and 3 others joined\n * eve left\n",
        b" * 127.0.0.1:7 came and went\n * carl is now joined up\n",
    )
    assert (bob.presence, bob.others) == (3, 1)


def test_the_lines_that_are_gone_are_added_up() -> None:
    bob = heard(b" * You missed 12 messages: so slow\nann: 12 x\n * You missed 1 message: x\n")
    assert (bob.missed, bob.others) == (13, 0)


def phase(*latencies: float, said: int = 0, **counts: int) -> Phase:
    none = {"disordered": 0, "missed": 0, "presence": 0, "others": 0}
    return Phase(said or len(latencies), list(latencies), [], **{**none, **counts})


def test_a_phase_is_exact_if_nothing_was_lost_and_nothing_disordered() -> None:
    assert phase(0.1, 0.2).is_exact
    assert not phase(0.1, 0.2, said=3).is_exact
    assert not phase(0.1, disordered=1).is_exact
    assert not phase(0.1, missed=1).is_exact


def test_a_percentile_is_one_of_the_values() -> None:
    hundred = [number / 100 for number in range(1, 101)]
    assert percentile(hundred, 50) == 0.5
    assert percentile(hundred, 99) == 0.99
    assert percentile([3.0], 99) == 3.0
    assert percentile([], 99) == inf


def test_the_table_has_a_row_for_each_attack() -> None:
    ordeal = Ordeal("a flood", phase(0.001, 0.002), phase(0.004, 0.008), 4.0, 3 * 2**20, 0.1)
    assert ordeal.ratio == 4
    assert ordeal.is_exact
    assert ordeal.is_disturbed
    assert not ordeal.is_late
    assert ordeal._replace(attack=phase(0.021)).is_late
    assert table([ordeal])[2:] == [
        "| a flood | 1.00 | 2.00 | 4.00 | 8.00 | 4.0 | 2 + 2 | +3.0 | 2.5% |",
    ]
