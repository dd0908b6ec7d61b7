"""Identities that go from one server to another, as their clients do that share a store.

Each is one server's at a time. A client that resumes at another server has that one take its
identity: from the server that has it, which ends the old connection first and tells how far that
got; or, if that server has ended, as its last checkpoint has it.
"""

import logging
from time import monotonic
from typing import Any, Final

import gevent

from gchat.hub import checkpoint
from gchat.hub.asking import NotAsked, Unanswered, answers, ask, ask_all
from gchat.hub.displacing import BeingResumed, DisplacedTooOften, displace, reserved
from gchat.hub.hub import Hub
from gchat.model.events import Left
from gchat.model.identities import Identity, TooManyIdentities
from gchat.store.directory import HeldBy, Taken
from gchat.store.errors import StoreError
from gchat.store.identity_records import identity_from, places_of, record_of
from gchat.store.shared import SharedStore
from gchat.text.naming import name_key

LET_GO: Final = "let go"
LOOK_UP: Final = "look up"

PATIENCE = 8.0
"""Seconds until a server that does not answer has ended, and a second or two more."""

ENDING_PATIENCE = 3.0
"""Seconds in which a server learns that another one has ended: it looks each second."""

PAUSE = 0.1
"""Seconds until the next look whether it has."""

PLACING_PATIENCE = 1.0
"""Seconds for which the last lines of a client are waited for, until they have their places."""

log = logging.getLogger(__name__)


class NotLetGo(Exception):
    """Raised if the server that has an identity does not answer, and has not ended either."""


class NotLookedUp(Exception):
    """Raised if it cannot be found out whom a token stands for; says why, as a clause."""


def find(hub: Hub, shown: str) -> Identity | None:
    """The identity of the token with the digest `shown`, which is this server's from now on.

    None if there is none. Waits for other servers, if there are some; the connection that has the
    identity there is ended. Raises BeingResumed, DisplacedTooOften, NotLetGo, TooManyIdentities and
    StoreError.
    """
    known = hub.identities.with_digest(shown)
    if not isinstance(hub.store, SharedStore):
        return known
    taken = _take(hub, shown)
    if taken is None and known is None and _is_let_go_by_any(hub, shown):
        taken = _take(hub, shown)
    known = hub.identities.with_digest(shown)  # another connection may have found it meanwhile
    if taken is None or (known is not None and taken.server == hub.store.node):
        return known
    if known is not None:  # it was another server's, as this one was away
        give_up(hub, known.number)
        if hub.identities.of(known.number):
            raise BeingResumed
    identity, deadline = _adopt(hub, taken), monotonic() + ENDING_PATIENCE
    while not taken.untold and taken.server in hub.elsewhere.servers and monotonic() < deadline:
        gevent.sleep(PAUSE)  # that it has ended, and that all have left, is told first
    return identity


def look_up(hub: Hub, shown: str) -> Identity | None:
    """The identity of the token with the digest `shown`, which stays at the server that has it.

    None if there is none. Waits for other servers, if there are some. Raises NotLookedUp.
    """
    known = hub.identities.with_digest(shown)
    if known is not None or not isinstance(hub.store, SharedStore):
        return known
    try:
        if found := hub.directory.look_up(shown):
            return found
    except StoreError as error:
        raise NotLookedUp(f"{hub.store.what} does not answer: {error}") from None
    told, silent = ask_all(hub, LOOK_UP, shown)  # it may have been given a moment ago
    record = next((each for each in told.values() if each), None)
    if record is None and silent:
        raise NotLookedUp("another server, which may know it, does not answer")
    return identity_from(*record) if record else None


def give_up(hub: Hub, number: int) -> None:
    """Give up the identity of this number, which another server has taken; end its connection."""
    identity = hub.identities.of(number)
    if identity is None:
        return
    try:
        with reserved(hub, identity, is_elsewhere=True):
            displace(hub, identity)
    except BeingResumed:
        hub.directory.tell_again([identity])  # then it is found to be lost once more
        return
    log.warning("the token of %s was used at another server, as this one was away", identity.name)
    _pass_on(hub, identity)
    _forget(hub, identity)


def _take(hub: Hub, shown: str) -> Taken | None:
    """Take the identity of the token with this digest, when the server that has it lets go of it.

    None if no server has told of it.
    """
    owner, deadline = "", monotonic() + PATIENCE
    while isinstance(found := hub.directory.take(shown), HeldBy):
        if not owner:
            owner = found.server
            _have_let_go(hub, owner, shown)
        elif owner != found.server:  # another connection was faster, at a third server
            raise BeingResumed
        elif monotonic() > deadline:
            raise NotLetGo
        else:
            gevent.sleep(PAUSE)
    return found


def _have_let_go(hub: Hub, server: str, shown: str) -> None:
    """Have `server` let go of an identity; or not, if it does not answer."""
    try:
        answer = ask(hub, server, LET_GO, shown)
    except (NotAsked, Unanswered):
        return
    if wait := answer.get("wait"):
        raise DisplacedTooOften(wait)
    if answer.get("is_busy"):
        raise BeingResumed


def _is_let_go_by_any(hub: Hub, shown: str) -> bool:
    """Whether a server has let go of an identity of which it had told nobody yet."""
    found, silent = ask_all(hub, LET_GO, shown)
    if any(answer.get("is_known") for answer in found.values()):
        return True
    if silent:
        raise NotLetGo
    return False


def _adopt(hub: Hub, taken: Taken) -> Identity:
    """Have the identity that was taken be one of this server's. Does not wait."""
    identity = taken.identity
    if hub.identities.called(name_key(identity.name)):
        identity.name = hub.names.free(identity.name, but=identity.name)
    try:
        hub.identities.add(identity, hub.clients)
    except TooManyIdentities:
        gevent.spawn(_give_back, hub, taken)
        raise
    if taken.untold:
        identity.untold_until = monotonic() + taken.untold
        gevent.spawn_later(taken.untold, _tell_if_not_resumed, hub, identity)
    log.info("%s comes from another server", identity.name)
    return identity


def _give_back(hub: Hub, taken: Taken) -> None:
    """Have other servers be able to take what was taken, as there is no room for it here."""
    number = taken.identity.number
    try:
        privates = hub.directory.privates(number)
        hub.directory.let_go(taken.identity, privates, taken.untold)
        hub.directory.forget_here(number)
    except StoreError as error:
        log.error("cannot give back the token of %s: %s", taken.identity.name, error)


def _pass_on(hub: Hub, identity: Identity) -> None:
    """Have direct messages that came here be found by the server that has `identity` by now."""
    number = identity.number
    try:
        hub.directory.write_privates([(number, each) for each in hub.mail.of(number, ())], [])
    except StoreError as error:
        log.error("direct messages to %s are lost: %s", identity.name, error)


def _forget(hub: Hub, identity: Identity) -> None:
    """Forget `identity`, which other servers may take, or have taken; and what is kept for it."""
    if hub.identities.of(identity.number) is not identity:
        return
    hub.identities.hand_over(identity)
    hub.sent.forget(identity.number)
    hub.mail.hand_over(identity.number)
    try:
        hub.directory.forget_here(identity.number)
    except StoreError as error:  # it is deleted when the server starts with that file again
        log.error("cannot delete the token of %s from the history file: %s", identity.name, error)


# Answers to other servers


@answers(LET_GO)
def _let_go(hub: Hub, shown: str) -> Any:
    """Let go of the identity of the token with this digest, if it is one of this server's."""
    identity = hub.identities.with_digest(shown)
    if identity is None:  # it may have been taken for a client that did not wait for that
        return {"is_known": hub.directory.free(shown)}
    try:
        with reserved(hub, identity):
            return _end_and_let_go(hub, identity)
    except BeingResumed:
        return {"is_known": True, "is_busy": True}
    except DisplacedTooOften as error:
        return {"is_known": True, "wait": error.wait}


@answers(LOOK_UP)
def _tell_of(hub: Hub, shown: str) -> Any:
    """The record of the identity with this digest, and its places; None if it is not here."""
    identity = hub.identities.with_digest(shown)
    return identity and [*record_of(identity), places_of(identity)]


def _end_and_let_go(hub: Hub, identity: Identity) -> Any:
    client, number = hub.clients.get(identity.number), identity.number
    if displace(hub, identity):
        identity.untold_until = monotonic() + checkpoint.GRACE
    if client is not None and client.pending:
        hub.pending_writes.wait_for_first([client.pending], PLACING_PATIENCE)
    untold = max(0.0, identity.untold_until - monotonic())
    privates = hub.mail.of(number, hub.directory.privates(number))
    is_let_go = hub.directory.let_go(identity, privates, untold)
    _forget(hub, identity)
    log.info("%s goes to another server", identity.name)
    if untold and is_let_go:
        gevent.spawn_later(untold, _tell_if_not_back, hub, identity)
    return {"is_known": True}


def _tell_if_not_back(hub: Hub, identity: Identity) -> None:
    """Tell that the client of `identity` has left, unless it has come back at another server."""
    assert isinstance(hub.store, SharedStore)
    try:
        if hub.store.take_untold([identity.digest]):
            tell_left(hub, identity)
    except StoreError as error:
        log.debug("cannot tell that %s has left: %s", identity.name, error)


def _tell_if_not_resumed(hub: Hub, identity: Identity) -> None:
    """Tell that the client of `identity`, which was taken, has left, unless it has come back."""
    if identity.untold_until and hub.identities.of(identity.number) is identity:
        identity.untold_until = 0.0
        tell_left(hub, identity)


def tell_left(hub: Hub, identity: Identity) -> None:
    """Tell that the client of `identity` has left where it was; in rooms that are open here."""
    event = Left([identity.name], 0, [identity.name])
    for place in identity.places if identity.person else ():
        if room := hub.rooms.by_name.get(place.room):
            hub.notify(room, event, identity.number, identity.name)
