"""Actions, and direct messages."""

import time

from gchat.commands.arguments import away_of, bare_name, called, name_meant
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.sent import MOST_OF_ONE, Sent
from gchat.model.answers import DirectMessage
from gchat.model.identities import Identity
from gchat.model.message import Kind, Private, Ref
from gchat.protocol.voices import voice_of
from gchat.store.errors import StoreError
from gchat.text.naming import name_key

PRIVATE_LIMIT = 64 * 1024
"""Bytes of unread direct messages that a client may have before new ones are refused. The message
that crosses the limit is still taken."""

MAX_TOLD = 1000
"""Senders who are remembered as told that a user is away; above that, all are told again."""


@command("ACTION", speaks=True)
def me(hub: Hub, client: Client, action: str) -> None:
    """send an action: ** ann waves

    For example: /me waves
    """
    hub.say(client, [action], Kind.ACTION)


def find_sent(hub: Hub, sender: int, ref: Ref, text: str, room: str) -> Sent | None:
    """What `sender` has said with this `ref` before, if that was `text`; None if it has not.

    In `room`, if that is not empty. Waits if the store has to be asked. Raises Refused.
    """
    if sender in hub.sent.unread:
        try:
            hub.sent.read(sender, hub.store.marked(sender, MOST_OF_ONE))
        except StoreError as error:
            raise Refused(
                "Not sent: the history file, which knows whether it was sent before, cannot be "
                f"read: {error}. Try again later.",
                "refs not read",
            ) from None
    return hub.sent.find(sender, ref, text, room)


@command("NAME TEXT", speaks=True, secret=True)
def msg(hub: Hub, client: Client, name: str, text: str) -> None:
    """send a direct message to NAME, in any room

    Only the two of you see it, as ann -> bob: TEXT. The beginning of a name does if no other name
    begins so. It is not stored, unless NAME can come back with a token (/help resume), and has left
    or does not read: then it is stored until they have received it.
    For example: /msg bob have you got a minute?
    """
    typed, name = name, name_meant(hub, name)
    identity = hub.identities.called(name_key(name))
    if identity and hub.names.holder(name) is None:
        sent = _store(hub, client, identity, text)
    else:
        sent = _deliver(hub, client, called(hub, name), text)
    if name_key(name) != name_key(bare_name(typed)):
        told = f"Sent to {name}, the only name that begins with {bare_name(typed)}"
        hub.answer(client, told, facts=sent)


@command("TEXT", speaks=True, secret=True)
def reply(hub: Hub, client: Client, text: str) -> None:
    """answer your last direct message

    For example: /reply of course
    """
    if not client.correspondent:
        raise Refused("You have no direct message to reply to", "nobody to reply to")
    person = hub.clients.get(client.correspondent)
    if person is None or hub.names.holder(person.name) is not person:
        raise Refused("The sender of your last direct message has left", "nobody to reply to")
    _deliver(hub, client, person, text)


def _store(hub: Hub, client: Client, identity: Identity, text: str) -> DirectMessage:
    """Store `text` in the history file until the owner of `identity` comes back."""
    name = identity.name
    if name_key(client.name) in map(name_key, identity.ignored):
        raise Refused(f"{name} ignores you; not sent", "ignored by the recipient")
    number = hub.mail.next_number()
    private = Private(round(time.time(), 3), client.name, name, text, number)
    hub.mail.add(identity.number, private)  # first: its owner may come back meanwhile, and get it
    try:
        _write(hub, identity, private)
    except Refused:
        if identity.number not in hub.clients:
            hub.mail.withdraw(identity.number, private)
            raise
    else:
        identity.has_mail = identity.number not in hub.clients
    if client.display.notices:
        hub.enqueue(client, hub.voice_for(client).private(private))
    sent = DirectMessage(name, True, None)
    told = f"{name} is not here; your message is stored until they come back"
    hub.confirm(client, told, facts=sent)
    return sent


def _write(hub: Hub, identity: Identity, private: Private) -> None:
    """Write `private`, which is for the owner of `identity`, to the file. Raises Refused."""
    name = identity.name
    with hub.mail.being_written([(identity.number, private)]):
        try:
            is_kept = hub.directory.keep_private(identity.number, private, PRIVATE_LIMIT)
        except StoreError as error:
            raise Refused(
                f"{name} is not here, and the message cannot be stored: {error}; not sent",
                "cannot be stored",
            ) from None
        if not is_kept:
            raise Refused(
                f"{name} is not here and has too many unread messages; not sent",
                "too many unread messages",
            )


def _deliver(hub: Hub, client: Client, person: Client, text: str) -> DirectMessage:
    name = person.name
    if person is client:
        raise Refused("You cannot send a direct message to yourself", "to itself")
    if client.ignores.hides(person.number, name):
        raise Refused(
            f"You ignore {name} and would not see an answer; /unignore {name} ends that",
            "recipient ignored",
        )
    if person.ignores.hides(client.number, client.name):
        raise Refused(f"{name} ignores you; not sent", "ignored by the recipient")
    if person.lost or person.private_bytes > PRIVATE_LIMIT:
        raise Refused(
            f"{name} has not read earlier messages; not sent, try again later",
            "too many unread messages",
        )
    private = Private(time.time(), client.name, name, text, hub.mail.next_number())
    hub.enqueue(person, voice_of(person.display).private(private), private)
    if person.mail is not None:
        hub.mail.add(person.number, private)
    person.correspondent = client.number
    hub.bells.ring(person)
    if client.display.notices:
        hub.enqueue(client, hub.voice_for(client).private(private))
    sent = DirectMessage(name, False, away_of(person, client))
    if person.away and client.number not in person.away.told:
        if len(person.away.told) >= MAX_TOLD:
            person.away.told.clear()
        person.away.told.add(client.number)
        hub.confirm(client, f"{name} is {person.away}", facts=sent)
    return sent
