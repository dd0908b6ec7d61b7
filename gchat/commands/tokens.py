"""Coming back on another connection, and leaving nothing behind."""

import logging

import gevent

from gchat.commands.table import Refused, WrongArgument, command
from gchat.hub.client import Client
from gchat.hub.deletion import count_all_of, delete_all_of
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import PENALTY, too_many_attempts
from gchat.hub.resumption import BeingResumed, give_token
from gchat.hub.resumption import resume as go_on
from gchat.hub.rooms import MAX_ROOMS, TooManyRooms
from gchat.store.errors import StoreError
from gchat.text.clock import duration
from gchat.text.phrases import counted

NOTHING_SAID = "there are no messages of yours to delete"
"""What /forget tells a client that has said nothing which is kept."""

log = logging.getLogger(__name__)


@command(cost=20)
def token(hub: Hub, client: Client) -> None:
    """show what brings you back here after a lost connection: your token, for /resume

    Keep it to yourself: who shows it is you. You are given one with your name.
    For example: /token
    """
    _check_are_kept(hub)
    if not client.token:
        if client.name == client.address:
            raise Refused("take a name first, with /nick: it is what you come back to", "a token")
        give_token(hub, client)
    hub.tell(client, f"to go on after a lost connection: /resume {client.token}")


@command("TOKEN", cost=20, secret=True)
def resume(hub: Hub, client: Client, token: str) -> None:
    """go on as who you were on another connection, which ends if it still hangs

    You are back in your room, with your name, whom you ignore and how things look, and get all
    that you have missed.
    For example: /resume lusab-babad-gutih-tugad
    """
    _check_are_kept(hub)
    if wait := hub.token_attempts.wait(client.network):
        raise Refused(too_many_attempts(wait, "tokens"), "too many wrong tokens")
    identity = hub.identities.shown(token)
    if identity is None:
        hub.token_attempts.wrong(client.network, f"token ({client})")
        gevent.sleep(PENALTY)
        kept = duration(hub.settings.reserve)
        raise Refused(
            f"nobody has that token, or its name was not used for {kept}; /nick NAME gives a new "
            "one",
            "a token",
        )
    if identity.number == client.number:
        raise Refused(f"you are {client.name} already", "a token")
    try:
        go_on(hub, client, identity, token)
    except BeingResumed:
        raise Refused("another connection is just showing the same token", "a token") from None
    except TooManyRooms:
        raise Refused(
            f"there are {MAX_ROOMS} rooms, the most there may be, and yours is closed; try again "
            "later",
            "a room",
        ) from None


@command("[yes]", cost=100, in_full=True)
def forget(hub: Hub, client: Client, answer: str) -> None:
    """delete for good all that you have said in rooms, under this token or on this connection

    /forget says how many messages that are, /forget yes deletes them. Also from the history file,
    and whatever you were called. Those who have got it already keep it on their screens.
    For example: /forget
    """
    if answer.lower() == "yes":
        _forget_all(hub, client)
    elif answer:
        raise WrongArgument
    else:
        _ask_whether_to_forget(hub, client)


def _ask_whether_to_forget(hub: Hub, client: Client) -> None:
    try:
        count = count_all_of(hub, client.number)
    except StoreError as error:
        log.error("the messages of %s cannot be counted: %s", client, error)
        raise Refused(
            f"your messages in the history file cannot be counted: {error}; nothing was "
            "deleted; try again later",
            "what to delete",
        ) from None
    which = f"{counted(count, 'message')} of yours would be deleted, for good: /forget yes does it"
    hub.tell(client, which if count else NOTHING_SAID)


def _forget_all(hub: Hub, client: Client) -> None:
    try:
        count = delete_all_of(hub, client.number)
    except StoreError as error:
        log.error("what %s has said cannot be deleted from the history: %s", client, error)
        raise Refused(
            f"not all could be deleted from the history file: {error}; try again later",
            "what to delete",
        ) from None
    log.info("%s has deleted what it had said: %s", client, counted(count, "message"))
    which = f"{counted(count, 'message')} of yours {'is' if count == 1 else 'are'} deleted"
    hub.tell(client, which if count else NOTHING_SAID)


def _check_are_kept(hub: Hub) -> None:
    if not hub.store.is_kept:
        raise Refused("nobody can come back: this server has no history file", "a token")
