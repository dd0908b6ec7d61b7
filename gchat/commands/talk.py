"""Actions, and direct messages."""

import time

from gchat.commands.arguments import called
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.resumption import bring_privates
from gchat.model.identities import Identity
from gchat.model.message import Kind, Private
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


@command("NAME TEXT", speaks=True, secret=True)
def msg(hub: Hub, client: Client, name: str, text: str) -> None:
    """send a direct message to NAME, in any room

    Only the two of you see it, as ann -> bob: TEXT. It is not stored, unless NAME has left and can
    come back with a token (/help resume): then it is stored until they do.
    For example: /msg bob have you got a minute?
    """
    identity = hub.identities.called(name_key(name))
    if identity and hub.names.holder(name) is None:
        _store(hub, client, identity, text)
    else:
        _deliver(hub, client, called(hub, name), text)


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


def _store(hub: Hub, client: Client, identity: Identity, text: str) -> None:
    """Store `text` in the history file until the owner of `identity` comes back."""
    name = identity.name
    if name_key(client.name) in map(name_key, identity.ignored):
        raise Refused(f"{name} ignores you; not sent", "ignored by the recipient")
    private = Private(round(time.time(), 3), client.name, name, text)
    earlier, identity.privates = identity.privates, []  # which come first
    try:
        is_kept = hub.directory.keep_privates(identity.number, [*earlier, private], PRIVATE_LIMIT)
        if is_kept:
            earlier = []
    except StoreError as error:
        raise Refused(
            f"{name} is not here, and the message cannot be stored: {error}; not sent",
            "cannot be stored",
        ) from None
    finally:
        identity.privates = earlier + identity.privates
    if not is_kept:
        raise Refused(
            f"{name} is not here and has too many unread messages; not sent",
            "too many unread messages",
        )
    identity.has_mail = True
    is_back = identity.number in hub.clients or identity.number in hub.resumed
    if hub.identities.of(identity.number) is identity and is_back:
        bring_privates(hub, identity)  # they have come meanwhile, or are about to
    if client.display.notices:
        hub.enqueue(client, voice_of(client.display).private(private))
    hub.confirm(client, f"{name} is not here; your message is stored until they come back")


def _deliver(hub: Hub, client: Client, person: Client, text: str) -> None:
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
    private = Private(time.time(), client.name, name, text)
    hub.enqueue(person, voice_of(person.display).private(private), private)
    person.correspondent = client.number
    hub.bells.ring(person)
    if client.display.notices:
        hub.enqueue(client, voice_of(client.display).private(private))
    if person.away and client.number not in person.away.told:
        if len(person.away.told) >= MAX_TOLD:
            person.away.told.clear()
        person.away.told.add(client.number)
        hub.confirm(client, f"{name} is {person.away}")
