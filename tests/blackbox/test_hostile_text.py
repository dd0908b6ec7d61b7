"""Bytes that could drive a terminal, wherever a person's text is shown to others."""

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person, meet
from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.blackbox.test_promises import HOSTILE
from tests.conftest import StartServer

every_text = pytest.mark.parametrize(("text", "shown"), HOSTILE.items(), ids=ascii)


def send(person: Person, *lines: str) -> None:
    """Send `lines`, in which `\\udc80` to `\\udcff` are bytes that are not UTF-8."""
    for line in lines:
        person.send(line.encode("utf-8", "surrogateescape") + b"\n")


def all_safe(lines: list[str]) -> list[str]:
    """`lines`, none of which can drive a terminal."""
    for line in lines:
        assert_safe(line.encode())
    return lines


@every_text
def test_topics_actions_away_texts_and_private_messages_are_shown_escaped(
    server: Server, text: str, shown: str
) -> None:
    ann, bob, carl = server.named("ann", "bob", "carl")
    meet(ann, bob, carl)
    send(carl, f"/topic about {text}", f"/me plays {text}", f"/msg ann for you {text}")
    assert [ann.line() for _ in range(3)] == [
        f" * carl set the topic: about {shown}",
        f" ** carl plays {shown}",
        f"carl -> ann: for you {shown}",
    ]
    ann.say("/msg carl so?")
    ann.line()
    send(carl, f"/reply again {text}", f"/away at {text}")
    carl.expect("You are away")
    assert ann.line() == f"carl -> ann: again {shown}"
    ann.say("/msg carl hello", "/whois carl", "/topic", "/rooms", "/find plays", "/history")
    seen = all_safe(ann.unread())
    assert f" * carl is away: at {shown}" in seen
    assert [line for line in seen if line.endswith(f" is away: at {shown}")]
    assert f" * Topic: about {shown}" in seen
    assert [line for line in seen if line.endswith(f" here  about {shown}")]
    assert sum(line.endswith(f" ** carl plays {shown}") for line in seen) == 2
    newcomer = server.person()
    seen = all_safe([*newcomer.welcome.split("\n"), *newcomer.unread()])
    assert f" * Topic: about {shown}" in seen
    assert [line for line in seen if line.endswith(f"] ** carl plays {shown}")]
    assert not [line for line in all_safe(bob.unread()) if "for you" in line or "again" in line]


@every_text
def test_names_of_people_and_rooms_cannot_have_it_and_what_is_refused_is_shown_escaped(
    server: Server, bystanders: Bystanders, text: str, shown: str
) -> None:
    carl = server.person("carl")
    with bystanders:
        send(
            carl,
            *(f"/{command} x{text}" for command in ("nick", "join", "ignore", "who", "whois")),
            *(f"/{command} x{text}" for command in ("unignore", "time", "since", "help", "json")),
            f"/msg x{text} hello",
            f"/x{text}",
        )
        seen = all_safe(carl.unread())
        carl.say("/find nothing at all", "/rooms", "done")
        seen += all_safe(carl.unread())
        bystanders.hear("carl: done")
    refusals = [line for line in seen if not line.endswith(" joined")]
    assert len([line for line in refusals if "Names have letters" in line]) == 3
    assert f" * Nobody here is called x{shown}; /who lists the people in this room" in refusals
    assert f" * There is no room x{shown}; /rooms lists the rooms" in refusals
    assert [line for line in refusals if line.startswith(f" * Unknown command /x{shown};")]
    assert [line.split()[1] for line in seen if line.startswith(" * #")] == ["#lobby"]
    assert bystanders.messages == ["carl: done"]


@every_text
def test_what_programs_send_in_json_is_shown_escaped_to_people(
    server: Server, text: str, shown: str
) -> None:
    ann, ci = server.person("ann"), server.json_program("ci")
    ci.send_object(text=f"said {text}")
    ci.send_object(text=f"acted {text}", kind="action")
    ci.send_object(text=f"told {text}", to="ann")
    ci.send_object(command=f"/topic about {text}")
    ci.send_object(command=f"/nick x{text}")
    assert all_safe([ann.message() for _ in range(3)]) == [
        f"ci: said {shown}",
        f" ** ci acted {shown}",
        f"ci -> ann: told {shown}",
    ]
    assert ann.line() == f" * ci set the topic: about {shown}"
    assert "Names have letters" in ci.next_of("error")["text"]


@every_text
def test_programs_are_sent_it_escaped_in_json(server: Server, text: str, shown: str) -> None:
    ci, carl = server.json_program("ci"), server.person("carl")
    send(carl, f"said {text}", f"/me acts {text}", f"/topic about {text}", f"/msg ci for {text}")
    assert ci.next_of("say")["text"] == f"said {shown}"
    assert ci.next_of("action")["text"] == f"acts {shown}"
    assert ci.next_of("notice")["text"] == f"carl set the topic: about {shown}"
    assert ci.next_of("private")["text"] == f"for {shown}"


def test_hostile_topics_of_many_rooms_are_listed_escaped(
    start_server: StartServer,
) -> None:
    server = start_server("--log-level", "debug")
    bystanders = Bystanders(server)
    everything = "".join(HOSTILE)
    with bystanders:
        for number in range(40):
            hostile = server.program(f"/join room{number}", f"/nick h{number}")
            for line in (f"/topic {everything}", f"/me {everything}", "/who", everything):
                hostile.send(line.encode("utf-8", "surrogateescape") + b"\n")
            hostile.expect(f"#room{number}, 1 here")
        asker = server.person("carl")
        asker.say("/rooms")
        all_safe([asker.expect("#room") for _ in range(40)])
        asker.say("done")
        bystanders.hear("carl: done")
    assert bystanders.messages == ["carl: done"]
