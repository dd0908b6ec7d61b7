"""Kicks, bans, mutes, deletion and announcements, for operators."""

import logging

from gchat.commands.arguments import (
    MAX_TEXT,
    NOT_WRITTEN,
    called,
    check_secret,
    log_of,
    message_at,
    read_message,
    term_and_reason,
)
from gchat.commands.elsewhere import ask_every_server, ask_server_of, user_elsewhere
from gchat.commands.table import Refused, command
from gchat.commands.targets import network_meant
from gchat.hub import deletion, moderating
from gchat.hub.arriving import announce_everywhere
from gchat.hub.client import Client
from gchat.hub.direct_messages import Recipient
from gchat.hub.hub import Hub
from gchat.hub.moderating import (
    KICK,
    MUTE_USER,
    RELEASE,
    UNMUTE_NETWORK,
    UNMUTE_USER,
    WHO_IS_IN,
    Done,
    Muting,
    Unmuting,
    names_of,
    release_name,
)
from gchat.hub.sanctioning import BAN, clients_in, expel, impose, lift
from gchat.model.events import Announced, Banned, Deleted, Unmuted
from gchat.model.message import COUNTED
from gchat.model.sanctions import MOST, Sanction, TooManySanctions
from gchat.model.server_answers import BanImposed, InForce, MuteImposed, Sanctioned
from gchat.protocol.sentences import sentence_of
from gchat.store.errors import StoreError
from gchat.text.addresses import Network, address_of, show_network
from gchat.text.naming import name_key
from gchat.text.phrases import counted

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
        hub.answer(client, trouble)


@command("NAME [WHY]", operators_only=True, in_full=True)
def kick(hub: Hub, client: Client, name: str, why: str) -> None:
    """disconnect a user

    The user can come back at once; /ban prevents that.
    For example: /kick bob that is enough
    """
    user = user_elsewhere(hub, name)
    person = None if user else _other(hub, client, name)
    _, why = term_and_reason("", why)
    if user:
        done = Done(*ask_server_of(hub, client, user, KICK, client.name, why))
    elif person:
        done = moderating.kick(hub, person, client.name, why)
    _confirm(hub, client, user or person, done)


@command("NAME", operators_only=True, in_full=True)
def release(hub: Hub, client: Client, name: str) -> None:
    """free a name that is reserved for a user who has left

    The token of that user ends, and direct messages that wait for it are deleted.
    For example: /release bob
    """
    identity = hub.identities.called(name_key(name[:MAX_TEXT]))
    if identity is None and (user := user_elsewhere(hub, name)):
        if hub.elsewhere.called(user.name):
            raise Refused(f"{user.name} is here; /kick {user.name} disconnects them", "name in use")
        free = ask_server_of(hub, client, user, RELEASE, client.name)
        hub.confirm(client, f"The name {free} is free")
        return
    if identity is None:
        raise Refused(f"The name {name[:MAX_TEXT]} is not reserved", "name not reserved")
    if identity.number in hub.clients or identity.number in hub.resumed:
        raise Refused(
            f"{identity.name} is here; /kick {identity.name} disconnects them", "name in use"
        )
    release_name(hub, identity)
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
    user = user_elsewhere(hub, who)
    network, named = network_meant(hub, client, who, user)
    shown = show_network(network)
    if address_of(client.host) in network:
        raise Refused(
            f"Not banned: {shown} includes your own address; /kick and /mute affect a single user",
            "own address",
        )
    if named and (others := _others_in(hub, client, network, user, hub.names.holder(who))):
        raise Refused(
            f"Not banned: {names_of(others)} would be banned as well; /ban {shown} bans them "
            "all, /kick and /mute affect a single user",
            "address of others as well",
        )
    try:
        impose(hub, BAN, network, sanction)
    except TooManySanctions:
        raise Refused(f"Too many bans (limit {MOST}); /unban lifts one", "too many bans") from None
    except StoreError as error:
        raise _not_shared("Not banned", error) from None
    told = f"{shown} is banned {sanction.tell(hub.clock.steady(), imposed=True)}"
    log.info("%s", told)
    facts = BanImposed(sanction.in_force(hub.clock.steady(), shown))
    hub.confirm(client, told, facts=facts)
    event = Banned(client.name, sanction.why, sanction.seconds_left(hub.clock.steady()))
    for one in clients_in(hub, network):  # after the ban, so that no others come in meanwhile
        text = expel(hub, one, sanction, event)
        rooms = [seat.log.room for seat in one.seats]
        _confirm(hub, client, one, Done(one.name, text, rooms))
    hub.confirm(client, *(_save(hub) if hub.store.is_kept else [FORGOTTEN]))


@command("WHERE", operators_only=True)
def unban(hub: Hub, client: Client, where: str) -> None:
    """lift a ban

    WHERE is an address or a network as /bans lists it, or the name of a user from there.
    For example: /unban 10.1.0.0/16
    """
    network, _ = network_meant(hub, client, where, user_elsewhere(hub, where))
    shown = show_network(network)
    try:
        is_lifted = lift(hub, BAN, network)
    except StoreError as error:
        raise _not_shared("The ban stays", error) from None
    if not is_lifted:
        raise Refused(f"{shown} is not banned; /bans lists the bans", "not banned")
    log.info("the ban of %s is lifted by %s", shown, client.name)
    hub.confirm(client, f"The ban of {shown} is lifted", *_save(hub))


@command(operators_only=True)
def bans(hub: Hub, client: Client) -> None:
    """list the bans and the muted addresses, latest last

    For example: /bans
    """
    now = hub.clock.steady()
    banned, muted = hub.bans.all(now), hub.mutes.all(now)
    lines, listed = [], []
    for held, noun, plural in (
        (banned, "ban", "bans"),
        (muted, "muted address", "muted addresses"),
    ):
        latest = list(held.items())[-LISTED:]
        which = f", the latest {LISTED} of them" if len(held) > LISTED else ""
        lines.append(f"{counted(len(held), noun, plural)}{which}:" if held else f"No {plural}")
        lines += [f"{show_network(network)}  {sanction.tell(now)}" for network, sanction in latest]
        listed.append([each.in_force(now, show_network(network)) for network, each in latest])
    kept = hub.store.is_kept
    facts = Sanctioned(listed[0], len(banned), listed[1], len(muted), kept)
    hub.answer(client, *lines, *([] if kept else [FORGOTTEN]), facts=facts)


@command("NAME [TIME] [WHY]", operators_only=True)
def mute(hub: Hub, client: Client, name: str, term: str, why: str) -> None:
    """mute a user

    A muted user can read but not write, for a TIME like 10m or until /unmute. If no other user
    shares the address, the address is muted as well, so that reconnecting does not help.
    For example: /mute bob 10m cool down
    """
    user, person = user_elsewhere(hub, name), None
    if user:
        seconds, why = term_and_reason(term, why)
        answer = ask_server_of(hub, client, user, MUTE_USER, client.name, why, seconds)
        told_of, told, fields = answer
        muting = Muting(Done(*told_of), told, InForce(**fields))
    else:
        person, sanction = _other(hub, client, name), _new_sanction(hub, client, term, why)
        muting = moderating.mute(hub, person, sanction)
    _confirm(hub, client, user or person, muting.done)
    facts = MuteImposed(muting.done.name, muting.mute)
    hub.confirm(client, muting.told, *([] if user else _save(hub)), facts=facts)


@command("WHO", operators_only=True)
def unmute(hub: Hub, client: Client, who: str) -> None:
    """unmute a user or an address

    WHO is a name, also of a user who has left, or an address or network as /bans lists it.
    For example: /unmute bob
    """
    if user := user_elsewhere(hub, who):
        shown, done, is_lifted = ask_server_of(hub, client, user, UNMUTE_USER, client.name)
        found = Unmuting(shown, Done(*done) if done else None, is_lifted)
    else:
        found = _unmute(hub, client, who)
    if not found.is_lifted:
        raise Refused(f"{found.shown} is not muted; /bans lists the muted addresses", "not muted")
    if found.done:
        _confirm(hub, client, user or hub.names.holder(found.shown), found.done)
    else:
        hub.confirm(client, sentence_of(Unmuted(client.name), found.shown))
    hub.confirm(client, *_save(hub))


@command("PLACE [WHY]", reads=True, operators_only=True, in_full=True)
def delete(hub: Hub, client: Client, place: str, why: str) -> None:
    """delete a message, from the history file as well

    PLACE is the message as /find shows it: #ROOM/NUMBER, or NUMBER in this room. Users who have
    received the message still have it on their screens.
    For example: /delete #builds/1234 that was a password
    """
    room, at = read_message(place, client.at.log.room)
    _, why = term_and_reason("", why)
    message, shown = message_at(hub, log_of(hub, room), at), f"#{room}/{at.id}"
    if message.kind not in COUNTED:
        raise Refused(f"{shown} is a notice of the server, which cannot be deleted", "a notice")
    problem = []
    try:
        if not deletion.delete(hub, room, [at.id]):
            raise Refused(f"{shown} is deleted already", "already deleted")
    except StoreError as error:
        log.error("cannot delete %s from history: %s", shown, error)
        problem = [f"{NOT_DELETED}: {error}"]
    event = Deleted(at.id, message.name, why)
    log.info("%s, %s", sentence_of(event, str(client)), shown)
    if opened := hub.rooms.by_name.get(room):
        hub.notify(opened, event, client.number, client.name)
    hub.confirm(client, sentence_of(event, "You"), *problem)


@command("TEXT", operators_only=True)
def announce(hub: Hub, client: Client, text: str) -> None:
    """send a notice to all rooms

    For example: /announce the server moves to another machine at noon
    """
    log.info("%s announces: %s", client, text)
    try:
        announce_everywhere(hub, Announced(client.name, text))
    except StoreError as error:
        raise Refused(f"Not announced: the store does not answer: {error}", "store away") from None


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


def _unmute(hub: Hub, client: Client, who: str) -> Unmuting:
    """Unmute a user of this server, or an address or a network at all servers. Raises Refused."""
    network, named = network_meant(hub, client, who, None)
    others = list[bool]()
    if hub.store.is_shared and not named:
        asked, undone = [str(network), client.name], "Not unmuted everywhere"
        others = ask_every_server(hub, client, UNMUTE_NETWORK, asked, undone)
    try:
        found = moderating.unmute(hub, network, who if named else "", client.name)
    except StoreError as error:
        raise _not_shared("The mute stays", error) from None
    return found._replace(is_lifted=found.is_lifted or any(others))


def _others_in(
    hub: Hub, client: Client, network: Network, user: Recipient | None, person: Client | None
) -> list[str]:
    """The names of users in `network` but the one who is meant, at all servers. Raises Refused."""
    others = [one.name for one in clients_in(hub, network) if one is not person]
    if hub.store.is_shared:
        asked = [str(network), user.number if user else 0]
        for names in ask_every_server(hub, client, WHO_IS_IN, asked, "Not banned"):
            others += names
    return others


def _not_shared(what: str, error: StoreError) -> Refused:
    return Refused(f"{what}, as the store does not answer: {error}. Try again later.", "store away")


def _save(hub: Hub) -> list[str]:
    """Save bans and mutes in the history file; return lines about a failure to do so."""
    now = hub.clock.steady()
    try:
        hub.directory.write_sanctions({"ban": hub.bans.all(now), "mute": hub.mutes.all(now)})
    except StoreError as error:
        log.error("cannot save bans and mutes: %s", error)
        return [NOT_WRITTEN]
    return []


def _confirm(hub: Hub, by: Client, person: Client | Recipient | None, done: Done) -> None:
    """Tell `by`, who did it, what was done to `person`, unless it sees that in a room."""
    sees_it = by.display.notices and any(map(by.seat_in, done.rooms))
    if not sees_it or (person and by.ignores.hides(person.number, person.name)):
        hub.confirm(by, done.text)
