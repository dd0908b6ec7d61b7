"""chat.commands.table: how a line finds its command, and what is said if it finds none."""

from operator import attrgetter

import pytest

from chat.commands import TABLE, Command, Refused
from chat.commands.table import MEANT, find
from tests.unit.commands.typing_lines import refusal, shown, told
from tests.unit.peers import Company, Peer


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_every_command_has_a_summary_and_an_example_that_calls_it(entry: Command) -> None:
    assert entry.summary[0].islower()
    assert not entry.summary.endswith(".")
    assert entry.example.split()[0] == entry.name
    entry.split(entry.example.partition(" ")[2])


# Names of commands


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


def test_what_may_be_several_commands_is_refused_with_all_of_them(
    company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, "/wh")
    candidates = [name for name in TABLE if name.startswith("/wh")]
    assert len(candidates) > 2
    assert f"it may be {', '.join(candidates[:-1])} or {candidates[-1]}" in why


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


@pytest.mark.parametrize("typed", MEANT)
def test_what_other_places_call_a_command_leads_to_it(
    typed: str, company: Company, ann: Peer
) -> None:
    assert MEANT[typed] in TABLE
    assert typed not in TABLE
    for spelled in (typed, typed.upper()):
        assert f"did you mean {MEANT[typed]}?" in refusal(company, ann, f"{spelled} something")


@pytest.mark.parametrize("line", ["/", "/ nick", "/zzzzzz", "/" + "\u4e00" * 60_000])
def test_what_is_near_no_command_is_refused_with_where_to_look(
    line: str, company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, line)
    assert "/help" in why
    assert "another /" in why
    assert len(why) < 200


def test_an_unknown_command_is_shown_to_nobody(company: Company, ann: Peer, bob: Peer) -> None:
    refusal(company, ann, "/mgs bob a secret")
    assert shown(company, bob) == []


# Arguments


def _with(presence: bool) -> list[Command]:
    return [e for e in TABLE.values() if bool(e.arguments and e.arguments[0] != "[") is presence]


@pytest.mark.parametrize("entry", _with(True), ids=attrgetter("name"))
def test_a_missing_argument_is_answered_with_the_usage_and_an_example(
    entry: Command, company: Company, ann: Peer, bob: Peer
) -> None:
    expected = f"usage: {entry.usage}, for example: {entry.example}"
    some = " ".join(["bob"] * (len(entry.arguments.split()) - 1))
    for typed in (entry.name, f"{entry.name} \t ", f"{entry.name} {some} "):
        assert refusal(company, ann, typed) == expected
    assert shown(company, bob) == []


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if not e.arguments], ids=attrgetter("name")
)
def test_what_a_command_does_not_take_is_refused_with_its_usage(
    entry: Command, company: Company, ann: Peer, bob: Peer
) -> None:
    assert refusal(company, ann, f"{entry.name} now") == f"usage: {entry.usage}"
    assert shown(company, bob) == []


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if "on|off" in e.arguments], ids=attrgetter("name")
)
def test_a_switch_takes_on_and_off_in_any_case_and_tells_how_it_is(
    entry: Command, company: Company, ann: Peer
) -> None:
    def state(answer: list[str]) -> bool:
        return " is on" in answer[0]

    assert state(told(company, ann, f"{entry.name} On"))
    if entry.name != "/json":  # without an argument, that asks for it
        assert state(told(company, ann, entry.name))
    assert not state(told(company, ann, f"{entry.name} OFF"))
    if entry.name != "/json":
        assert not state(told(company, ann, entry.name))


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if "on|off" in e.arguments], ids=attrgetter("name")
)
@pytest.mark.parametrize("wrong", ["maybe", "on off", "1"])
def test_a_switch_refuses_what_is_neither_on_nor_off_and_stays_as_it_is(
    entry: Command, wrong: str, company: Company, ann: Peer
) -> None:
    look, rings = ann.client.look, ann.client.rings
    refusal(company, ann, f"{entry.name} {wrong}")
    assert (ann.client.look, ann.client.rings) == (look, rings)


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("/me a  b ", " ** bob a  b "),
        ("/me   a", " ** bob   a"),
        ("/msg ann a  b ", "bob -> ann: a  b "),
        ("/msg   ann  a", "bob -> ann:  a"),
        ("/MSG\u00a0ann\u3000a  b", "bob -> ann: a  b"),
    ],
)
def test_what_somebody_says_is_taken_as_it_was_typed_behind_one_blank(
    line: str, seen: str, company: Company, ann: Peer, bob: Peer
) -> None:
    told(company, bob, line)
    assert shown(company, ann) == [seen]
