"""commands.table: how a line finds its command, and what is said if it finds none."""

import re
import time
from contextlib import suppress
from operator import attrgetter

import pytest

from gchat.commands import TABLE, Command, Refused, groups
from gchat.commands.suggestions import HINTS, SYNONYMS
from gchat.commands.table import as_said, find, is_command
from gchat.config.password import Password
from gchat.hub.client import Dismissed
from gchat.model.sanctions import Sanction
from tests.unit.commands.typing_lines import person, refusal, run, shown, told
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
            meant = [other for other in others if not TABLE[other].in_full]
            if typed in TABLE:
                assert find(typed).name == typed
            elif len(meant) == 1:
                assert find(typed.upper()).name == meant[0]
            else:
                with pytest.raises(Refused, match=r"did you mean|must be typed in full"):
                    find(typed)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *(("/sh", "/shutdown"), ("/shutdow", "/shutdown"), ("/forge", "/forget")),
        *(("/d", "/delete"), ("/KIC", "/kick"), ("/kick", ""), ("/ban", "")),
    ],
)
def test_what_cannot_be_undone_has_to_be_typed_in_full(
    typed: str, name: str, company: Company, op: Peer
) -> None:
    why = refusal(company, op, f"{typed} help")
    assert (f"; {name} must be typed in full (" in why) if name else ("in full" not in why)
    assert not company.hub.shutdown.cancel()


def test_what_has_to_be_typed_in_full_leaves_its_beginnings_to_others() -> None:
    in_full = {name for name, entry in TABLE.items() if entry.in_full}
    assert in_full == {"/forget", "/shutdown", "/delete", "/ban", "/kick", "/release"}
    assert find("/ba").name == "/bans"
    assert find("/ban").name == "/ban"
    assert find("/fi").name == find("/f").name == "/find"


def test_what_may_be_several_commands_is_refused_with_all_of_them(
    company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, "/wh")
    candidates = [name for name in TABLE if name.startswith("/wh")]
    assert len(candidates) > 2
    assert f"did you mean {', '.join(candidates[:-1])} or {candidates[-1]}?" in why


def test_a_command_is_known_in_any_case_and_with_blanks_around_its_argument(
    company: Company, ann: Peer
) -> None:
    assert told(company, ann, "/NICK  \t anna  ") == ["You are now anna"]
    assert ann.client.name == "anna"


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        *(("/nik bob", "/nick"), ("/hlep", "/help"), ("/quti", "/quit"), ("/jion", "/join")),
        *(("/histroy", "/history"), ("/ingore", "/ignore"), ("/nikc", "/nick"), ("/hwo", "/who")),
        *(("/topics", "/topic"), ("/exti", "/quit"), ("/shutdonw", "/shutdown")),
    ],
)
def test_an_unknown_command_is_refused_with_the_nearest_one(
    line: str, nearest: str, company: Company, ann: Peer
) -> None:
    assert f"did you mean {nearest}?" in refusal(company, ann, line)


@pytest.mark.parametrize("typed", SYNONYMS)
def test_what_other_places_call_a_command_leads_to_it(
    typed: str, company: Company, ann: Peer
) -> None:
    assert SYNONYMS[typed] in TABLE
    assert typed not in TABLE
    for spelled in (typed, typed.upper()):
        assert f"did you mean {SYNONYMS[typed]}?" in refusal(company, ann, f"{spelled} something")


@pytest.mark.parametrize("typed", HINTS)
def test_what_other_places_have_and_this_one_has_not_is_answered_with_what_to_do(
    typed: str, company: Company, ann: Peer
) -> None:
    assert typed not in {*TABLE, *SYNONYMS}
    expected = f"Unknown command {typed}; {HINTS[typed]} (to send it as text: /{typed})"
    assert refusal(company, ann, f"{typed} something") == expected
    for named in re.findall(r"/[a-z]+", HINTS[typed]):
        assert named in TABLE


@pytest.mark.parametrize("typed", ["/logn", "/cleer"])
def test_a_slip_in_such_a_word_is_answered_as_the_word_is(
    typed: str, company: Company, ann: Peer
) -> None:
    assert HINTS[{"/logn": "/login", "/cleer": "/clear"}[typed]] in refusal(company, ann, typed)


@pytest.mark.parametrize(
    "typed", ["/frob", "/tmp", "/etc", "/home", "/xyzzy", "/nosuch", "/foo", "/rom", "/tops"]
)
def test_what_only_looks_a_little_like_a_command_suggests_none(
    typed: str, company: Company, ann: Peer
) -> None:
    expected = f"Unknown command {typed}; /help lists the commands (to send it as text: /{typed})"
    assert refusal(company, ann, typed) == expected


@pytest.mark.parametrize("line", ["/", "/ nick", "/zzzzzz", "/" + "\u4e00" * 60_000])
def test_what_is_near_no_command_is_refused_with_where_to_look(
    line: str, company: Company, ann: Peer
) -> None:
    why = refusal(company, ann, line)
    assert "/help" in why
    assert "to send it as text: //" in why
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
    ann.client.operator = True
    expected = f"Usage: {entry.usage}, for example: {entry.example}"
    needed = [argument for argument in entry.arguments.split() if argument[0] != "["]
    some = " ".join(["bob"] * (len(needed) - 1))
    for typed in (entry.name, f"{entry.name} \t ", f"{entry.name} {some} "):
        assert refusal(company, ann, typed) == expected
    assert shown(company, bob) == []


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if not e.arguments], ids=attrgetter("name")
)
def test_what_a_command_does_not_take_is_refused_with_its_usage(
    entry: Command, company: Company, ann: Peer, bob: Peer
) -> None:
    ann.client.operator = True
    assert refusal(company, ann, f"{entry.name} now") == f"Usage: {entry.usage}"
    assert shown(company, bob) == []


SWITCHED = {
    "/quiet": ("Joins and leaves are hidden", "Joins and leaves are shown"),
    "/time": ("Times are shown", "Times are not shown"),
    "/bell": ("The bell is on", "The bell is off"),
    "/color": ("Names are in colour", "Names are not in colour"),
    "/redraw": ("Redrawing is on", "Redrawing is off"),
    "/json": ("JSON is on", "JSON is off"),
}


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if "on|off" in e.arguments], ids=attrgetter("name")
)
def test_a_switch_takes_on_and_off_in_any_case_and_tells_how_it_is(
    entry: Command, company: Company, ann: Peer
) -> None:
    is_on, is_off = SWITCHED[entry.name]
    assert is_on in told(company, ann, f"{entry.name} On")[0]
    if entry.name != "/json":  # without an argument, that asks for it
        assert is_on in told(company, ann, entry.name)[0]
    assert is_off in told(company, ann, f"{entry.name} OFF")[0]
    if entry.name != "/json":
        assert is_off in told(company, ann, entry.name)[0]


@pytest.mark.parametrize(
    "entry", [e for e in TABLE.values() if "on|off" in e.arguments], ids=attrgetter("name")
)
@pytest.mark.parametrize("wrong", ["maybe", "on off", "1"])
def test_a_switch_refuses_what_is_neither_on_nor_off_and_stays_as_it_is(
    entry: Command, wrong: str, company: Company, ann: Peer
) -> None:
    display, rings = ann.client.display, ann.client.rings
    refusal(company, ann, f"{entry.name} {wrong}")
    assert (ann.client.display, ann.client.rings) == (display, rings)


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


# Who may use them


def _marked(name: str) -> list[Command]:
    return [entry for entry in TABLE.values() if getattr(entry, name)]


@pytest.mark.parametrize("entry", _marked("operators_only"), ids=attrgetter("name"))
@pytest.mark.parametrize("password", [None, Password("secret")], ids=["nobody", "somebody"])
def test_an_operators_command_does_nothing_for_others_who_are_told_how_to_become_one(
    entry: Command, password: Password | None, company: Company, ann: Peer, bob: Peer
) -> None:
    company.hub.settings.op_password = password
    for typed in (entry.name, entry.example):
        why = refusal(company, ann, typed)
        assert why.startswith(f"{entry.name} is for operators")
        assert ("/op PASSWORD makes you one" in why) is bool(password)
    assert shown(company, bob) == []
    assert bob.client.muted is None
    assert not company.hub.bans.all(0.0)
    assert not company.hub.shutdown.cancel()


def test_operators_have_a_command_for_each_thing_that_is_theirs() -> None:
    assert {entry.group for entry in _marked("operators_only")} == {"moderation", "admin"}
    others = [entry.name for entry in groups()["moderation"] if not entry.operators_only]
    assert others == ["/op"]


@pytest.mark.parametrize("entry", TABLE.values(), ids=attrgetter("name"))
def test_whatever_a_muted_one_types_nobody_sees_it(
    entry: Command, company: Company, bob: Peer
) -> None:
    zoe = person(company, "zoe")
    zoe.client.muted = Sanction("cy")
    zoe.client.correspondent = bob.client.number
    with suppress(Refused, Dismissed):
        run(company, zoe, entry.example)
    assert shown(company, bob) == ([" * zoe left"] if entry.name == "/join" else [])
    if entry.speaks:
        assert refusal(company, zoe, entry.example) == "Not sent: you are muted by cy"


@pytest.mark.parametrize("entry", _marked("speaks"), ids=attrgetter("name"))
def test_one_who_was_muted_may_speak_again_when_the_time_is_over(
    entry: Command, company: Company, bob: Peer
) -> None:
    zoe = person(company, "zoe")
    zoe.client.muted = Sanction("cy", until=time.time() - 1)
    zoe.client.correspondent = bob.client.number
    run(company, zoe, entry.example)
    assert shown(company, bob) or zoe.client.away


# What could be a command at all


@pytest.mark.parametrize(
    "text", ["/who", "/WHO", "/frob x", "/?", "/", "/ x", "/помощь", "/no-such", "/a_b", "/w2"]
)
def test_a_word_of_letters_behind_a_slash_could_be_a_command(text: str) -> None:
    assert is_command(text)


@pytest.mark.parametrize(
    "text",
    ["/usr/bin/ld: no", "/a:", "/*", "/* c */", "//", "//who", "/1", "/.x", "/a.c", "/-", "/~x",
     "/(x)", " /who", "who", "", "/who?", "/a/", "/home/a/m.c:3: error"],
)  # fmt: skip
def test_anything_else_could_not(text: str) -> None:
    assert not is_command(text)


@pytest.mark.parametrize(
    ("text", "person", "program"),
    [
        ("//who", "/who", "/who"),
        ("//who is it?", "/who is it?", "/who is it?"),
        ("// a comment", "/ a comment", "// a comment"),
        ("//usr/bin", "/usr/bin", "//usr/bin"),
        ("///x", "//x", "///x"),
        ("//", "/", "//"),
        ("/usr/bin", "/usr/bin", "/usr/bin"),
        ("who", "who", "who"),
    ],
)
def test_the_slash_that_keeps_a_text_from_being_a_command_is_not_said(
    text: str, person: str, program: str
) -> None:
    assert as_said(text, by_person=True) == person
    assert as_said(text, by_person=False) == program


def test_other_spellings_do_the_same() -> None:
    assert find("/colour").name == find("/COLOR").name == "/color"
