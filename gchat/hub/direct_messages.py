"""Direct messages: to a client of this server, to one of another server, to one who has left."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from gchat.hub.asking import NotAsked, Unanswered, answers, ask, ask_all
from gchat.hub.client import Client
from gchat.hub.hub import Hub, Speaker
from gchat.model.identities import Identity
from gchat.model.message import Private
from gchat.protocol.voices import voice_of
from gchat.runtime.gate import Owner
from gchat.store.errors import InDoubt, StoreError
from gchat.text.naming import name_key

PRIVATE_LIMIT = 64 * 1024
"""Bytes of unread direct messages that a client may have before new ones are refused from whoever
has sent it much lately. The message that crosses the limit is still taken."""

MOST_UNREAD = 8 * PRIVATE_LIMIT
"""Bytes above which they are refused from everybody. One message that crosses PRIVATE_LIMIT may
take 384 KiB of memory: there is still room then for those of others."""

MAX_TOLD = 1000
"""Senders who are remembered as told that a user is away; above that, all are told again."""

DIRECT = "direct message"
LOOK_FOR = "identity"


class NotTaken(Exception):
    """A direct message was not taken; says why, as its sender reads it.

    `what` is the reason for programs.
    """

    def __init__(self, why: str, what: str) -> None:
        super().__init__(why)
        self.what = what


class Taken(NamedTuple):
    """A direct message that was taken."""

    private: Private
    is_stored: bool
    """Its recipient is not here, and gets it on coming back."""
    away: str | None
    """The away message of the recipient; None if it is not away."""
    tells_away: bool
    """The sender has not been told yet that the recipient is away."""


class Recipient(NamedTuple):
    """A user of another server, who is there, or has left and can come back."""

    server: str
    """Empty if the server where it was has ended."""
    number: int
    name: str
    """Empty if whoever has the number is meant, whatever the name."""


def deliver(hub: Hub, person: Client, by: Speaker, text: str) -> Taken:
    """Have `person` be sent `text`. Does not wait. Raises NotTaken."""
    name = person.name
    if person.ignores.hides(by.number, by.name):
        raise NotTaken(f"{name} ignores you; not sent", "ignored by the recipient")
    if person.lost or person.private_bytes > _limit(hub, person.number, by, text):
        raise NotTaken(
            f"{name} has not read earlier messages; not sent, try again later",
            "too many unread messages",
        )
    hub.mail.parts.use(person.number, _owner(by), text)
    private = Private(time.time(), by.name, name, text, hub.mail.next_number())
    hub.enqueue(person, voice_of(person.display).private(private), private)
    if person.mail is not None:
        hub.mail.add(person.number, private)
    person.correspondent = by.number
    hub.bells.ring(person)
    away = person.away
    if away is None:
        return Taken(private, False, None, False)
    tells_away = by.number not in away.told
    if tells_away:
        if len(away.told) >= MAX_TOLD:
            away.told.clear()
        away.told.add(by.number)
    return Taken(private, False, away.text, tells_away)


def show_kept(hub: Hub, person: Client, kept: Sequence[Private]) -> None:
    """Have `person` be sent what was kept for it. Does not wait.

    But for those of names that it ignores: these were sent when nobody knew that, as its server had
    ended.
    """
    now, voice = time.time(), voice_of(person.display)
    for private in kept:
        if name_key(private.name) in person.ignores.names:
            hub.mail.has_arrived(person.number, private)
        else:
            hub.enqueue(person, voice.private(private, now), private)


def show_left(hub: Hub) -> None:
    """Have people here be sent what was left for them, as others took this server for ended.

    Raises StoreError.
    """
    owners = [number for number in hub.clients if hub.identities.of(number)]
    for owner, private in hub.directory.left_privates(owners):
        person = hub.clients.get(owner)
        if person is not None and person.mail is not None:  # else it is kept until it comes back
            show_kept(hub, person, [private])


def store(hub: Hub, identity: Identity, by: Speaker, text: str) -> Taken:
    """Store `text` in the history file until the owner of `identity` comes back.

    Raises NotTaken.
    """
    name = identity.name
    keys, numbers = hub.names.ignored_by(identity)
    if name_key(by.name) in keys or by.number in numbers:
        raise NotTaken(f"{name} ignores you; not sent", "ignored by the recipient")
    number = hub.mail.next_number()
    private = Private(round(time.time(), 3), by.name, name, text, number)
    hub.mail.add(identity.number, private)  # first: its owner may come back meanwhile, and get it
    try:
        _write(hub, identity, private, _limit(hub, identity.number, by, text))
    except NotTaken:
        if identity.number not in hub.clients:
            hub.mail.withdraw(identity.number, private)
            raise
    else:
        identity.has_mail = identity.number not in hub.clients
    hub.mail.parts.use(identity.number, _owner(by), text)
    return Taken(private, True, None, False)


def find_elsewhere(hub: Hub, name: str) -> Recipient | None:
    """Find the user called `name` at the other servers.

    One who has left is looked for at all of them, and may be found at none. Raises StoreError.
    """
    if peer := hub.elsewhere.called(name):
        return Recipient(peer.server, peer.number, peer.name)
    holder = hub.directory.holder(name_key(name))
    if holder is None or holder.number in hub.clients:
        return None
    if holder.server:
        return Recipient(*holder)
    return _look_everywhere(hub, holder.number, is_here=False) or Recipient(*holder)


def find_numbered(hub: Hub, number: int) -> Recipient | None:
    """Find the client of this number at the other servers, whatever its name. Waits."""
    if peer := hub.elsewhere.numbered(number):
        return Recipient(peer.server, number, "")
    found = _look_everywhere(hub, number, is_here=True)  # it came less than a second ago
    return found and found._replace(name="")


def _look_everywhere(hub: Hub, number: int, *, is_here: bool) -> Recipient | None:
    found, _ = ask_all(hub, LOOK_FOR, number)
    return next(
        (
            Recipient(server, number, known["name"])
            for server, known in found.items()
            if known and (known["here"] or not is_here)
        ),
        None,
    )


def send(hub: Hub, to: Recipient, by: Speaker, text: str) -> Taken:
    """Have another server deliver or store `text`; or the store, if that server has ended.

    Raises NotTaken, NotAsked and Unanswered.
    """
    if not to.server:
        return _leave(hub, to, by, text)
    answer = ask(hub, to.server, DIRECT, [to.number, to.name, *by, text])
    if "refused" in answer:
        raise NotTaken(*answer["refused"])
    (time, name, recipient), *others = answer["taken"]
    return Taken(Private(time, name, recipient, text), *others)


def _limit(hub: Hub, to: int, by: Speaker, text: str) -> int:
    """Bytes of unread messages up to which the client `to` may be sent `text`."""
    return MOST_UNREAD if hub.mail.parts.have_room(to, _owner(by), text) else PRIVATE_LIMIT


def _owner(by: Speaker) -> Owner:
    return Owner(by.network, by.number)


def _leave(hub: Hub, to: Recipient, by: Speaker, text: str) -> Taken:
    """Leave `text` in the store until `to` comes back, to whichever server.

    Whether it ignores `by` is not known here: if so, it is not shown `text` (show_kept).
    """
    number, limit = hub.mail.next_number(), _limit(hub, to.number, by, text)
    private = Private(round(time.time(), 3), by.name, to.name, text, number)
    try:
        is_kept = hub.directory.leave_private(name_key(to.name), to.number, private, limit)
    except InDoubt:
        raise Unanswered from None
    except StoreError as error:
        raise NotAsked(f"the store does not answer: {error}") from None
    if is_kept is None:
        raise NotTaken(
            f"{to.name} has just come back, or is gone; not sent, try again", "no such name"
        )
    if not is_kept:
        raise _has_too_many(to.name)
    hub.mail.parts.use(to.number, _owner(by), text)
    return Taken(private, True, None, False)


def _has_too_many(name: str) -> NotTaken:
    return NotTaken(
        f"{name} is not here and has too many unread messages; not sent",
        "too many unread messages",
    )


def _write(hub: Hub, identity: Identity, private: Private, limit: int) -> None:
    """Write `private`, which is for the owner of `identity`, to the file.

    Raises NotTaken, also if more than `limit` bytes are there already.
    """
    name = identity.name
    with hub.mail.being_written([(identity.number, private)]):
        try:
            is_kept = hub.directory.keep_private(identity.number, private, limit)
        except StoreError as error:
            raise NotTaken(
                f"{name} is not here, and the message cannot be stored: {error}; not sent",
                "cannot be stored",
            ) from None
        if not is_kept:
            raise _has_too_many(name)


@answers(DIRECT, also_late=True)
def _take(hub: Hub, what: Any) -> Any:
    number, name, *by, text = what
    try:
        taken = _take_for(hub, number, name, Speaker(*by), text)
    except NotTaken as why:
        return {"refused": [str(why), why.what]}
    private = taken.private
    return {"taken": [[private.time, private.name, private.to], *taken[1:]]}


def _take_for(hub: Hub, number: int, name: str, by: Speaker, text: str) -> Taken:
    person = hub.clients.get(number)
    if person is not None and hub.names.holder(person.name) is person:
        if name and name_key(person.name) != name_key(name):
            raise NotTaken(f"{name} is called {person.name} now; not sent", "no such name")
        return deliver(hub, person, by, text)
    if identity := hub.identities.of(number):
        return store(hub, identity, by, text)
    raise NotTaken(
        f"{name or 'The sender of your last direct message'} has left; not sent", "no such name"
    )


@answers(LOOK_FOR)
def _look_for(hub: Hub, number: int) -> Any:
    """Who has this number, and is here or can come back to this server; None if nobody has."""
    if is_here := number in hub.clients:
        return {"name": hub.clients[number].name, "here": is_here}
    identity = hub.identities.of(number)
    return identity and {"name": identity.name, "here": is_here}
