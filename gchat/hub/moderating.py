"""What operators of any server do to users of this one."""

import logging
from dataclasses import asdict
from typing import Any, NamedTuple

from gchat.hub.asking import answers, ask_all
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.sanctioning import MUTE, clients_in, expel, impose, lift, tell_rooms
from gchat.model.events import Kicked, Muted, Unmuted
from gchat.model.identities import Identity
from gchat.model.sanctions import MOST, Sanction, TooManySanctions
from gchat.model.server_answers import InForce
from gchat.protocol.sentences import sentence_of
from gchat.store.errors import StoreError
from gchat.text.addresses import Network, lies_in, parse_network, show_network
from gchat.text.naming import name_key
from gchat.text.phrases import listing

NAMES_SHOWN = 10
"""Users whom a refusal names because a ban or mute would affect them as well."""

KICK, MUTE_USER, UNMUTE_USER, UNMUTE_NETWORK = "kick", "mute", "unmute", "unmute network"
NETWORK_OF, NETWORK_OF_DEPARTED, WHO_IS_IN = "network", "network of departed", "who is in"
UNMUTED_IN, RELEASE = "unmuted in", "release"

log = logging.getLogger(__name__)


class Done(NamedTuple):
    """What was done to a user."""

    name: str
    text: str
    """As a sentence, which was told to the others in its rooms."""
    rooms: list[str]


class Muting(NamedTuple):
    """A user was muted."""

    done: Done
    told: str
    """What the operator is told about the address."""
    mute: InForce


class Unmuting(NamedTuple):
    """A user, an address or a network was unmuted."""

    shown: str
    """The name or the network."""
    done: Done | None
    """None if it is no user who is here."""
    is_lifted: bool


def kick(hub: Hub, person: Client, by: str, why: str) -> Done:
    """Disconnect `person`."""
    text = expel(hub, person, Sanction(by, why), Kicked(by, why))
    return _done(person, text)


def mute(hub: Hub, person: Client, sanction: Sanction) -> Muting:
    """Mute `person`, and its address, unless unmuted users share that."""
    person.muted = sanction
    now = hub.clock.steady()
    event = Muted(sanction.by, sanction.why, sanction.seconds_left(now))
    hub.tell(person, f"You are muted {sanction.tell(now, imposed=True)}", event=event)
    done = _done(person, tell_rooms(hub, person, event))
    told, network = _mute_address(hub, person, sanction)
    return Muting(done, told, sanction.in_force(now, network))


def unmute(hub: Hub, network: Network, name: str, by: str) -> Unmuting:
    """Unmute the user called `name` and its `network`; all of `network` if there is no name.

    Raises StoreError.
    """
    person = (hub.names.holder(name) or leaving(hub, name)) if name else None
    muted = [one for one in clients_in(hub, network) if hub.mute_of(one)]
    away = muted_and_absent(hub, network, name)
    lifted = lift(hub, MUTE, network)
    if person:
        person.muted = None
    elif not name:  # a name frees nobody else
        for one in muted:
            one.muted = None
    for identity in away:
        identity.muted = None
        hub.identities.changed[identity.number] = identity
    freed = [one for one in muted if not hub.mute_of(one)]
    called = person or (away[0] if name and away else None)
    shown = called.name if called else show_network(network)
    if not (lifted or freed or away):
        return Unmuting(shown, None, False)
    event = Unmuted(by)
    for one in freed:
        hub.tell(one, f"You were unmuted by {by}", event=event)
    if person:
        return Unmuting(shown, _done(person, tell_rooms(hub, person, event)), True)
    log.info("%s", sentence_of(event, shown))
    return Unmuting(shown, None, True)


def release_name(hub: Hub, identity: Identity) -> None:
    """Free the name that is reserved for `identity`, who has left and cannot come back any more."""
    hub.identities.forget(identity)
    hub.directory.release(name_key(identity.name), identity.number)


def muted_and_absent(hub: Hub, network: Network, name: str) -> list[Identity]:
    """The muted identities that are not connected: the one called `name`, or all of `network`.

    `name` is empty in the second case.
    """
    return [
        one
        for one in hub.identities.muted(hub.clock.steady())
        if one.number not in hub.clients
        and (name_key(one.name) == name_key(name) if name else lies_in(one.network, network))
    ]


def leaving(hub: Hub, name: str) -> Client | None:
    """The client called `name` that has left and is still being sent the rest, or None."""
    identity = hub.identities.called(name_key(name))
    return hub.clients.get(identity.number) if identity else None


def names_of(people: list[str]) -> str:
    """The names of users, or of the first ones."""
    return listing(people, len(people), NAMES_SHOWN)


def _done(person: Client, text: str) -> Done:
    return Done(person.name, text, [seat.log.room for seat in person.seats])


def _mute_address(hub: Hub, person: Client, sanction: Sanction) -> tuple[str, str | None]:
    """Mute the address of `person` as well, unless unmuted users share it.

    Returns what to tell the operator about it, and the address, if it is muted.
    """
    shown = show_network(person.network)
    others, silent = _unmuted_in(hub, person.network)
    if silent:
        why = "another server, which may have users there, does not answer"
    elif others:
        why = f"{names_of(others)} {'shares' if len(others) == 1 else 'share'} it"
    else:
        try:
            impose(hub, MUTE, person.network, sanction)
        except TooManySanctions:
            why = f"too many addresses are muted, limit {MOST}"
        except StoreError as error:
            why = f"the store does not answer: {error}"
        else:
            return f"The address {shown} is muted as well; /unmute {shown} lifts that", shown
    left = sanction.left(hub.clock.steady())
    term = f"for {left} or " if left else ""
    told = f"{person.name} is muted {term}until they disconnect ({shown} was not muted: {why})"
    return told, None


def _unmuted_in(hub: Hub, network: Network) -> tuple[list[str], bool]:
    """The names of users in `network` who are not muted, at all servers.

    And whether a server has not answered.
    """
    names = [one.name for one in clients_in(hub, network) if not hub.mute_of(one)]
    found, silent = ask_all(hub, UNMUTED_IN, str(network))
    return names + [name for others in found.values() for name in others], bool(silent)


# Answers to other servers


def _person(hub: Hub, number: int) -> Client | None:
    person = hub.clients.get(number)
    return person if person is not None and hub.names.holder(person.name) is person else None


@answers(KICK)
def _kick(hub: Hub, what: Any) -> Any:
    number, by, why = what
    person = _person(hub, number)
    return person and kick(hub, person, by, why)


@answers(MUTE_USER)
def _mute(hub: Hub, what: Any) -> Any:
    number, by, why, seconds = what
    person = _person(hub, number)
    if person is None:
        return None
    until = None if seconds is None else hub.clock.steady() + seconds
    done, told, muted = mute(hub, person, Sanction(by, why, until))
    return [done, told, asdict(muted)]


@answers(UNMUTE_USER)
def _unmute(hub: Hub, what: Any) -> Any:
    number, by = what
    known = _person(hub, number) or hub.identities.of(number)
    return known and unmute(hub, known.network, known.name, by)


@answers(UNMUTE_NETWORK)
def _unmute_network(hub: Hub, what: Any) -> Any:
    network, by = what
    return unmute(hub, parse_network(network), "", by).is_lifted


@answers(RELEASE)
def _release(hub: Hub, what: Any) -> Any:
    number, by = what
    identity = hub.identities.of(number)
    if identity is None or number in hub.clients or number in hub.resumed:
        return None
    release_name(hub, identity)
    log.info("the name %s is released by %s", identity.name, by)
    return identity.name


@answers(NETWORK_OF)
def _network_of(hub: Hub, what: Any) -> Any:
    (number,) = what
    known = _person(hub, number) or hub.identities.of(number)
    return known and str(known.network)


@answers(NETWORK_OF_DEPARTED)
def _network_of_departed(hub: Hub, name: str) -> Any:
    if network := hub.names.departed(name):
        return str(network)
    identity = hub.identities.called(name_key(name))
    return identity and str(identity.network)


@answers(UNMUTED_IN)
def _tell_unmuted_in(hub: Hub, network: str) -> Any:
    found = clients_in(hub, parse_network(network))
    return [one.name for one in found if not hub.mute_of(one)]


@answers(WHO_IS_IN)
def _who_is_in(hub: Hub, what: Any) -> Any:
    network, but = what
    return [one.name for one in clients_in(hub, parse_network(network)) if one.number != but]
