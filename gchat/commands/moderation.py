"""Kicks, bans, mutes, deletion and announcements, for operators."""

import logging

from gchat.commands.arguments import (
    MAX_TEXT,
    NOT_WRITTEN,
    called,
    check_secret,
    log_of,
    read_place,
    term_and_reason,
)
from gchat.commands.table import Refused, command
from gchat.hub import deletion
from gchat.hub.client import Client
from gchat.hub.hub import Hub
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
"""Users whom a refusal names because a ban or mute would affect them as well."""

LISTED = 50
"""Bans that /bans lists, and mutes: the latest ones, about two screens of each."""

FORGOTTEN = "There is no history file: bans and mutes end when the server stops"
"""Told to operators by /ban and /bans if there is no history file."""

NOT_DELETED = "Deleted from memory only; it is still in the history file"

log = logging.getLogger(__name__)


@command("PASSWORD", secret=True)
def op(hub: Hub, client: Client, password: str) -> None:
    """become an operator

    The password is set when the server is started. Your screen shows it as you type it. /help
    operators lists what operators can do.
    For example: /op correct horse battery staple
    """
    secret = hub.settings.op_password
    if secret is None:
        raise Refused(
            "There are no operators: this server has no operator password", "no operator password"
        )
    attempts, what = hub.operator_attempts, "operator password"
    if not check_secret(attempts, client, what, lambda: secret.matches(password)):
        raise Refused("Wrong operator password", "wrong operator password")
    client.operator = True
    log.info("%s is an operator", client)
    hub.confirm(client, "You are now an operator; /help operators lists what you can do")
    if trouble := hub.store.trouble:
        hub.tell(client, trouble)


@command("NAME [WHY]", operators_only=True, in_full=True)
def kick(hub: Hub, client: Client, name: str, why: str) -> None:
    """disconnect a user

    The user can come back at once; /ban prevents that.
    For example: /kick bob that is enough
    """
    person = _other(hub, client, name)
    _, why = term_and_reason("", why)
    _expel(hub, client, person, Sanction(client.name, why), "kicked")


@command("NAME", operators_only=True, in_full=True)
def release(hub: Hub, client: Client, name: str) -> None:
    """free a name that is reserved for a user who has left

    The token of that user ends, and direct messages that wait for it are deleted.
    For example: /release bob
    """
    identity = hub.identities.called(name_key(name[:MAX_TEXT]))
    if identity is None:
        raise Refused(f"The name {name[:MAX_TEXT]} is not reserved", "name not reserved")
    if identity.number in hub.clients or identity.number in hub.resumed:
        raise Refused(
            f"{identity.name} is here; /kick {identity.name} disconnects them", "name in use"
        )
    hub.identities.forget(identity)
    log.info("the name %s is released by %s", identity.name, client.name)
    hub.confirm(client, f"The name {identity.name} is free")


@command("WHO [TIME] [WHY]", operators_only=True, in_full=True)
def ban(hub: Hub, client: Client, who: str, term: str, why: str) -> None:
    """ban an address, a network, or the address of a user

    WHO is a name, also of a user who has left, an address, or a network like 10.1.0.0/16; an IPv6
    address stands for its /64. Clients from there are disconnected and cannot come back for a
    TIME like 10m, 2h or 7d, or until /unban.
    For example: /ban bob 2h flooding
    """
    sanction = _new_sanction(hub, client, term, why)
    network, named = _network_meant(hub, who)
    shown = show_network(network)
    if address_of(client.host) in network:
        raise Refused(
            f"Not banned: {shown} includes your own address; /kick and /mute affect a single user",
            "own address",
        )
    if named:
        person = hub.names.holder(who)
        others = [one.name for one in _clients_in(hub, network) if one is not person]
        if others:
            raise Refused(
                f"Not banned: {_names(others)} would be banned as well; /ban {shown} bans them "
                "all, /kick and /mute affect a single user",
                "address of others as well",
            )
    try:
        hub.bans.add(network, sanction, hub.clock.steady())
    except TooManySanctions:
        raise Refused(f"Too many bans (limit {MOST}); /unban lifts one", "too many bans") from None
    told = f"{shown} is banned {sanction.tell(hub.clock.steady(), imposed=True)}"
    log.info("%s", told)
    hub.confirm(client, told)
    for one in _clients_in(hub, network):  # after the ban, so that no others come in meanwhile
        _expel(hub, client, one, sanction, "banned")
    hub.confirm(client, *(_save(hub) if hub.store.is_kept else [FORGOTTEN]))


@command("WHERE", operators_only=True)
def unban(hub: Hub, client: Client, where: str) -> None:
    """lift a ban

    WHERE is an address or a network as /bans lists it, or the name of a user from there.
    For example: /unban 10.1.0.0/16
    """
    network, _ = _network_meant(hub, where)
    shown = show_network(network)
    if not hub.bans.remove(network, hub.clock.steady()):
        raise Refused(f"{shown} is not banned; /bans lists the bans", "not banned")
    log.info("the ban of %s is lifted by %s", shown, client.name)
    hub.confirm(client, f"The ban of {shown} is lifted", *_save(hub))


@command(operators_only=True)
def bans(hub: Hub, client: Client) -> None:
    """list the bans and the muted addresses, latest last

    For example: /bans
    """
    now = hub.clock.steady()
    lines = []
    for held, noun, plural in (
        (hub.bans.all(now), "ban", "bans"),
        (hub.mutes.all(now), "muted address", "muted addresses"),
    ):
        latest = list(held.items())[-LISTED:]
        which = f", the latest {LISTED} of them" if len(held) > LISTED else ""
        lines.append(f"{counted(len(held), noun, plural)}{which}:" if held else f"No {plural}")
        lines += [f"{show_network(network)}  {sanction.tell(now)}" for network, sanction in latest]
    hub.tell(client, *lines, *([] if hub.store.is_kept else [FORGOTTEN]))


@command("NAME [TIME] [WHY]", operators_only=True)
def mute(hub: Hub, client: Client, name: str, term: str, why: str) -> None:
    """mute a user

    A muted user can read but not write, for a TIME like 10m or until /unmute. If no other user
    shares the address, the address is muted as well, so that reconnecting does not help.
    For example: /mute bob 10m cool down
    """
    person, sanction = _other(hub, client, name), _new_sanction(hub, client, term, why)
    person.muted = sanction
    told = sanction.tell(hub.clock.steady(), imposed=True)
    hub.tell(person, f"You are muted {told}")
    _tell_room(hub, client, person, f"{person.name} is muted {told}")
    hub.confirm(client, _mute_address(hub, person, sanction), *_save(hub))


@command("WHO", operators_only=True)
def unmute(hub: Hub, client: Client, who: str) -> None:
    """unmute a user or an address

    WHO is a name, also of a user who has left, or an address or network as /bans lists it.
    For example: /unmute bob
    """
    network, named = _network_meant(hub, who)
    person = hub.names.holder(who) or _leaving(hub, who)
    muted = [one for one in _clients_in(hub, network) if hub.mute_of(one)]
    away = _muted_and_absent(hub, network, who if named else "")
    lifted = hub.mutes.remove(network, hub.clock.steady())
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
        raise Refused(f"{shown} is not muted; /bans lists the muted addresses", "not muted")
    for one in freed:
        hub.tell(one, f"You were unmuted by {client.name}")
    told = f"{client.name} unmuted {shown}"
    if person:
        _tell_room(hub, client, person, told)
    else:
        log.info("%s", told)
        hub.confirm(client, told)
    hub.confirm(client, *_save(hub))


@command("PLACE [WHY]", reads=True, operators_only=True, in_full=True)
def delete(hub: Hub, client: Client, place: str, why: str) -> None:
    """delete a message, from the history file as well

    PLACE is the message as /find shows it: #ROOM/NUMBER, or NUMBER in this room. Users who have
    received the message still have it on their screens.
    For example: /delete #builds/1234 that was a password
    """
    room, number = read_place(place, client.log.room)
    _, why = term_and_reason("", why)
    log_there, shown = log_of(hub, room), f"#{room}/{number}"
    following = hub.history.after(log_there, number - 1, 1)
    if not following or following[0].id != number:
        raise Refused(f"There is no message {shown}", "no such message")
    message = following[0]
    if message.kind not in COUNTED:
        raise Refused(f"{shown} is a notice of the server, which cannot be deleted", "a notice")
    problem = []
    try:
        if not deletion.delete(hub, room, [number]):
            raise Refused(f"{shown} is deleted already", "already deleted")
    except StoreError as error:
        log.error("cannot delete %s from history: %s", shown, error)
        problem = [f"{NOT_DELETED}: {error}"]
    what = f"deleted a message by {message.name}{f': {why}' if why else ''}"
    log.info("%s %s, %s", client, what, shown)
    if opened := hub.rooms.by_name.get(room):
        hub.notify(opened, f"{client.name} {what}", client.number, client.name)
    hub.confirm(client, f"You {what}", *problem)


@command("TEXT", operators_only=True)
def announce(hub: Hub, client: Client, text: str) -> None:
    """send a notice to all rooms

    For example: /announce the server moves to another machine at noon
    """
    log.info("%s announces: %s", client, text)
    hub.notify_all(f"{client.name} announces: {text}")


def _other(hub: Hub, client: Client, name: str) -> Client:
    """The client called `name`, which is not `client`. Raises Refused."""
    person = called(hub, name)
    if person is client:
        raise Refused("You cannot do that to yourself", "to itself")
    return person


def _new_sanction(hub: Hub, client: Client, term: str, why: str) -> Sanction:
    """The sanction that `client` imposes from now on. Raises WrongArgument and Refused."""
    seconds, why = term_and_reason(term, why)
    return Sanction(client.name, why, None if seconds is None else hub.clock.steady() + seconds)


def _network_meant(hub: Hub, typed: str) -> tuple[Network, bool]:
    """The network that `typed` means, and whether `typed` is a name. Raises Refused."""
    if person := hub.names.holder(typed):
        return person.network, True
    try:
        return read_network(typed), False
    except NobodyComesFrom as why:
        raise Refused(str(why), "not a network of clients") from None
    except NotANetwork:
        if network := hub.names.departed(typed):
            return network, True
        if identity := hub.identities.called(name_key(typed)):
            return identity.network, True
    raise Refused(
        f"{typed[:MAX_TEXT]} is not a known name, address or network", "no such name or address"
    )


def _clients_in(hub: Hub, network: Network) -> list[Client]:
    """The clients whose addresses are in `network`."""
    return [client for client in hub.each_client() if address_of(client.host) in network]


def _muted_and_absent(hub: Hub, network: Network, name: str) -> list[Identity]:
    """The muted identities that are not connected: the one called `name`, or all of `network`.

    `name` is empty in the second case.
    """
    return [
        one
        for one in hub.identities.muted(hub.clock.steady())
        if one.number not in hub.clients
        and (name_key(one.name) == name_key(name) if name else lies_in(one.network, network))
    ]


def _leaving(hub: Hub, name: str) -> Client | None:
    """The client called `name` that has left and is still being sent the rest, or None."""
    identity = hub.identities.called(name_key(name))
    return hub.clients.get(identity.number) if identity else None


def _mute_address(hub: Hub, person: Client, sanction: Sanction) -> str:
    """Mute the address of `person` as well, unless unmuted users share it.

    Returns what to tell the operator about it.
    """
    shown = show_network(person.network)
    others = [one.name for one in _clients_in(hub, person.network) if not hub.mute_of(one)]
    if others:
        why = f"{_names(others)} {'shares' if len(others) == 1 else 'share'} it"
    else:
        try:
            hub.mutes.add(person.network, sanction, hub.clock.steady())
        except TooManySanctions:
            why = f"too many addresses are muted, limit {MOST}"
        else:
            return f"The address {shown} is muted as well; /unmute {shown} lifts that"
    left = sanction.left(hub.clock.steady())
    term = f"for {left} or " if left else ""
    return f"{person.name} is muted {term}until they disconnect ({shown} was not muted: {why})"


def _names(people: list[str]) -> str:
    return listing(people, len(people), NAMES_SHOWN)


def _save(hub: Hub) -> list[str]:
    """Save bans and mutes in the history file; return lines about a failure to do so."""
    now = hub.clock.steady()
    try:
        hub.directory.write_sanctions({"ban": hub.bans.all(now), "mute": hub.mutes.all(now)})
    except StoreError as error:
        log.error("cannot save bans and mutes: %s", error)
        return [NOT_WRITTEN]
    return []


def _expel(hub: Hub, by: Client, person: Client, sanction: Sanction, what: str) -> None:
    """Disconnect `person`; `what` was done: `kicked`, `banned`."""
    told = f"{what} {sanction.tell(hub.clock.steady(), imposed=True)}"
    hub.tell(person, f"You were {told}")
    person.expel(told)
    _tell_room(hub, by, person, f"{person.name} was {told}")


def _tell_room(hub: Hub, by: Client, person: Client, text: str) -> None:
    """Tell the others in the room of `person`, the log, and `by`, who did it."""
    log.info("%s (%s)", text, person.address)
    room = hub.room_of(person)
    hub.notify(room, text, person.number, person.name)
    sees_it = by.log is room.log and by.display.notices
    if not sees_it or by.ignores.hides(person.number, person.name):
        hub.confirm(by, text)
