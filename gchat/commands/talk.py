"""Actions, and direct messages."""

from collections.abc import Iterator
from contextlib import contextmanager

from gchat.commands.arguments import bare_name, called, name_meant
from gchat.commands.table import Refused, command
from gchat.hub import direct_messages
from gchat.hub.asking import NotAsked, Unanswered
from gchat.hub.client import Away, Client
from gchat.hub.direct_messages import NotTaken, Recipient, Taken, find_elsewhere, find_numbered
from gchat.hub.hub import Hub, Speaker
from gchat.hub.sent import MOST_OF_ONE, Sent
from gchat.model.answers import DirectMessage
from gchat.model.identities import Identity
from gchat.model.message import Kind, Ref
from gchat.store.errors import StoreError
from gchat.text.naming import name_key


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
    person = hub.names.holder(name)
    if person is None and identity:
        sent = _store(hub, client, identity, text)
    elif person is None and (there := _elsewhere(hub, name)):
        sent = _send(hub, client, there, text)
    else:
        sent = _deliver(hub, client, person or called(hub, name), text)
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
    if person is not None and hub.names.holder(person.name) is person:
        _deliver(hub, client, person, text)
    elif there := find_numbered(hub, client.correspondent):
        _send(hub, client, there, text)
    else:
        raise Refused("The sender of your last direct message has left", "nobody to reply to")


def _store(hub: Hub, client: Client, identity: Identity, text: str) -> DirectMessage:
    """Store `text` in the history file until the owner of `identity` comes back."""
    with _refusing():
        taken = direct_messages.store(hub, identity, _as_speaker(client), text)
    return _confirm(hub, client, taken)


def _deliver(hub: Hub, client: Client, person: Client, text: str) -> DirectMessage:
    if person is client:
        raise Refused("You cannot send a direct message to yourself", "to itself")
    _check_is_heard(client, person.number, person.name)
    with _refusing():
        taken = direct_messages.deliver(hub, person, _as_speaker(client), text)
    return _confirm(hub, client, taken)


def _elsewhere(hub: Hub, name: str) -> Recipient | None:
    """The user called `name` of another server. Raises Refused."""
    if not hub.store.is_shared:
        return None
    try:
        return find_elsewhere(hub, name)
    except StoreError as error:
        raise Refused(
            f"Not sent: {name} may be at another server, and the store does not answer: {error}. "
            "Try again later.",
            "store away",
        ) from None


def _send(hub: Hub, client: Client, to: Recipient, text: str) -> DirectMessage:
    """Send `text` to a user of another server, and wait until it is there. Raises Refused."""
    _check_is_heard(client, to.number, to.name)
    with _refusing(), hub.command_gate.paused(client.owner):
        taken = direct_messages.send(hub, to, _as_speaker(client), text)
    return _confirm(hub, client, taken)


def _as_speaker(client: Client) -> Speaker:
    return Speaker(client.number, client.name, str(client.network))


def _check_is_heard(client: Client, number: int, name: str) -> None:
    """Raise Refused if `client` ignores the user of this number and name."""
    if client.ignores.hides(number, name):
        raise Refused(
            f"You ignore {name} and would not see an answer; /unignore {name} ends that",
            "recipient ignored",
        )


@contextmanager
def _refusing() -> Iterator[None]:
    """Raises Refused if a direct message is not taken within, or that is not known."""
    try:
        yield
    except NotTaken as why:
        raise Refused(str(why), why.what) from None
    except NotAsked as why:
        raise Refused(f"Not sent: {why}. Try again later.", "other server away") from None
    except Unanswered:
        raise Refused(
            "It is not known whether your message was sent: the recipient's server does not "
            "answer. It was not sent twice.",
            "other server does not answer",
        ) from None


def _confirm(hub: Hub, client: Client, taken: Taken) -> DirectMessage:
    """Show `client` the direct message that it has sent, and what its recipient does not see."""
    private, name = taken.private, taken.private.to
    if client.display.notices:
        hub.enqueue(client, hub.voice_for(client).private(private))
    sent = DirectMessage(name, taken.is_stored, taken.away)
    if taken.is_stored:
        told = f"{name} is not here; your message is stored until they come back"
        hub.confirm(client, told, facts=sent)
    elif taken.tells_away and taken.away is not None:
        hub.confirm(client, f"{name} is {Away(taken.away, set())}", facts=sent)
    return sent
