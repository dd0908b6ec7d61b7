"""Talking otherwise than to everybody in the room."""

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
"""Bytes that others may have sent to one who has not read them yet. One more may go over it."""

MAX_TOLD = 1000
"""How many are remembered who have been told that somebody is away."""


@command("ACTION", speaks=True)
def me(hub: Hub, client: Client, action: str) -> None:
    """tell what you do: ** ann waves

    For example: /me waves
    """
    hub.say(client, [action], Kind.ACTION)


@command("NAME TEXT", speaks=True, secret=True)
def msg(hub: Hub, client: Client, name: str, text: str) -> None:
    """say TEXT to NAME alone, in whichever room they are

    Both of you see it as ann -> bob: TEXT. Nobody else does. It is kept nowhere, unless NAME has
    left and can come back (/help resume): until then.
    For example: /msg bob have you got a minute?
    """
    identity = hub.identities.called(name_key(name))
    if identity and hub.names.holder(name) is None:
        _keep(hub, client, identity, text)
    else:
        _tell(hub, client, called(hub, name), text)


@command("TEXT", speaks=True, secret=True)
def reply(hub: Hub, client: Client, text: str) -> None:
    """say TEXT to who last said something to you alone

    For example: /reply of course
    """
    if not client.correspondent:
        raise Refused("nobody has said anything to you alone yet", "no one to reply to")
    person = hub.clients.get(client.correspondent)
    if person is None or hub.names.holder(person.name) is not person:
        raise Refused("who last said something to you alone has left", "no one to reply to")
    _tell(hub, client, person, text)


def _keep(hub: Hub, client: Client, identity: Identity, text: str) -> None:
    """Keep `text` for somebody who is not here, until they come back."""
    name = identity.name
    if name_key(client.name) in map(name_key, identity.ignored):
        raise Refused(f"{name} ignores you; it was not kept", "a private message")
    private = Private(round(time.time(), 3), client.name, name, text)
    try:
        is_kept = hub.directory.keep_privates(identity.number, [private], PRIVATE_LIMIT)
    except StoreError as error:
        raise Refused(
            f"{name} is not here, and the history file cannot be written to: {error}",
            "a private message",
        ) from None
    if not is_kept:
        raise Refused(
            f"{name} is not here, and enough is kept for them already; it was not sent",
            "a private message",
        )
    if hub.identities.of(identity.number) is identity and identity.number in hub.clients:
        bring_privates(hub, identity)  # they have come meanwhile
    if client.display.notices:
        hub.enqueue(client, voice_of(client.display).private(private))
    hub.confirm(client, f"{name} is not here; it is kept until they come back")


def _tell(hub: Hub, client: Client, person: Client, text: str) -> None:
    name = person.name
    if person is client:
        raise Refused("that is you", "a private message")
    if client.ignores.hides(person.number, name):
        raise Refused(
            f"you ignore {name}, and would not see an answer; /unignore {name} ends that",
            "a private message",
        )
    if person.ignores.hides(client.number, client.name):
        raise Refused(f"{name} ignores you; it was not sent", "a private message")
    if person.lost or person.private_bytes > PRIVATE_LIMIT:
        raise Refused(
            f"{name} has not read what was sent before; it was not sent, try again later",
            "a private message",
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
