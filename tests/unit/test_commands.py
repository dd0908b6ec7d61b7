"""chat.commands: the table, and what each entry does."""

import re
import timeit
from collections.abc import Iterator

import pytest

from chat import commands
from chat.client import Dismissed
from chat.commands import TABLE, Command, Refused, groups
from chat.commands.rooms import NAMES_SHOWN
from chat.commands.table import find
from tests.unit.peers import Company, Peer


@pytest.fixture
def company() -> Iterator[Company]:
    """Without a broadcaster: what a client is told stays where it can be looked at."""
    with Company(broadcasting=False) as company:
        yield company


@pytest.fixture
def ann(company: Company) -> Peer:
    peer = company.join("ann")
    peer.client.person = True
    return peer


def told(company: Company, peer: Peer, line: str) -> list[str]:
    """What the client of `peer` is told when it types `line`."""
    commands.run(company.hub, peer.client, line)
    lines = []
    while peer.client.owed:
        lines += peer.client.take_owed().decode().splitlines()
    return [line.removeprefix(" * ") for line in lines]


def refusal(company: Company, peer: Peer, line: str) -> str:
    with pytest.raises(Refused) as refused:
        commands.run(company.hub, peer.client, line)
    return str(refused.value)


def test_help_lists_the_usage_of_every_command_by_group(company: Company, ann: Peer) -> None:
    lines = told(company, ann, "/help")
    assert {"/help", "/who", "/nick", "/quit"} <= TABLE.keys()
    for group, entries in groups().items():
        assert [line for line in lines if line.startswith(f"  {group} ")]
        for entry in entries:
            assert [line for line in lines if f"  {entry.usage}  " in f"{line}  "]
    assert any("//TEXT" in line for line in lines)


@pytest.mark.parametrize("asked", ["nick", "/nick", "/ni", "NICK"])
def test_help_explains_a_command_with_an_example(asked: str, company: Company, ann: Peer) -> None:
    lines = told(company, ann, f"/help {asked}")
    assert lines[0] == "/nick NAME: be called NAME"
    assert lines[-1] == "  for example: /nick ann"
    assert len(lines) > 2


def test_help_explains_the_commands_of_a_group(company: Company, ann: Peer) -> None:
    lines = told(company, ann, "/help people")
    entries = groups()["people"]
    assert [line.split()[0] for line in lines] == [entry.name for entry in entries]
    assert all(line.endswith(f"  {e.summary}") for line, e in zip(lines, entries, strict=True))


def test_help_with_what_is_no_command_is_refused(company: Company, ann: Peer) -> None:
    assert "did you mean /nick?" in refusal(company, ann, "/help nikc")


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_every_command_has_a_summary_and_an_example_that_calls_it(entry: Command) -> None:
    assert entry.summary[0].islower()
    assert not entry.summary.endswith(".")
    assert entry.example.split()[0] == entry.name
    entry.split(entry.example.partition(" ")[2])


def test_a_command_may_be_cut_short_as_long_as_it_is_the_only_one() -> None:
    for name in TABLE:
        for length in range(2, len(name)):
            typed = name[:length]
            others = [other for other in TABLE if other.startswith(typed)]
            if typed in TABLE:
                assert find(typed).name == typed
            elif others == [name]:
                assert find(typed.upper()).name == name
            else:
                with pytest.raises(Refused, match=r"it may be|did you mean"):
                    find(typed)


def test_a_command_is_known_in_any_case_and_with_blanks_around_its_argument(
    company: Company, ann: Peer
) -> None:
    assert told(company, ann, "/NICK  \t anna  ") == ["you are now anna"]
    assert ann.client.name == "anna"


@pytest.mark.parametrize(
    ("line", "nearest"), [("/nik bob", "/nick"), ("/hlep", "/help"), ("/quti", "/quit")]
)
def test_an_unknown_command_is_refused_with_the_nearest_one(
    line: str, nearest: str, company: Company, ann: Peer
) -> None:
    assert f"did you mean {nearest}?" in refusal(company, ann, line)


@pytest.mark.parametrize("line", ["/", "/ nick", "/zzzzzz", "/" + "\u4e00" * 60_000])
def test_what_is_near_no_command_is_refused_with_where_to_look(
    line: str, company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, line)
    assert "/help" in why
    assert "another /" in why
    assert len(why) < 200


@pytest.mark.parametrize("typed", ["/exit", "/bye", "/LOGOUT"])
def test_what_ends_other_programs_leads_to_quit(typed: str, company: Company, ann: Peer) -> None:
    assert "did you mean /quit?" in refusal(company, ann, typed)


@pytest.mark.parametrize("line", ["/quit now", "/nick"])
def test_what_a_command_does_not_take_is_refused_with_its_usage(
    line: str, company: Company, ann: Peer
) -> None:
    assert refusal(company, ann, line).startswith(f"usage: {line.split()[0]}")


def test_who_lists_everybody_by_name(company: Company, ann: Peer) -> None:
    company.join("zoe")
    other = company.join()
    assert told(company, ann, "/who") == [f"#lobby, 3 here: {other.client.name}, ann and zoe"]


def test_who_of_very_many_stays_short(company: Company, ann: Peer) -> None:
    for number in range(NAMES_SHOWN + 10):
        company.join(f"name{number:04}")
    (line,) = told(company, ann, "/who")
    assert line.startswith(f"#lobby, {NAMES_SHOWN + 11} here: ann, ")
    assert line.endswith(" and 11 others")


def test_nick_without_a_name_tells_how_it_is_used(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, "/nick") == "usage: /nick NAME, for example: /nick ann"


@pytest.mark.parametrize("name", ["a b", "127.0.0.1", "a" * 100, "\\x1b", "!", "\u0301"])
def test_nick_refuses_what_is_not_a_name_with_the_reason_and_a_free_one(
    name: str, company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, f"/nick {name}")
    assert re.search(r"^that cannot be a name: .{5,}; \S+ is free$", why)
    commands.run(company.hub, ann.client, f"/nick {why.split()[-3]}")


@pytest.mark.parametrize("typed", ["a" + "\u0315\u0300" * 30_000, "\ufdfa" * 20_000])
def test_a_name_of_great_length_costs_about_what_a_short_one_does(
    typed: str, company: Company, ann: Peer
) -> None:
    def seconds(name: str) -> float:
        return min(timeit.repeat(lambda: refusal(company, ann, f"/nick {name}"), number=1))

    assert seconds(typed) < 100 * seconds("a b")


def test_nick_refuses_a_taken_name_with_a_free_one(company: Company, ann: Peer) -> None:
    bob = company.join("bob")
    why = refusal(company, bob, "/nick ANN")
    assert re.fullmatch(
        r"the name ANN is taken: ann has had it since \d\d:\d\d and was last heard of \d+ s ago; "
        r"ANN2 is free",
        why,
    )


def test_quit_says_goodbye_and_leaves(company: Company, ann: Peer) -> None:
    with pytest.raises(Dismissed, match="quit"):
        commands.run(company.hub, ann.client, "/quit")
    assert ann.client.take_owed() == b" * goodbye\n"
