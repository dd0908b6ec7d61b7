"""Coming back on another connection, and deleting your messages."""

import logging
from itertools import takewhile
from math import ceil

from gchat.commands.arguments import check_secret, no_token, room_named
from gchat.commands.table import Refused, WrongArgument, command
from gchat.hub.checkpoint import give_token
from gchat.hub.client import Client
from gchat.hub.deletion import count_all_of, delete_all_of
from gchat.hub.displacing import BeingResumed, DisplacedTooOften
from gchat.hub.handing_over import NotLetGo
from gchat.hub.handing_over import find as find_identity
from gchat.hub.hub import Hub
from gchat.hub.membership import TooManySeats
from gchat.hub.resumption import NotReading
from gchat.hub.resumption import resume as resume_session
from gchat.hub.rooms import TooManyRooms
from gchat.hub.seats import MOST_SEATS
from gchat.model.answers import Forgotten, Token
from gchat.model.epochs import Place, read_place
from gchat.model.identities import Identity, TooManyIdentities
from gchat.model.tokens import digest
from gchat.store.errors import StoreError
from gchat.text.clock import duration
from gchat.text.phrases import counted

NOTHING_SAID = "You have no messages to delete"
"""Answer of /forget to a client without messages in memory and in the history file."""

log = logging.getLogger(__name__)


@command(cost=20)
def token(hub: Hub, client: Client) -> None:
    """show your token, with which /resume brings you back

    It is like a password: keep it secret. You get one when you set your name, if the server keeps
    a history file.
    For example: /token
    """
    _check_tokens_exist(hub)
    if not client.token:
        if client.is_nameless:
            raise Refused("Set a name with /nick first: the token is for that name", "no name yet")
        try:
            give_token(hub, client)
        except TooManyIdentities as error:
            raise Refused(f"No token: {no_token(error)}", "too many tokens") from None
    told = f"To come back after a lost connection: /resume {client.token}"
    seat = client.at
    last = seat.present_end.id  # of a room where nothing was said yet, the program has no place
    place = Place(last, seat.log.epoch_of(last))
    hub.answer(client, told, facts=Token(client.token, seat.log.room, str(place)))


@command("TOKEN [PLACE]", cost=20, secret=True)
def resume(hub: Hub, client: Client, token: str, rest: str) -> None:
    """come back with a token after a lost connection

    You are in your room again, with your name, ignore list and display settings, and get the
    messages that you have missed. If your earlier connection is still open, it is closed. A program
    adds the PLACE of the last message that it has from that room, and gets exactly those behind it;
    in several rooms, one for each: #ROOM/PLACE.
    For example: /resume lusab-babad-gutih-tugad
    """
    _check_tokens_exist(hub)
    token, seen = _split(f"{token} {rest}")
    identity = check_secret(hub.token_attempts, client, "token", lambda: _find(hub, client, token))
    if identity is None:
        kept = duration(hub.settings.reserve)
        raise Refused(
            f"Unknown or expired token (tokens last {kept} after you leave). /nick NAME gives you "
            "a new one.",
            "unknown token",
        )
    if identity.number == client.number:
        raise Refused(f"You are {client.name} already", "token in use here")
    try:
        resume_session(hub, client, identity, token, seen)
    except BeingResumed:
        raise _in_use() from None
    except NotReading:
        raise Refused(
            "Not resumed, as this connection does not read what it is sent; try again once it does",
            "does not read",
        ) from None
    except DisplacedTooOften as error:
        raise _used_in_turns(error) from None
    except TooManySeats as error:
        raise Refused(f"Not resumed: {error}", "too many rooms for a client") from None
    except TooManyRooms as error:
        raise Refused(
            f"Not resumed, as #{error.room} cannot be opened: {error}. Try again later.",
            "too many rooms",
        ) from None
    except StoreError as error:
        raise Refused(
            f"Your room cannot be opened, as {hub.store.what} cannot be read: {error}. Try again "
            "later.",
            "room not opened",
        ) from None


def _find(hub: Hub, client: Client, token: str) -> Identity | None:
    """The identity that `token` stands for; None if there is none. Waits. Raises Refused."""
    try:
        with hub.command_gate.paused(client.owner):
            return find_identity(hub, digest(token))
    except BeingResumed:
        raise _in_use() from None
    except DisplacedTooOften as error:
        raise _used_in_turns(error) from None
    except NotLetGo:
        raise Refused(
            "Not resumed: another server, which may have what belongs to that token, does not "
            "answer. Try again in some seconds.",
            "other server does not answer",
        ) from None
    except TooManyIdentities as error:
        raise Refused(
            "Not resumed, as too many names are reserved at this server (limit "
            f"{error.limit}). Try again at another one with the same rooms.",
            "too many tokens",
        ) from None
    except StoreError as error:
        raise Refused(
            f"Not resumed, as {hub.store.what} does not answer: {error}. Try again later.",
            "store away",
        ) from None


def _in_use() -> Refused:
    return Refused("Another connection is using that token right now; try again", "token in use")


def _used_in_turns(error: DisplacedTooOften) -> Refused:
    return Refused(
        "Not resumed: connections with this token keep ending each other. End the other one "
        f"with /quit, or try again in {duration(ceil(error.wait))}.",
        "token used in turns",
    )


def _split(typed: str) -> tuple[str, dict[str, Place]]:
    """Split what follows /resume into the token, which may have blanks, and the places, if any.

    A place is that of a room, `#builds/3f2a91c-12`, or of the first one, which has an empty name.
    Raises WrongArgument and Refused.
    """
    words, seen = typed.split(), dict[str, Place]()
    if not words:
        raise WrongArgument
    places = list(takewhile(_has_digit, reversed(words[1:])))
    if len(places) > MOST_SEATS:  # to read thousands of names would delay everybody
        raise Refused(
            f"Not resumed: there are {len(places)} places, and a program may be in {MOST_SEATS} "
            "rooms at a time",
            "too many rooms for a client",
        )
    for each in places:
        name, _, typed_place = each.rpartition("/")
        place = read_place(typed_place)
        if place is None:
            raise WrongArgument
        seen[room_named(name) if name else ""] = place
    return " ".join(words[: len(words) - len(places)]), seen


def _has_digit(word: str) -> bool:
    """Whether `word` cannot be a part of a token."""
    return any(map(str.isdecimal, word))


@command("[yes]", cost=100, reads=True, in_full=True)
def forget(hub: Hub, client: Client, answer: str) -> None:
    """delete all your messages in rooms, for good

    /forget counts the messages, /forget yes deletes them, from the history file as well: those
    that you have sent on this connection or with this token, under any name. Users who have
    received them still have them on their screens.
    For example: /forget
    """
    if answer.lower() == "yes":
        _forget_all(hub, client)
    elif answer:
        raise WrongArgument
    else:
        _ask_whether_to_forget(hub, client)


def _ask_whether_to_forget(hub: Hub, client: Client) -> None:
    _check_all_are_stored(client)
    try:
        count = count_all_of(hub, client)
    except StoreError as error:
        log.error("cannot count the messages of %s: %s", client, error)
        raise Refused(
            f"Cannot count your messages in the history file: {error}. Nothing was "
            "deleted; try again later.",
            "messages not counted",
        ) from None
    question = f"Delete {counted(count, 'message')} of yours for good? /forget yes does it"
    hub.answer(client, question if count else NOTHING_SAID, facts=Forgotten(count, False))


def _forget_all(hub: Hub, client: Client) -> None:
    _check_all_are_stored(client)
    try:
        count = delete_all_of(hub, client)
    except StoreError as error:
        log.error("cannot delete the messages of %s from history: %s", client, error)
        raise Refused(
            f"Some of your messages could not be deleted from the history file: {error}. "
            "Try again later.",
            "messages not deleted",
        ) from None
    log.info("%s deleted all its messages (%d)", client, count)
    told = f"Deleted {counted(count, 'message')} of yours" if count else NOTHING_SAID
    hub.answer(client, told, facts=Forgotten(count, True))


def _check_all_are_stored(client: Client) -> None:
    if client.pending:
        raise Refused(
            "Your last message is not stored yet; nothing was deleted. Try again later.",
            "messages not stored yet",
        )


def _check_tokens_exist(hub: Hub) -> None:
    if not hub.store.is_kept:
        raise Refused("There are no tokens: this server has no history file", "no history file")
