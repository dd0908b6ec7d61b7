"""What operators do about people: they kick, ban and mute them, and those learn why."""

import re
from contextlib import suppress

import pytest

from tests.blackbox.bystanders import Bystanders
from tests.blackbox.connection import Person
from tests.blackbox.operators import ABUSER, NEIGHBOUR, OPERATORS, answers, operator, refused
from tests.blackbox.safety import assert_safe
from tests.blackbox.server import Server
from tests.blackbox.waiting import wait_until
from tests.conftest import StartServer

pytestmark = pytest.mark.options(environment=OPERATORS)


# Kicking


def test_who_is_kicked_is_told_why_with_the_room_and_the_log_and_may_come_back(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl, dora = server.named("carl", "dora")
    dora.say("/join builds")
    dora.expect("You are in #builds")
    with bystanders:
        op.say("/kick Carl that is  enough", "/kick dora")
        assert carl.expect("You were") == " * You were kicked by op: that is  enough"
        assert carl.rest() == []
        assert dora.rest() == [" * You were kicked by op"]
        bystanders.hear(" * carl was kicked by op: that is  enough")
        bystanders.hear("carl left")
        assert op.expect("dora was") == " * dora was kicked by op"
        server.person("carl").say("here I am")
        bystanders.hear("carl: here I am")
    assert bystanders.messages == ["carl: here I am"]
    assert not [line for line in bystanders.heard if "dora was kicked" in line]
    for one in (carl, dora):
        assert one.address in server.expect_log(f"{one.name} was kicked by op")
        assert "kicked by op" in server.expect_log(f"leave {one.name}")


def test_who_does_not_read_or_reads_little_or_is_held_back_is_gone_soon_when_kicked(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    slow, slower = (server.program("here", receive_buffer=4096) for _ in range(2))
    talker, flooder = server.person("talker"), server.program("here")
    answers(op, "/limits rate 0")
    with bystanders:
        talker.say(*["x" * 10_000] * 300, "that was it")
        bystanders.hear("talker: that was it")
        answers(op, "/limits rate 1")
        flooder.say(*["word"] * 5100)
        flooder.expect("You are sending too fast")
        before = server.descriptors()

        def are_gone() -> bool:
            with suppress(ConnectionError):
                slow.socket.recv(100)
            return server.descriptors() <= before - 3

        op.say(*(f"/kick {client.address}" for client in (slow, slower, flooder)))
        wait_until(are_gone, "the three are gone")
        bystanders.talk_on(5)
    assert sorted(op.who()) == ["ann", "bob", "op", "talker"]


# Banning


def test_who_is_banned_by_name_is_told_for_how_long_and_does_not_get_in_until_that_is_ended(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl = server.person("carl", source=ABUSER)
    with bystanders:
        op.say("/ban carl 2h too loud")
        told = op.expect("is banned")
        assert told == f" * {ABUSER} is banned by op for 2 h: too loud"
        op.expect(" * There is no history file: bans and mutes end when the server stops")
        assert carl.expect("You were") == " * You were banned by op for 2 h: too loud"
        assert carl.rest() == []
        bystanders.hear(" * carl was banned by op for 2 h: too loud")
        banned = r" \* You are banned by op for another (2 h|1 h 59 min): too loud"
        assert re.fullmatch(banned, refused(server, ABUSER))
        server.person("dora", source=NEIGHBOUR)
        (title, ban, *_) = answers(op, "/bans")
        assert title == " * 1 ban:"
        assert re.fullmatch(banned.replace("You are banned", f"{ABUSER} "), ban)
        assert answers(op, "/unban carl", "/bans")[:2] == [
            f" * The ban of {ABUSER} is lifted",
            " * No bans",
        ]
        server.person("carl", source=ABUSER)
    assert bystanders.messages == []
    assert told[3:] in server.expect_log("is banned by")
    assert f"refused {ABUSER}" in server.expect_log("You are banned")
    server.expect_log(f"the ban of {ABUSER} is lifted by op")


def test_an_address_or_a_network_is_banned_with_all_who_are_there(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    inside, also_inside, outside = (server.person(source=f"127.9.{n}.1") for n in (1, 2, 9))
    with bystanders:
        op.say("/ban 127.9.0.0/21", f"/ban {ABUSER}", "/ban 2001:db8::5 7d")
        for person in (inside, also_inside):
            assert person.expect("You were") == " * You were banned by op"
            person.rest()
        for source in ("127.9.7.9", ABUSER):
            assert refused(server, source) == " * You are banned by op"
        outside.say("still here")
        bystanders.hear(f"{outside.address}: still here")
        assert [line.split()[1] for line in answers(op, "/bans")] == [
            "3", "127.9.0.0/21", ABUSER, "2001:db8::/64", "No", "There"
        ]  # fmt: skip
        op.say("/unban 127.9.0.0/21")
        op.expect("127.9.0.0/21 is lifted")
        server.person(source="127.9.7.9")
    assert bystanders.messages == [f"{outside.address}: still here"]


def test_a_ban_for_a_while_ends_by_itself(server: Server, op: Person) -> None:
    carl = server.person("carl", source=ABUSER)
    op.say("/ban carl 1s")
    assert carl.expect("You were") == " * You were banned by op for 1 s"
    carl.rest()
    wait_until(lambda: "Welcome" in server.connect(source=ABUSER).line(), "they get in again")


def test_who_is_banned_while_they_are_asked_for_the_password_does_not_get_in(
    start_server: StartServer,
) -> None:
    server = start_server("--password", "sesame", environment=OPERATORS)
    server.password = "sesame"
    stranger = server.connect(source=ABUSER)
    assert "Password:" in stranger.line()
    op = operator(server)
    op.say(f"/ban {ABUSER}")
    op.expect("bans and mutes end when the server stops")
    stranger.say("sesame", "let me in")
    assert stranger.rest() == [" * You are banned by op"]
    assert op.unread() == []


# Muting


def test_who_is_muted_reads_and_says_nothing_in_any_way_also_after_coming_back(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    muted = r" \* Not sent: you are muted by op for another \d+ min: cool down"
    attempts = ("a line", "/me acts", "/msg op psst", "/nick other", "/topic rude", "/away rude")
    carl = server.person("carl", source=ABUSER)
    with bystanders:
        op.say("/mute CARL 10m cool down")
        assert carl.expect("You are muted") == " * You are muted by op for 10 min: cool down"
        bystanders.hear(" * carl is muted by op for 10 min: cool down")
        for line in attempts:
            (told,) = answers(carl, line)
            assert re.fullmatch(muted, told), line
        carl.expect("bob: answer")
        assert any("You are muted by op" in line for line in answers(carl, "/why"))
        carl.close()
        server.expect_log("leave carl")

        newcomer = server.connect(source=ABUSER)
        assert newcomer.expect("You can read but not write").endswith(": cool down")
        again = server.person(source=ABUSER)
        assert re.fullmatch(muted, answers(again, "here again")[0])
        assert answers(op, "/bans")[2].startswith(f" * {ABUSER}  by op for ")
        assert answers(op, "/unmute carl") == [f" * op unmuted {ABUSER}"]
        assert again.expect("unmuted") == " * You were unmuted by op"
        again.say("thanks")
        bystanders.hear(f"{again.address}: thanks")
    assert bystanders.messages == [f"{again.address}: thanks"]
    assert not [line for line in op.unread() if "psst" in line or "rude" in line]
    assert carl.address in server.expect_log("carl is muted by op for 10 min: cool down")
    server.expect_log(f"op unmuted {ABUSER}")


def test_a_mute_hits_nobody_who_shares_the_address_and_then_ends_when_its_bearer_leaves(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl, dora = (server.person(name, source=ABUSER) for name in ("carl", "dora"))
    with bystanders:
        told = answers(op, "/mute carl")[-1]
        assert told == (
            f" * carl is muted until they disconnect ({ABUSER} was not muted: dora shares it)"
        )
        dora.say("still here")
        bystanders.hear("dora: still here")
        (refusal,) = answers(carl, "me too")
        assert refusal == " * Not sent: you are muted by op"
        op.say("/unmute carl")
        bystanders.hear(" * op unmuted carl")
        carl.expect("You were unmuted by op")
        carl.say("and me")
        bystanders.hear("carl: and me")
    assert bystanders.messages == ["dora: still here", "carl: and me"]


def test_a_mute_for_a_while_ends_by_itself_and_holds_for_programs(
    server: Server, op: Person
) -> None:
    ci = server.json_program("ci")
    op.say("/mute ci")
    op.expect("ci is muted by op")
    error = ci.carry_out(text="done")[-1]
    assert error["kind"] == "error"
    assert "you are muted by op" in error["text"]
    op.say("/mute ci 1s")
    op.expect("ci is muted by op for 1 s")
    wait_until(lambda: ci.carry_out(text="done")[-1]["kind"] == "ok", "the mute ends")
    assert op.message() == "ci: done"


# Bad input


HOSTILE = "\x1b[2J\x07\x9b31m\u202e\x85"
ESCAPED = r"\x1b[2J\x07\x9b31m\u202e\x85"


def test_nothing_hostile_in_a_reason_drives_a_terminal(
    server: Server, op: Person, bystanders: Bystanders
) -> None:
    carl = server.person("carl", source=ABUSER)
    dora = server.person("dora")
    with bystanders:
        op.say(f"/mute carl 1h {HOSTILE}", f"/ban carl {HOSTILE}", f"/kick dora {HOSTILE}")
        shown = carl.rest() + dora.rest() + [refused(server, ABUSER)]
        bystanders.hear(f"dora was kicked by op: {ESCAPED}")
        shown += answers(op, "/bans", f"/kick {HOSTILE}", f"/ban {HOSTILE}")
    about = [line for line in shown if ESCAPED in line]
    assert len(about) >= 9, shown
    for line in shown:
        assert_safe(line.encode())
    server.expect_log(f"dora was kicked by op: {ESCAPED}")
