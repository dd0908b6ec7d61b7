"""store.sqlite.sanctions: bans and mutes outlast the server."""

from contextlib import closing
from ipaddress import IPv6Network, ip_network
from pathlib import Path

from gchat.model.sanctions import Sanction, Sanctions
from gchat.store.sqlite import sanctions
from gchat.store.sqlite.schema import open_file

BANS = {
    ip_network("10.0.0.0/8"): Sanction("ann", "löud 'n' \"rude\"", 5000.25),
    ip_network("2001:db8::/64"): Sanction("bob"),
    ip_network("10.1.2.3"): Sanction("ann", "", None),
}
MUTES = {ip_network("10.9.9.9"): Sanction("ann")}


def test_they_come_back_as_they_were_and_in_their_order(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with closing(open_file(path)) as file:
        sanctions.write(file, {"ban": BANS, "mute": MUTES})
    with closing(open_file(path)) as file:
        for kind, held in (("ban", BANS), ("mute", MUTES)):
            assert list(sanctions.read(file, kind).items()) == list(held.items())
        sanctions.write(file, {"ban": {}, "mute": MUTES})
        assert sanctions.read(file, "ban") == {}
        assert sanctions.read(file, "mute") == MUTES


def test_networks_of_an_older_file_are_read_in_the_form_that_is_looked_up(tmp_path: Path) -> None:
    mapped, scoped = IPv6Network("::ffff:10.0.0.0/104"), IPv6Network("fe80::%eth0/64")
    with closing(open_file(str(tmp_path / "chat.db"))) as file:
        sanctions.write(file, {"ban": {mapped: Sanction("ann"), scoped: Sanction("ann")}})
        assert list(map(str, sanctions.read(file, "ban"))) == ["10.0.0.0/8", "fe80::/64"]


def test_those_that_were_there_from_the_start_are_found() -> None:
    held = Sanctions(BANS)
    assert held.find("10.5.5.5", 0.0) == BANS[ip_network("10.0.0.0/8")]
    assert held.find("2001:db8::77", 0.0) == Sanction("bob")
    assert held.find("11.0.0.1", 0.0) is None
    assert list(held.all(6000.0)) == list(BANS)[1:]
