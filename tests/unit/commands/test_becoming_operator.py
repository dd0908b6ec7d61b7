"""commands.operators: becoming one, and what they do about people."""

import logging
import time

import pytest

from gchat.commands import arguments
from gchat.commands.arguments import MAX_TEXT
from gchat.config.password import Password
from gchat.hub.password_attempts import PENALTY, RULE
from tests.unit.commands.typing_lines import a_program, refusal, run, shown, told, why_it_ended
from tests.unit.fake_time import FakeTime
from tests.unit.peers import Company, Peer

SECRET = "correct  horse"


# /op


@pytest.fixture
def fake_time(monkeypatch: pytest.MonkeyPatch) -> FakeTime:
    fake = FakeTime()
    monkeypatch.setattr(arguments, "gevent", fake)
    return fake


def test_the_password_makes_an_operator(
    company: Company, ann: Peer, fake_time: FakeTime, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    company.hub.settings.op_password = Password(SECRET)
    assert told(company, ann, f"/op {SECRET}") == [
        "You are now an operator; /help operators lists what you can do"
    ]
    assert ann.client.operator
    assert caplog.messages == [f"{ann.client} is an operator"]
    assert not fake_time.slept


@pytest.mark.parametrize("around", ["{} ", " {}", "\t{}\u00a0", "\\ufeff{}"])
def test_blanks_and_a_mark_around_the_password_are_no_part_of_it(
    around: str, company: Company, ann: Peer
) -> None:
    company.hub.settings.op_password = Password(SECRET)
    run(company, ann, f"/op {around.format(SECRET)}")
    assert ann.client.operator


@pytest.mark.parametrize("wrong", [" ".join(SECRET.split()), f"{SECRET}.", f"/{SECRET}", "horse"])
def test_a_wrong_password_makes_none_after_a_pause_and_is_counted_and_logged(
    wrong: str,
    company: Company,
    ann: Peer,
    fake_time: FakeTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "gchat")
    company.hub.settings.op_password = Password(SECRET)
    assert refusal(company, ann, f"/op {wrong}") == "Wrong operator password"
    assert not ann.client.operator
    assert fake_time.slept == [PENALTY]
    assert caplog.messages[-1] == f"wrong operator password ({ann.client}) from 10.1.0.1"
    assert "horse" not in caplog.text


def test_after_too_many_wrong_passwords_not_even_the_right_one_is_looked_at(
    company: Company, ann: Peer, bob: Peer, fake_time: FakeTime
) -> None:
    company.hub.settings.op_password = Password(SECRET)
    for _ in range(int(RULE.burst)):
        refusal(company, ann, "/op nonsense")
    why = "Too many wrong operator passwords from your address; try again in "
    assert refusal(company, ann, f"/op {SECRET}").startswith(why)
    assert not ann.client.operator
    assert (
        company.hub.password_attempts.wait(ann.client.network) == 0
    )  # others may come in from there
    run(company, bob, f"/op {SECRET}")
    assert bob.client.operator


def test_where_no_password_is_set_nobody_becomes_an_operator(company: Company, ann: Peer) -> None:
    assert "has no operator password" in refusal(company, ann, "/op anything")
    assert not ann.client.operator


def test_a_program_that_becomes_an_operator_is_told_nothing(company: Company) -> None:
    company.hub.settings.op_password = Password(SECRET)
    program = a_program(company, "bot")
    assert told(company, program, f"/op {SECRET}") == []
    assert program.client.operator


def test_nobody_sees_a_password(company: Company, ann: Peer, bob: Peer) -> None:
    company.hub.settings.op_password = Password(SECRET)
    run(company, ann, f"/op {SECRET}")
    assert shown(company, bob) == []


# /kick


def test_one_who_is_kicked_and_its_room_and_the_log_learn_by_whom_and_why(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat")
    run(company, op, "/kick bob 2 many  lines")
    assert bob.read_line() == " * You were kicked by op: 2 many  lines\n"
    assert why_it_ended(bob) == "kicked by op: 2 many  lines"
    assert bob.expelled
    told_all = "bob was kicked by op: 2 many  lines"
    assert shown(company, ann) == shown(company, op) == [f" * {told_all}"]
    assert caplog.messages == [f"{told_all} (10.1.0.2:5000)"]


def test_one_who_is_kicked_may_come_back(company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, "/kick bob")
    assert not company.hub.bans.all(time.time())
    assert company.hub.bans.find("10.1.0.2", time.time()) is None


def test_who_kicks_from_another_room_or_ignores_them_is_told_as_well(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    run(company, op, "/ignore ann")
    assert told(company, op, "/kick ann")[-1] == "ann was kicked by op"
    run(company, op, "/join elsewhere")
    assert told(company, op, "/kick bob")[-1] == "bob was kicked by op"


@pytest.mark.parametrize("line", ["/kick op", "/mute op", "/mute op 10m", "/kick OP why"])
def test_operators_do_nothing_to_themselves(line: str, company: Company, op: Peer) -> None:
    assert refusal(company, op, line) == "You cannot do that to yourself"
    assert op.client.muted is None


@pytest.mark.parametrize("line", ["/kick zoe", "/mute zoe"])
def test_whom_nobody_knows_is_refused(line: str, company: Company, op: Peer) -> None:
    assert refusal(company, op, line).startswith("Nobody here is called zoe")


@pytest.mark.parametrize("line", ["/kick bob ", "/mute bob 5m ", "/ban bob ", "/shutdown 5m "])
def test_too_long_a_reason_is_refused_with_its_length_and_nothing_is_done(
    line: str, company: Company, op: Peer, bob: Peer
) -> None:
    why = refusal(company, op, line + "x" * (MAX_TEXT + 1))
    assert why == f"Reason too long ({MAX_TEXT + 1} characters, limit {MAX_TEXT})"
    assert bob.client.muted is None
    assert not company.hub.bans.all(time.time())
    assert not company.hub.shutdown.cancel()
    assert shown(company, bob) == []
