"""/shutdown: everybody learns that the server will end, when and why, and it may be called off."""

from signal import SIGTERM

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person
from tests.blackbox.operators import OPERATORS
from tests.blackbox.server import Server

pytestmark = pytest.mark.options(environment=OPERATORS)

IN_NC = " (in nc, press Enter to leave)"


def test_all_in_all_rooms_are_told_and_newcomers_come_until_it_ends_with_status_0(
    server: Server, op: Person
) -> None:
    ann, carl = server.named("ann", "carl")
    carl.say("/join builds")
    carl.expect("You are in")
    op.say("/shutdown 3s a new  version")
    for person in (op, ann, carl):
        assert person.expect("shuts") == " * op shuts the server down in 3 s: a new  version"
    late, program = server.person("late"), server.program("is anybody here?")
    ann.expect("is anybody here?")
    for client in (op, ann, carl, late):
        assert client.rest()[-1] == f" * The server is going down: a new  version{IN_NC}"
    assert program.rest()[-1] == " * The server is going down: a new  version"
    assert server.wait() == 0
    assert server.expect_log("shutdown in").endswith("shutdown in 3 s, by op: a new  version")
    server.expect_log("stopped")


def test_it_may_end_at_once_and_all_are_told(server: Server, op: Person) -> None:
    ann = server.person("ann")
    op.say("/shutdown now a new version")
    for person in (op, ann):
        assert person.expect("shuts") == " * op shuts the server down now: a new version"
        assert person.rest()[-1] == f" * The server is going down: a new version{IN_NC}"
    assert server.wait() == 0


def test_a_signal_while_it_ends_is_the_first_one(server: Server, op: Person) -> None:
    server.person(receive_buffer=4096)
    op.say("/limits rate 0", *["x" * 60_000] * 40, "/shutdown 1s")
    assert op.rest()[-1] == f" * The server is going down{IN_NC}"  # it waits for who does not read
    server.signal(SIGTERM)
    assert server.wait() == 0


def test_it_may_be_planned_anew_and_called_off_and_then_the_server_runs_on(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    with bystanders:
        op.say("/shutdown 30 s", "/shutdown 2d moving house", "/shutdown 1s", "/shutdown cancel")
        bystanders.hear(" * op shuts the server down in 30 s")
        bystanders.hear(" * op shuts the server down in 2 d: moving house")
        bystanders.hear(" * op shuts the server down in 1 s")
        bystanders.hear(" * op cancelled the shutdown")
        op.say("/stats")  # which takes a second
        op.expect("Memory: ")
        op.say("/shutdown cancel")
        assert op.expect("No shutdown") == " * No shutdown is planned"
        bystanders.talk_on(20)
        op.say("/shutdown 5m")  # a signal does not wait for that
        bystanders.hear(" * op shuts the server down in 5 min")
    assert bystanders.messages == []
