"""commands.peace: not seeing what one does not want to see."""

import pytest

from gchat.hub import membership
from gchat.model.ignoring import MAX_IGNORED
from tests.unit.commands.typing_lines import a_program, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer

# /ignore and /unignore


@pytest.mark.placed
def test_ignoring_is_confirmed_and_listed_and_ended(company: Company, ann: Peer, bob: Peer) -> None:
    assert told(company, ann, "/ignore") == ["You ignore nobody"]
    assert told(company, ann, "/ignore BOB") == ["You now ignore bob"]
    assert told(company, ann, "/ignore zoe") == [
        "You now ignore zoe (nobody here has that name now)"
    ]
    assert told(company, ann, "/ignore") == ["You ignore bob, zoe"]
    shown(company, ann)
    company.say(bob, "unwanted")
    assert shown(company, ann) == []
    assert told(company, ann, "/unignore Bob") == ["You no longer ignore bob"]
    assert told(company, ann, "/ignore") == ["You ignore zoe"]
    company.say(bob, "wanted")
    run(company, bob, "/msg ann wanted")
    assert shown(company, ann) == ["bob: wanted", "bob -> ann: wanted"]


def test_who_is_ignored_is_not_told(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/ignore bob")
    company.say(bob, "hello")
    run(company, ann, "/unignore bob")
    assert shown(company, bob) == []


def test_ignoring_one_hides_nobody_else_and_from_nobody_else(
    company: Company, ann: Peer, bob: Peer, cy: Peer
) -> None:
    run(company, ann, "/ignore bob")
    shown(company, ann)
    company.say(bob, "one")
    company.say(cy, "two")
    assert shown(company, ann) == ["cy: two"]
    assert shown(company, cy) == ["bob: one"]
    company.say(ann, "three")
    assert shown(company, bob) == ["cy: two", "ann: three"]


def test_ignoring_ends_by_the_new_name_of_who_is_ignored(
    company: Company, ann: Peer, bob: Peer
) -> None:
    run(company, ann, "/ignore bob")
    run(company, bob, "/nick robert")
    shown(company, ann)
    assert told(company, ann, "/unignore robert") == ["You no longer ignore bob"]
    company.say(bob, "wanted")
    assert shown(company, ann) == ["robert: wanted"]


def test_nobody_ignores_themselves(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, "/ignore ANN") == "You cannot ignore yourself"


@pytest.mark.parametrize("name", ["a b", "!", "x" * 100, "192.0.2.7:80"])
def test_to_ignore_what_is_nobodys_name_is_refused(name: str, company: Company, ann: Peer) -> None:
    assert refusal(company, ann, f"/ignore {name}").startswith(("Name", "A name"))
    assert told(company, ann, "/ignore") == ["You ignore nobody"]


def test_to_end_what_was_never_begun_is_refused(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/ignore zoe")
    for name in ("bob", "nobody", "!"):
        assert refusal(company, ann, f"/unignore {name}") == (
            "You do not ignore that name; /ignore lists the names you ignore"
        )


def test_a_full_list_is_refused_and_takes_another_when_one_is_taken_off(
    company: Company, ann: Peer, bob: Peer
) -> None:
    for number in range(MAX_IGNORED):
        run(company, ann, f"/ignore name{number}")
    run(company, ann, "/ignore name0")  # is on it already
    why = refusal(company, ann, "/ignore bob")
    assert why.startswith(f"You ignore too many names (limit {MAX_IGNORED}); /unignore")
    shown(company, ann)
    company.say(bob, "hello")
    assert shown(company, ann) == ["bob: hello"]
    run(company, ann, "/unignore name7")
    run(company, ann, "/ignore bob")


def test_a_program_that_ignores_is_told_nothing(company: Company, bob: Peer) -> None:
    program = a_program(company, "ci")
    assert told(company, program, "/ignore bob") == []
    company.say(bob, "hello")
    assert shown(company, program) == []
    assert told(company, program, "/ignore") == ["You ignore bob"]


@pytest.mark.placed
def test_those_who_leave_are_forgotten(company: Company, ann: Peer, bob: Peer) -> None:
    run(company, ann, "/ignore bob")
    membership.part(company.hub, ann.client, "test")
    run(company, bob, "/nick ann")
    run(company, bob, "/nick bob")  # nobody follows that any more
    again = person(company, "ann")
    company.say(bob, "hello")
    assert shown(company, again) == ["bob: hello"]


# /quiet


def test_quiet_hides_who_comes_and_leaves_and_nothing_else(
    company: Company, ann: Peer, bob: Peer
) -> None:
    assert told(company, ann, "/quiet") == ["Joins and leaves are shown; /quiet on hides them"]
    assert told(company, ann, "/quiet on") == ["Joins and leaves are hidden; /quiet off shows them"]
    membership.announce(company.hub, person(company, "cy").client)
    run(company, bob, "/topic the weather")
    run(company, bob, "/nick robert")
    run(company, bob, "/join den")
    assert shown(company, ann) == [
        " * bob set the topic: the weather",
        " * bob is now robert",
    ]
    assert told(company, ann, "/quiet off") == ["Joins and leaves are shown; /quiet on hides them"]
    run(company, bob, "/leave")
    assert shown(company, ann) == [" * robert joined"]


def test_a_program_is_shown_no_notices_until_it_asks_for_them(company: Company, bob: Peer) -> None:
    program = company.program()
    run(company, program, "/quiet on")
    run(company, bob, "/topic one")
    membership.announce(company.hub, person(company, "cy").client)
    assert shown(company, program) == []
    run(company, program, "/quiet off")
    run(company, bob, "/topic two")
    run(company, bob, "/join den")
    assert shown(company, program) == [" * bob set the topic: two", " * bob left"]
