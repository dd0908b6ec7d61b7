"""commands.server: what there is to know about the server, and the way out."""

import re
import time

import pytest

from gchat import __version__, commands
from gchat.commands import TABLE, groups
from gchat.commands.table import LINE_WIDTH, title
from gchat.config.password import Password
from gchat.hub.client import Dismissed
from gchat.hub.direct_messages import PRIVATE_LIMIT
from gchat.hub.owed import OWED_LIMIT
from gchat.model.events import Announced
from gchat.model.sanctions import Sanction
from tests.unit.commands.typing_lines import END, InternetSocket, person, refusal, run, shown, told
from tests.unit.peers import Company, Peer, wait_until

# /help


def test_help_lists_the_usage_of_every_command_by_group(company: Company, ann: Peer) -> None:
    lines = told(company, ann, "/help")
    assert {"/help", "/who", "/nick", "/quit"} <= TABLE.keys()
    for group, entries in groups().items():
        assert [line for line in lines if line.startswith(f"  {group} ")]
        for entry in entries:
            assert [line for line in lines if f"  {entry.usage}  " in f"{line}  "]
    assert any("//TEXT" in line for line in lines)


def test_help_fits_a_terminal_of_80_columns(company: Company, ann: Peer) -> None:
    assert all(len(line) <= LINE_WIDTH + 2 for line in told(company, ann, "/help"))


@pytest.mark.parametrize("asked", ["nick", "/nick", "/ni", "NICK"])
def test_help_explains_a_command_with_an_example(asked: str, company: Company, ann: Peer) -> None:
    lines = told(company, ann, f"/help {asked}")
    assert lines[0] == "/nick NAME: change your name"
    assert lines[-1] == "  for example: /nick ann"
    assert len(lines) > 2


@pytest.mark.parametrize("entry", TABLE.values(), ids=TABLE)
def test_help_explains_every_command_by_its_name_with_the_slash(
    entry: commands.Command, company: Company, ann: Peer
) -> None:
    lines = told(company, ann, f"/help {entry.name}")
    assert lines[0] == f"{entry.usage}: {entry.summary}"
    assert lines[-1] == f"  for example: {entry.example}"


@pytest.mark.parametrize("group", groups())
def test_help_explains_the_commands_of_a_group(group: str, company: Company, ann: Peer) -> None:
    for typed in (group, group.upper()):
        entries = groups()[group]
        lines = told(company, ann, f"/help {typed}")
        assert lines[-1].startswith("/help COMMAND explains")
        assert lines[-len(entries) - 2] == f"{group}: {title(group)}"
        lines = lines[-len(entries) - 1 : -1]
        assert [line.split()[0] for line in lines] == [entry.name for entry in entries]
        assert all(line.endswith(f"  {e.summary}") for line, e in zip(lines, entries, strict=True))


def test_help_with_what_is_no_command_is_refused(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, "/help nikc") == "No help for nikc; did you mean /nick?"
    assert refusal(company, ann, "/help /exit") == "No help for exit; did you mean /quit?"
    assert "did you mean /whois, /who or /why?" in refusal(company, ann, "/help wh")
    assert refusal(company, ann, "/help frob") == "No help for frob; /help lists the commands"


@pytest.mark.parametrize("group", ["", *groups(), "operators"])
def test_lists_of_commands_fit_a_terminal_of_80_columns(
    group: str, company: Company, ann: Peer
) -> None:
    entry = TABLE.get(f"/{group}")
    lines = told(company, ann, f"/help {group}")
    assert all(len(line) <= LINE_WIDTH + 2 for line in lines[len(entry.details) if entry else 0 :])


@pytest.mark.parametrize("asked", ["operators", "Operators", "/operators", "operator"])
def test_help_lists_all_that_operators_can_do(asked: str, company: Company, ann: Peer) -> None:
    first, *lines, _ = told(company, ann, f"/help {asked}")
    listed = [entry for group in ("moderation", "admin") for entry in groups()[group]]
    assert [line.split()[0] for line in lines] == [entry.name for entry in listed]
    assert "/op" in [entry.name for entry in listed]
    assert {entry.name for entry in TABLE.values() if entry.operators_only} <= {
        entry.name for entry in listed
    }
    assert first == (
        "What operators can do (this server has none, as it has no operator password):"
    )


def test_help_tells_how_to_become_an_operator(company: Company, ann: Peer) -> None:
    company.hub.settings.op_password = Password("secret")
    first, *_ = told(company, ann, "/help operators")
    assert first == "What operators can do (/op PASSWORD makes you one):"
    ann.client.operator = True
    first, *_ = told(company, ann, "/help operators")
    assert first == "What operators can do (you are one):"
    assert any("/help operators" in line for line in told(company, ann, "/help op"))


# /why


def test_why_of_who_has_got_everything_says_so(company: Company, ann: Peer) -> None:
    lines = told(company, ann, "/why")
    assert lines[0].startswith("You are ann, in #lobby, connected for ")
    assert "You have received all messages sent to this room since you came" in lines
    assert "You missed no messages" in lines
    assert f"Line length: at most {company.hub.settings.max_line} bytes" in lines
    assert any(f" 0 of {OWED_LIMIT} bytes; " in line for line in lines)
    assert any(f" 0 of {PRIVATE_LIMIT} bytes; " in line for line in lines)


def test_why_counts_what_others_have_said_and_the_client_has_not_got() -> None:
    with Company(broadcasting=False) as company:
        ann, bob = company.join("ann"), company.join("bob")
        company.say(bob, "one", "two")
        company.say(ann, "her own")
        company.say(bob, "three")
        company.hub.notify(company.room, Announced("op", "a notice"))
        run(company, ann, "/why")
        assert b"You are 3 messages behind" in ann.client.take_owed()


def test_why_tells_how_many_messages_were_missed(company: Company, ann: Peer) -> None:
    ann.client.missed = 7
    assert "You missed 7 messages, dropped before you read them" in told(company, ann, "/why")


def test_why_tells_what_waits_to_be_read(company: Company, bob: Peer) -> None:
    slow = person(company, "slow", send_buffer=2048)
    company.say(bob, *["x" * 100] * 1000)
    wait_until(lambda: slow.client.connection.blocked, "its socket is full")
    run(company, bob, "/msg slow psst")
    waiting = slow.client.private_bytes
    assert waiting > 0
    run(company, slow, "/why")
    assert f" * Unread direct messages: {waiting} of {PRIVATE_LIMIT} bytes; above" in "\n".join(
        shown(company, slow)
    )


def test_why_tells_how_fast_lines_are_taken(company: Company, ann: Peer) -> None:
    limits = company.hub.settings.limits
    limits.rate, limits.burst = 7, 70
    lines = told(company, ann, "/why")
    assert [line for line in lines if "Rate limit: a burst of 70 lines, then 7 per second" in line]
    limits.rate = 0
    assert "Rate limit: none" in told(company, ann, "/why")


def test_why_tells_what_holds_for_few_only_to_these(company: Company, ann: Peer) -> None:
    usual = told(company, ann, "/why")
    company.hub.settings.limits.idle_timeout = 600
    ann.client.muted = Sanction("bob", until=time.time() + 3600)
    ann.client.operator = True
    lines = [line for line in told(company, ann, "/why") if line not in usual]
    assert lines == [
        "Idle timeout: clients that send nothing for 10 min are disconnected, after a warning",
        "You are muted by bob for another 1 h",
        "You are an operator; /help operators lists what you can do",
    ]


# /invite


@pytest.mark.parametrize(
    ("at", "host"),
    [
        *(("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("::1", "::1")),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_invite_shows_lines_to_join_at_the_address_that_one_has_joined_at_oneself(
    at: str, host: str, company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company.hub.settings, "addresses", ("::" if at != "::1" else "::1",))
    InternetSocket(ann, at)
    lines = told(company, ann, "/invite")
    for program in ("nc", "ncat", "telnet"):
        assert f"  {program} {host} 7878" in lines
    assert lines[-1].endswith(f"echo hello | nc -N {host} 7878")


def test_invite_tells_who_can_join_if_only_this_machine_can(company: Company, ann: Peer) -> None:
    lines = told(company, ann, "/invite")
    assert lines[:3] == [
        "Only from this machine, until the server is started with --host 0.0.0.0:",
        "  nc 127.0.0.1 7878",
        "  ncat 127.0.0.1 7878",
    ]


def test_invite_shows_all_addresses_and_no_loopback_address_if_others_can_join(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company.hub.settings, "addresses", ("0.0.0.0",))
    monkeypatch.setattr(
        commands.server, "hosts_to_type", lambda _: ["192.0.2.7", "10.0.0.7", "our-machine"]
    )
    joining = ["Others can join with:", "  nc 192.0.2.7 7878", "  nc 10.0.0.7 7878"]
    for own in ("127.0.0.1", "192.0.2.7"):
        InternetSocket(ann, own)
        lines = told(company, ann, "/invite")
        assert lines[:5] == [*joining, "  nc our-machine 7878", "  ncat 192.0.2.7 7878"]


def test_invite_shows_first_where_one_has_joined_oneself(
    company: Company, ann: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(company.hub.settings, "addresses", ("127.0.0.1", "::1"))
    InternetSocket(ann, "::1")
    assert told(company, ann, "/invite")[1:4] == [
        "  nc ::1 7878",
        "  nc 127.0.0.1 7878",
        "  ncat ::1 7878",
    ]


# /uptime, /version, /quit


def test_uptime_tells_since_when_and_how_long(company: Company, ann: Peer) -> None:
    company.hub.clock._begun -= 2 * 86400 + 3 * 3600 + 60
    (line,) = told(company, ann, "/uptime")
    assert re.fullmatch(r"Up since \d{4}-\d\d-\d\d \d\d:\d\d, for 2 d 3 h", line)


def test_version_tells_which_program_this_is(company: Company, ann: Peer) -> None:
    (line,) = told(company, ann, "/version")
    assert line.startswith(f"gchat {__version__}, on Python 3.")


def test_quit_says_goodbye_and_leaves(company: Company, ann: Peer) -> None:
    with pytest.raises(Dismissed, match="quit"):
        run(company, ann, "/quit")
    assert shown(company, ann) == [" * Goodbye"]


@pytest.mark.parametrize("line", ["/help", "/why", "/uptime", "/version", "/help nick"])
def test_what_one_asks_the_server_nobody_else_sees(
    line: str, company: Company, ann: Peer, bob: Peer
) -> None:
    assert END not in told(company, ann, line)
    assert shown(company, bob) == []
    assert company.room.log.end.id == 0


def test_whoever_is_muted_leaves_without_a_word(company: Company, ann: Peer, op: Peer) -> None:
    run(company, op, "/mute ann")
    with pytest.raises(Dismissed):
        run(company, ann, "/quit rude")
    assert ann.client.farewell == ""


def test_too_long_a_farewell_is_refused(company: Company, ann: Peer) -> None:
    assert refusal(company, ann, f"/quit {'x' * 201}").startswith("Text too long (201 characters")
