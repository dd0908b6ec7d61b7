"""commands.operators: who is banned, and from where."""

import logging
import re
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest

from gchat.commands.arguments import MAX_TEXT
from gchat.commands.moderation import FORGOTTEN, LISTED
from gchat.hub import membership
from gchat.hub import rooms as rooms_module
from gchat.hub.client import Client
from gchat.model import sanctions
from gchat.model.sanctions import Sanction
from tests.unit.commands.typing_lines import at, person, refusal, run, shown, told, why_it_ended
from tests.unit.peers import Company, Peer


def leave(company: Company, peer: Peer) -> None:
    membership.part(company.hub, peer.client, "test")
    membership.remove(company.hub, peer.client)


def bans(company: Company) -> list[str]:
    """The networks that are banned."""
    return list(map(str, company.hub.bans.all(time.time())))


# /ban


@pytest.mark.placed
def test_one_who_is_banned_by_name_is_disconnected_and_kept_out(
    company: Company, op: Peer, ann: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    caplog.set_level(logging.INFO, "gchat.hub.sanctioning")
    told_op = told(company, op, "/ban bob 2h flooding")
    bans = ["10.1.0.2 is banned by op for 2 h: flooding", "bob was banned by op for 2 h: flooding"]
    assert sorted(told_op) == sorted([*bans, FORGOTTEN])  # the room may learn of it a while later
    assert bob.read_line() == " * You were banned by op for 2 h: flooding\n"
    assert why_it_ended(bob) == "banned by op for 2 h: flooding"
    assert bob.expelled
    assert shown(company, ann) == [" * bob was banned by op for 2 h: flooding"]
    assert caplog.messages == [bans[0], f"{bans[1]} (10.1.0.2:5000)"]
    found = company.hub.bans.find("10.1.0.2", time.time())
    assert found
    assert found.tell(found.until - 3600 if found.until else 0) == "by op for another 1 h: flooding"
    assert company.hub.bans.find("10.1.0.1", time.time()) is None


def test_a_ban_without_a_time_is_for_good(company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, "/ban bob flooding")
    assert company.hub.bans.find("10.1.0.2", time.time()) == Sanction("op", "flooding")


def test_a_ban_of_a_network_disconnects_all_who_are_there_from_it_and_nobody_else(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    cy, di = at(person(company, "cy"), "10.2.0.1"), at(person(company, "di"), "2001:db8::1")
    run(company, op, "/ban 10.1.7.7/16")
    assert why_it_ended(ann) == why_it_ended(bob) == "banned by op"
    assert bans(company) == ["10.1.0.0/16"]
    for peer in (cy, di):
        assert shown(company, peer)
        assert not peer.reason


def test_an_address_of_ipv6_is_banned_with_its_64(company: Company, op: Peer) -> None:
    di = at(person(company, "di"), "2001:db8::1")
    run(company, op, "/ban 2001:db8::ffff")
    why_it_ended(di)
    assert bans(company) == ["2001:db8::/64"]


def test_a_ban_of_one_address_of_ipv6_leaves_its_neighbours_alone(
    company: Company, op: Peer
) -> None:
    di, ed = (at(person(company, name), f"2001:db8::{name}") for name in ("d1", "ed"))
    run(company, op, "/ban 2001:db8::d1/128")
    why_it_ended(di)
    assert shown(company, ed)
    assert not ed.reason


def test_who_comes_in_while_those_are_looked_for_who_are_banned_is_banned_as_well(
    company: Company, op: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = list[Peer]()
    everybody = company.hub.each_client

    def somebody_comes_meanwhile() -> Iterator[Client]:
        yield from everybody()
        if not company.hub.bans.find("10.9.0.1", time.time()):
            late.append(at(person(company, f"late{len(late)}"), "10.9.0.1"))

    monkeypatch.setattr(company.hub, "each_client", somebody_comes_meanwhile)
    run(company, op, "/ban 10.9.0.1")
    for peer in late:
        why_it_ended(peer)
    cy = at(person(company, "cy"), "10.9.0.2")
    run(company, op, "/ban cy")
    why_it_ended(cy)


@pytest.mark.parametrize("line", ["/ban 10.1.0.0/16", "/unmute bob", "/mute bob"])
def test_one_who_goes_while_others_are_looked_at_is_left_alone_though_their_room_is_closed(
    company: Company, op: Peer, ann: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    if not company.hub.store.places_at_once:
        return  # a room in which something is yet to be placed is not closed
    run(company, op, "/mute bob")
    membership.move(company.hub, bob.client, "den")
    monkeypatch.setattr(rooms_module, "EMPTY_TIME", 0.0)
    everybody = company.hub.each_client

    def bob_goes_meanwhile() -> Iterator[Client]:
        yield from everybody()
        if bob.client.number in company.hub.clients:
            leave(company, bob)
            bob.client.connection.close()
            company.hub.rooms.close_empty(company.hub.clients.values())

    monkeypatch.setattr(company.hub, "each_client", bob_goes_meanwhile)
    shown(company, op)
    lines = told(company, op, line)
    assert "den" not in company.hub.rooms.by_name
    if "ban" in line:
        assert why_it_ended(ann) == "banned by op"
        assert "ann was banned by op" in lines
        assert "bob was banned by op" not in lines


def test_who_has_left_can_be_banned_by_name_until_somebody_else_has_it(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    leave(company, bob)
    run(company, op, "/ban BOB")
    assert bans(company) == ["10.1.0.2/32"]
    run(company, ann, "/nick bob")
    run(company, op, "/ban bob")
    assert bans(company) == ["10.1.0.2/32", "10.1.0.1/32"]


def test_nobody_bans_the_network_that_they_are_in(company: Company, op: Peer, bob: Peer) -> None:
    at(bob, "10.0.0.1")
    for line in ("/ban bob", "/ban op", "/ban 10.0.0.1", "/ban 10.0.0.0/8", "/ban 0.0.0.0/0"):
        assert "includes your own address; /kick and /mute" in refusal(company, op, line)
    assert bans(company) == []
    run(company, op, "/ban ::/0")


def test_a_ban_by_name_that_would_hit_others_is_refused_with_whom_and_what_bans_them_all(
    company: Company, op: Peer, ann: Peer, bob: Peer
) -> None:
    at(ann, "10.1.0.2")
    why = refusal(company, op, "/ban bob")
    assert why.startswith("Not banned: ann would be banned as well; /ban 10.1.0.2 bans them all")
    leave(company, bob)
    assert refusal(company, op, "/ban bob") == why
    assert bans(company) == []
    run(company, op, "/ban 10.1.0.2")
    why_it_ended(ann)


@pytest.mark.parametrize(
    "who", ["zoe", "10.0.0.0/33", "10.0.0", "::g", "x" * 1000, "/", "10.1.0.2:1"]
)
def test_what_is_neither_a_name_nor_a_network_cannot_be_banned(
    who: str, company: Company, op: Peer, bob: Peer
) -> None:
    for line in (f"/ban {who}", f"/unban {who}", f"/unmute {who}"):
        why = refusal(company, op, line)
        assert why.startswith(f"{who[:MAX_TEXT]} is not a known name, address or network")
    assert bans(company) == []


@pytest.mark.parametrize("typed", ["::ffff:10.1.0.0/112", "10.1.0.0%eth0/16"])
def test_a_network_of_ipv4_as_ipv6_writes_it_is_banned_muted_and_freed_as_ipv4(
    typed: str, company: Company, op: Peer, ann: Peer
) -> None:
    run(company, op, f"/ban {typed}")
    why_it_ended(ann)
    assert bans(company) == ["10.1.0.0/16"]
    run(company, op, f"/unban {typed}")
    assert bans(company) == []
    company.hub.mutes.add(ip_network("10.1.0.0/16"), Sanction("op"), time.time())
    run(company, op, f"/unmute {typed}")
    assert not company.hub.mutes.all(time.time())


@pytest.mark.parametrize("command", ["/ban", "/unban", "/unmute"])
@pytest.mark.parametrize("typed", ["::ffff:0:0/95", "0.0.0.0", "224.0.0.0/4"])
def test_where_no_client_comes_from_is_refused_with_the_reason(
    command: str, typed: str, company: Company, op: Peer
) -> None:
    assert refusal(company, op, f"{command} {typed}").startswith("No ")
    assert bans(company) == []


@pytest.mark.parametrize("typed", ["2h flooding", "2 hours flooding", "120  MIN flooding"])
def test_a_time_is_one_word_or_two(typed: str, company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, f"/ban bob {typed}")
    found = company.hub.bans.find("10.1.0.2", time.time())
    assert found
    assert found.why == "flooding"
    assert found.until == pytest.approx(time.time() + 7200, abs=5)


def test_a_reason_may_begin_with_for_or_in(company: Company, op: Peer, bob: Peer) -> None:
    for why in ("for flooding", "in bad faith"):
        run(company, op, f"/ban 10.9.0.1 {why}")
        assert company.hub.bans.find("10.9.0.1", time.time()) == Sanction("op", why)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "/ban bob 2 monkeys",
            "/ban bob 2x",
            "/mute bob 1h30 rude",
            "/ban bob -5m",
            "/ban bob 5",
        ),
        *("/ban bob for 2h flooding", "/mute bob in 5 minutes", "/ban bob +5m", "/mute bob .5h"),
    ],
)
def test_a_time_that_is_not_understood_is_refused_with_an_example(
    line: str, company: Company, op: Peer, bob: Peer
) -> None:
    assert re.match(
        r"“(2|2x|1h30|-5m|5|for 2h|in 5|\+5m|\.5h)” is not a time; TIME is like 30s,",
        refusal(company, op, line),
    )
    assert bob.client.muted is None
    assert bans(company) == []


@pytest.mark.parametrize("line", ["/ban bob 0s", "/mute bob 0m rude"])
def test_no_time_at_all_is_refused(line: str, company: Company, op: Peer, bob: Peer) -> None:
    assert refusal(company, op, line) == "Time too short (0 s, at least 1 s)"
    assert bob.client.muted is None
    assert bans(company) == []


def test_forever_is_a_time_and_so_are_minutes(company: Company, op: Peer, bob: Peer) -> None:
    run(company, op, "/mute bob Forever rude")
    assert bob.client.muted == Sanction("op", "rude")
    run(company, op, "/mute bob 5 minutes")
    assert bob.client.muted is not None
    assert bob.client.muted.left(company.hub.clock.steady()) == "5 min"
    run(company, op, "/ban 10.9.0.1 1h30m")
    assert any("for another 1 h 30 min" in line for line in told(company, op, "/bans"))


def test_there_are_only_so_many_bans(
    company: Company, op: Peer, bob: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sanctions, "MOST", 1)
    run(company, op, "/ban 10.9.0.1")
    assert "Too many bans" in refusal(company, op, "/ban bob")
    assert not bob.reason
    assert shown(company, bob) == []


# /unban, /bans


@pytest.mark.parametrize("where", ["10.1.0.2", "bob", "BOB", "10.1.0.2/32"])
def test_a_ban_is_ended_by_what_it_is_listed_as_or_by_name(
    where: str, company: Company, op: Peer, bob: Peer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "gchat.commands")
    run(company, op, "/ban bob")
    leave(company, bob)
    shown(company, op)
    assert told(company, op, f"/unban {where}") == ["The ban of 10.1.0.2 is lifted"]
    assert caplog.messages[-1] == "the ban of 10.1.0.2 is lifted by op"
    assert bans(company) == []
    why = "10.1.0.2 is not banned; /bans lists the bans"
    assert refusal(company, op, f"/unban {where}") == why


def test_the_bans_are_listed_with_by_whom_how_long_and_why(company: Company, op: Peer) -> None:
    assert told(company, op, "/bans") == [
        "No bans",
        "No muted addresses",
        FORGOTTEN,
    ]
    run(company, op, "/ban 10.9.0.1")
    run(company, op, "/ban 10.8.0.0/16 2h flooding")
    shown(company, op)
    assert told(company, op, "/bans") == [
        "2 bans:",
        "10.9.0.1  by op",
        "10.8.0.0/16  by op for another 2 h: flooding",
        "No muted addresses",
        FORGOTTEN,
    ]


def test_of_many_bans_the_latest_are_listed(company: Company, op: Peer) -> None:
    for number in range(LISTED + 5):
        run(company, op, f"/ban 10.9.0.{number}")
    shown(company, op)
    first, *listed, _, _ = told(company, op, "/bans")
    assert first == f"{LISTED + 5} bans, the latest {LISTED} of them:"
    assert [line.split()[0] for line in listed] == [
        f"10.9.0.{number}" for number in range(5, LISTED + 5)
    ]
