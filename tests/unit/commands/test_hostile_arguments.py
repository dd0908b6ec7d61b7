"""All commands with arguments that nobody means: each is done, or refused with a reason."""

from contextlib import suppress
from operator import attrgetter
from pathlib import Path

import gevent
import pytest

from gchat.commands import TABLE, Command, Refused, admin, arguments
from gchat.config.password import Password
from gchat.hub.client import Dismissed
from gchat.jobs.recorder import Recorder
from gchat.store.sqlite.store import SqliteStore
from gchat.text.safe import escape
from tests.unit.commands.typing_lines import run
from tests.unit.peers import Company, Peer

HOSTILE = (
    *(
        "/".join("a" * 3000),
        "/".join("a" * 30_000),
        "x" * 60_000,
        "9" * 60_000,
        "." * 300,
        "#" * 999,
    ),
    *("\0", "a\0b", "UTC\0", "\udcff", "\u202e/1", "\uffff", "İ" * 300, "ﷺ" * 60, "\u0301" * 50),
    *("..", ".", "/", "../../etc/passwd", "/etc/passwd", "Europe", "posix", "America/Argentina"),
    *("Europe/", "tzdata.zi", "zone.tab", "__init__.py", "é" * 255, "a." * 200, "./UTC", "Factory"),
    *("-1", "0", "9" * 9, "9" * 15, "9" * 20, "999999w", "٣", "²", "５m", "1e9", "1_0", "24:00"),
    *("fe80::1%eth0", "fe80::1%eth0/64", "::/0", "::1%", "%", "1.2.3.4/0.0.0.0", "[::1]:5"),
    *("#/", "#/1", "lobby/9", "#lobby/999999999999999", "a/b/1", '"', "*", "a*" * 90, "^a", "a:b"),
    *("from:", "since:999999d", "NEAR(a b)", "on", "yes", "now", "cancel", "bob", "rate", "-"),
)
"""Very long, of many parts, no text, no path, no number, no address, no query, and what is one."""


@pytest.mark.parametrize("keeps", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize("entry", TABLE.values(), ids=attrgetter("name"))
def test_whatever_a_command_is_given_it_is_done_or_refused(
    entry: Command, keeps: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((arguments, "PENALTY"), (admin, "MEASURED")):
        monkeypatch.setattr(module, name, 0.0)
    store = SqliteStore(str(tmp_path / "chat.db")) if keeps else None
    with Company(store=store) as company:
        company.hub.settings.op_password = Password("secret")
        if keeps:
            company.start(Recorder(company.hub).run)
        ann, _bob = company.join("ann"), company.join("bob")
        ann.client.operator = True
        company.start(_read_all, ann)
        for typed in HOSTILE:
            for line in (typed, f"bob {typed}", f"{typed} {typed}"):
                with suppress(Refused, Dismissed):
                    run(company, ann, f"{entry.name} {escape(line)}")  # as a session does
        company.hub.shutdown.cancel()
    if store:
        store.close()


def _read_all(peer: Peer) -> None:
    while peer.socket.recv(65_536):
        gevent.sleep(0)
