"""What operators do about people, and about what these have said."""

import logging
import time

import gevent

from gchat.commands.arguments import (
    MAX_TEXT,
    NOT_WRITTEN,
    called,
    log_of,
    place_wanted,
    term_and_reason,
)
from gchat.commands.table import Refused, command
from gchat.hub import deletion
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import PENALTY, too_many_attempts
from gchat.model.identities import Identity
from gchat.model.message import COUNTED
from gchat.model.sanctions import MOST, Sanction, TooManySanctions
from gchat.store.errors import StoreError
from gchat.text.addresses import (
    Network,
    NobodyComesFrom,
    NotANetwork,
    address_of,
    lies_in,
    read_network,
    show_network,
)
from gchat.text.naming import name_key
from gchat.text.phrases import counted, listing

NAMES_SHOWN = 10
"""How many of those are named whom a ban would hit as well."""

LISTED = 50
"""How many bans /bans lists, and how many mutes: the latest."""

FORGOTTEN = "bans and mutes are kept in memory alone: they end with the server"
"""What an operator is told if there is no history file."""

NOT_DELETED = "it could not be deleted from the history file, where it may be seen again"

log = logging.getLogger(__name__)


@command("PASSWORD", secret=True)
def op(hub: Hub, client: Client, password: str) -> None:
    """become an operator, who may do what is listed below this

    Whoever starts the server sets the password. It is seen on your screen as you type it.
    For example: /op correct horse battery staple
    """
    secret = hub.settings.op_password
    if secret is None:
        raise Refused("there are no operators here: nobody has set a password for them", "/op")
    if wait := hub.operator_attempts.wait(client.network):
        raise Refused(too_many_attempts(wait), "too many wrong passwords")
    if not secret.matches(password):
        hub.operator_attempts.wrong(client.network, f"password for operators ({client})")
        gevent.sleep(PENALTY)
        raise Refused("that is not the operators' password", "a wrong password")
    client.operator = True
    log.info("%s is an operator", client)
    hub.confirm(client, "you are an operator now; /help operators lists what you may do")


@command("NAME [WHY]", operators_only=True, in_full=True)
def kick(hub: Hub, client: Client, name: str, why: str) -> None:
    """disconnect NAME, who may come back

    For example: /kick bob that is enough
    """
    person = _other(hub, client, name)
    _, why = term_and_reason("", why)
    _expel(hub, client, person, Sanction(client.name, why), "kicked")


@command("WHO [TIME] [WHY]", operators_only=True, in_full=True)
def ban(hub: Hub, client: Client, who: str, term: str, why: str) -> None:
    """let nobody in from where WHO is, for a TIME like 10m, 2h or 7d, or for good

    WHO is the name of one who is here or was, an address, or a network like 10.1.0.0/16. Those
    who are here from there are disconnected. An address of IPv6 stands for its /64.
    For example: /ban bob 2h flooding
    """
    sanction = _sanction(client, term, why)
    network, named = _where(hub, who)
    shown = show_network(network)
    if address_of(client.host) in network:
        raise Refused(
            f"you are at {shown} yourself; /kick and /mute are for one alone", "whom to ban"
        )
    if named:
        person = hub.names.holder(who)
        others = [one.name for one in _those_from(hub, network) if one is not person]
        if others:
            raise Refused(
                f"{listing(others, len(others), NAMES_SHOWN)} would be banned as well; "
                f"/ban {shown} bans them all, /kick and /mute are for one alone",
                "whom to ban",
            )
    try:
        hub.bans.add(network, sanction, time.time())
    except TooManySanctions:
        raise Refused(f"there are {MOST} bans, the most there may be", "a ban") from None
    told = f"{shown} is banned {sanction.tell(time.time(), imposed=True)}"
    log.info("%s", told)
    hub.confirm(client, told)
    for one in _those_from(hub, network):  # only now: none comes in any more meanwhile
        _expel(hub, client, one, sanction, "banned")
    hub.confirm(client, *(_keep(hub) if hub.store.is_kept else [FORGOTTEN]))


@command("WHERE", operators_only=True)
def unban(hub: Hub, client: Client, where: str) -> None:
    """end the ban of WHERE, as /bans lists it, or of somebody by their name

    For example: /unban 10.1.0.0/16
    """
    network, _ = _where(hub, where)
    shown = show_network(network)
    if not hub.bans.remove(network, time.time()):
        raise Refused(f"{shown} is not banned; /bans lists what is", "what is not banned")
    log.info("%s is banned no longer, by %s", shown, client.name)
    hub.confirm(client, f"{shown} is banned no longer", *_keep(hub))


@command(operators_only=True)
def bans(hub: Hub, client: Client) -> None:
    """list the bans, and the addresses that are muted, the latest last

    For example: /bans
    """
    now = time.time()
    lines = []
    for held, what, none in (
        (hub.bans.all(now), "ban", "nobody is banned"),
        (hub.mutes.all(now), "muted address", "no address is muted"),
    ):
        latest = list(held.items())[-LISTED:]
        which = f", of which these are the latest {LISTED}" if len(held) > LISTED else ""
        lines.append(f"{counted(len(held), what)}{which}:" if held else none)
        lines += [f"{show_network(network)}  {sanction.tell(now)}" for network, sanction in latest]
    hub.tell(client, *lines, *([] if hub.store.is_kept else [FORGOTTEN]))


@command("NAME [TIME] [WHY]", operators_only=True)
def mute(hub: Hub, client: Client, name: str, term: str, why: str) -> None:
    """let NAME read, but say nothing, for a TIME like 10m, or for good

    If nobody else is here from their address, it holds for all that comes from there: leaving
    and coming back does not end it.
    For example: /mute bob 10m cool down
    """
    person, sanction = _other(hub, client, name), _sanction(client, term, why)
    person.muted = sanction
    told = sanction.tell(time.time(), imposed=True)
    hub.tell(person, f"you are muted {told}")
    _tell_room(hub, client, person, f"{person.name} is muted {told}")
    hub.confirm(client, _mute_address(hub, person, sanction), *_keep(hub))


@command("WHO", operators_only=True)
def unmute(hub: Hub, client: Client, who: str) -> None:
    """let WHO speak again, by their name or the address that /bans lists

    It holds for those who have left and can come back as well.
    For example: /unmute bob
    """
    network, named = _where(hub, who)
    person = hub.names.holder(who) or _leaving(hub, who)
    muted = [one for one in _those_from(hub, network) if hub.mute_of(one)]
    away = _muted_who_are_away(hub, network, who if named else "")
    lifted = hub.mutes.remove(network, time.time())
    if person:
        person.muted = None
    elif not named:  # a name frees nobody else
        for one in muted:
            one.muted = None
    for identity in away:
        identity.muted = None
        hub.identities.changed[identity.number] = identity
    freed = [one for one in muted if not hub.mute_of(one)]
    called = person or (away[0] if named and away else None)
    shown = called.name if called else show_network(network)
    if not (lifted or freed or away):
        raise Refused(f"{shown} is not muted; /bans lists the addresses that are", "one not muted")
    for one in freed:
        hub.tell(one, f"you may speak again, thanks to {client.name}")
    told = f"{shown} may speak again, thanks to {client.name}"
    if person:
        _tell_room(hub, client, person, told)
    else:
        log.info("%s", told)
        hub.confirm(client, told)
    hub.confirm(client, *_keep(hub))


@command("PLACE [WHY]", operators_only=True, in_full=True)
def delete(hub: Hub, client: Client, place: str, why: str) -> None:
    """delete a message for good, from the history file as well

    PLACE is as /find shows it; for a message in this room its number is enough. Those who have
    got it already keep it on their screens.
    For example: /delete #builds/1234 that was a password
    """
    room, number = place_wanted(place, client.log.room)
    _, why = term_and_reason("", why)
    log_there, shown = log_of(hub, room), f"#{room}/{number}"
    following = hub.history.after(log_there, number - 1, 1)
    if not following or following[0].id != number:
        raise Refused(f"nothing is kept of {shown}", "a place")
    message = following[0]
    if message.kind not in COUNTED:
        raise Refused(f"{shown} is a notice of the server's, and no message", "a notice")
    problem = []
    try:
        if not deletion.delete(hub, room, [number]):
            raise Refused(f"{shown} is deleted already", "what is gone")
    except StoreError as error:
        log.error("%s cannot be deleted from the history: %s", shown, error)
        problem = [f"{NOT_DELETED}: {error}"]
    what = f"deleted a message of {message.name}'s{f': {why}' if why else ''}"
    log.info("%s %s, %s", client, what, shown)
    if opened := hub.rooms.by_name.get(room):
        hub.notify(opened, f"{client.name} {what}", client.number, client.name)
    hub.confirm(client, f"you {what}", *problem)


@command("TEXT", operators_only=True)
def announce(hub: Hub, client: Client, text: str) -> None:
    """tell everybody in every room

    For example: /announce the server moves to another machine at noon
    """
    log.info("%s announces: %s", client, text)
    hub.notify_all(f"{client.name} announces: {text}")


def _other(hub: Hub, client: Client, name: str) -> Client:
    """Who is called `name`, and is not `client`. Raises Refused."""
    person = called(hub, name)
    if person is client:
        raise Refused("that is you", "oneself")
    return person


def _sanction(client: Client, term: str, why: str) -> Sanction:
    """What `client` imposes."""
    seconds, why = term_and_reason(term, why)
    return Sanction(client.name, why, None if seconds is None else time.time() + seconds)


def _where(hub: Hub, typed: str) -> tuple[Network, bool]:
    """The network that is meant, and whether it is by somebody's name. Raises Refused."""
    if person := hub.names.holder(typed):
        return person.network, True
    try:
        return read_network(typed), False
    except NobodyComesFrom as why:
        raise Refused(str(why), "where nobody comes from") from None
    except NotANetwork:
        if network := hub.names.departed(typed):
            return network, True
        if identity := hub.identities.called(name_key(typed)):
            return identity.network, True
    raise Refused(
        f"nobody of the name {typed[:MAX_TEXT]} is here or was, and it is no address or network",
        "nobody of that name",
    )


def _those_from(hub: Hub, network: Network) -> list[Client]:
    """The clients whose addresses are in `network`."""
    return [client for client in hub.each_client() if address_of(client.host) in network]


def _muted_who_are_away(hub: Hub, network: Network, name: str) -> list[Identity]:
    """Identities without a client that would come back muted.

    That is the one called `name`, or all of `network` if `name` is empty.
    """
    return [
        one
        for one in hub.identities.muted(time.time())
        if one.number not in hub.clients
        and (name_key(one.name) == name_key(name) if name else lies_in(one.network, network))
    ]


def _leaving(hub: Hub, name: str) -> Client | None:
    """The client called `name` that has left, and is still sent what it is owed; or None."""
    identity = hub.identities.called(name_key(name))
    return hub.clients.get(identity.number) if identity else None


def _mute_address(hub: Hub, person: Client, sanction: Sanction) -> str:
    """Mute whoever comes from the address of `person` too, if that hits nobody who may speak.

    Returns what the operator is to know about it.
    """
    shown = show_network(person.network)
    others = [one.name for one in _those_from(hub, person.network) if not hub.mute_of(one)]
    if others:
        names = listing(others, len(others), NAMES_SHOWN)
        why = f"{names} would be muted as well if {shown} was"
    else:
        try:
            hub.mutes.add(person.network, sanction, time.time())
        except TooManySanctions:
            why = f"{MOST} addresses are muted, the most there may be"
        else:
            return f"so is whoever comes from {shown}; /unmute {shown} ends it"
    return f"{why}: {person.name} is muted until they leave"


def _keep(hub: Hub) -> list[str]:
    """Have bans and mutes as they are outlast the server; what the operator is to know of that."""
    now = time.time()
    try:
        hub.directory.write_sanctions({"ban": hub.bans.all(now), "mute": hub.mutes.all(now)})
    except StoreError as error:
        log.error("bans and mutes cannot be written to the history: %s", error)
        return [NOT_WRITTEN]
    return []


def _expel(hub: Hub, by: Client, person: Client, sanction: Sanction, what: str) -> None:
    """Disconnect `person`, who is `what`: kicked, banned."""
    told = f"{what} {sanction.tell(time.time(), imposed=True)}"
    hub.tell(person, f"you were {told}")
    person.expel(told)
    _tell_room(hub, by, person, f"{person.name} was {told}")


def _tell_room(hub: Hub, by: Client, person: Client, text: str) -> None:
    """Tell what `by` has done about `person`: the others in the room, and `by`, and the log."""
    log.info("%s (%s)", text, person.address)
    room = hub.room_of(person)
    hub.notify(room, text, person.number, person.name)
    sees_it = by.log is room.log and by.display.notices
    if not sees_it or by.ignores.hides(person.number, person.name):
        hub.confirm(by, text)
