"""People who type commands, and what they and others are shown."""

import time
from typing import Any

import pytest

from gchat import commands
from gchat.commands import Refused
from gchat.model.display import PROGRAM
from gchat.model.message import Kind
from tests.unit.peers import DEADLINE, Company, Peer, wait_until

END = "(that is all)"

BELL = "\a"


class InternetSocket:
    """The socket of a client that has reached us at `host`, whatever it is really connected by."""

    def __init__(self, peer: Peer, host: str) -> None:
        self._socket: Any = peer.client.connection._socket
        self._name = (host, 7878, 0, 0) if ":" in host else (host, 7878)
        peer.client.connection._socket = self

    def getsockname(self) -> tuple[object, ...]:
        return self._name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def person(company: Company, name: str = "", send_buffer: int | None = None) -> Peer:
    """Somebody who has been there for a while, so that nobody is told that they came."""
    peer = company.join(name, send_buffer)
    peer.client.person = True
    InternetSocket(peer, "127.0.0.1")
    return peer


def at(peer: Peer, host: str) -> Peer:
    """The same one, as if it had come from the address `host`."""
    peer.client.address = f"[{host}]:5000" if ":" in host else f"{host}:5000"
    return peer


def why_it_ended(peer: Peer) -> str:
    """Why the client of `peer` is disconnected."""
    wait_until(lambda: peer.reason, "it is disconnected")
    return peer.reason


def a_program(company: Company, name: str = "") -> Peer:
    """Something that has spoken at once, and so is shown what people say and nothing else."""
    peer = company.join(name)
    peer.client.display = PROGRAM
    return peer


def run(company: Company, peer: Peer, line: str) -> None:
    """The client of `peer` types the command `line`. Raises Refused."""
    command, typed = commands.read(line)
    if command.reads:
        company.hub.pending_writes.wait_for(peer.client, DEADLINE)
        assert not peer.client.pending, "nothing places what was said"
    command.carry_out(company.hub, peer.client, typed)
    if company.goes_on_when_placed:
        company.wait_until_placed()


def shown(company: Company, peer: Peer) -> list[str]:
    """All lines that `peer` has been sent since it was asked last; BELL for one that is rung."""
    company.wait_until_placed()
    company.hub.tell(peer.client, END)  # comes after all that was said and owed up to now
    *lines, last = peer.read_until(END)
    return [*lines, BELL] if last.startswith(BELL) else lines


def told(company: Company, peer: Peer, line: str) -> list[str]:
    """The notices that `peer` is shown when it types `line`, and whatever came before."""
    run(company, peer, line)
    return [line.removeprefix(" * ") for line in shown(company, peer)]


def refusal(company: Company, peer: Peer, line: str) -> str:
    """Why `line` is not done."""
    with pytest.raises(Refused) as refused:
        run(company, peer, line)
    return str(refused.value)


def fill(company: Company, count: int, text: str = "message", sender: int = 99) -> None:
    """Somebody who is gone has said `text 0`, `text 1`, … in the lobby."""
    log, room = company.room.log, company.room
    texts = [f"{text} {number}" for number in range(count)]
    log.append(time.time(), Kind.SAY, texts, sender, "zoe")
    room.sent = log.end
    for client in room.clients.values():
        client.cursor = log.end
