"""What operators do about people."""

import logging
import time

import gevent

from chat.addresses import Network, NotANetwork, read_network, show_network
from chat.client import Client
from chat.commands.arguments import MAX_TEXT, called, term_and_reason
from chat.commands.table import Refused, command
from chat.guesses import PENALTY, too_many_guesses
from chat.hub import Hub
from chat.sanctions import MAX_BANS, Sanction, TooManyBans
from chat.text import counted, listing

NAMES_SHOWN = 10
"""How many of those are named whom a ban would hit as well."""

BANS_SHOWN = 50
"""How many bans /bans lists: the latest."""

FORGOTTEN = "bans are kept in memory alone: they end with the server"

log = logging.getLogger(__name__)


@command("PASSWORD")
def op(hub: Hub, client: Client, password: str) -> None:
    """become an operator, who may do what is listed below this

    Whoever starts the server sets the password. It is seen on your screen as you type it.
    For example: /op correct horse battery staple
    """
    secret = hub.settings.op_password
    if secret is None:
        raise Refused("there are no operators here: nobody has set a password for them", "/op")
    if wait := hub.operator_guesses.wait(client.network):
        raise Refused(too_many_guesses(wait), "too many wrong passwords")
    if not secret.matches(password):
        hub.operator_guesses.wrong(client.network, f"operators ({client})")
        gevent.sleep(PENALTY)
        raise Refused("that is not the operators' password", "a wrong password")
    client.operator = True
    log.info("%s is an operator", client)
    hub.confirm(client, "you are an operator now; /help operators lists what you may do")


@command("NAME [WHY]", operators_only=True)
def kick(hub: Hub, client: Client, name: str, why: str) -> None:
    """disconnect NAME, who may come back

    For example: /kick bob that is enough
    """
    person = _other(hub, client, name)
    _, why = term_and_reason("", why)
    _expel(hub, client, person, Sanction(client.name, why), "kicked")


@command("WHO [TIME] [WHY]", operators_only=True)
def ban(hub: Hub, client: Client, who: str, term: str, why: str) -> None:
    """let nobody in from where WHO is, for a TIME like 10m, 2h or 7d, or for good

    WHO is the name of one who is here or was, an address, or a network like 10.1.0.0/16. Those
    who are here from there are disconnected. An address of IPv6 stands for its /64.
    For example: /ban bob 2h flooding
    """
    sanction = _sanction(client, term, why)
    network, named = _where(hub, who)
    hit = _those_from(hub, network)
    if client in hit:
        raise Refused(
            f"you are at {show_network(network)} yourself; /kick and /mute are for one alone",
            "whom to ban",
        )
    others = [one.name for one in hit if one is not hub.names.holder(who)]
    if named and others:
        raise Refused(
            f"{listing(others, len(others), NAMES_SHOWN)} would be banned as well; "
            f"/ban {show_network(network)} bans them all, /kick and /mute are for one alone",
            "whom to ban",
        )
    try:
        hub.bans.add(network, sanction, time.time())
    except TooManyBans:
        raise Refused(f"there are {MAX_BANS} bans, the most there may be", "a ban") from None
    told = f"{show_network(network)} is banned {sanction.tell(time.time(), imposed=True)}"
    log.info("%s", told)
    hub.confirm(client, told, FORGOTTEN)
    for person in hit:
        _expel(hub, client, person, sanction, "banned")


@command("WHERE", operators_only=True)
def unban(hub: Hub, client: Client, where: str) -> None:
    """end the ban of WHERE, as /bans lists it, or of somebody by their name

    For example: /unban 10.1.0.0/16
    """
    network, _ = _where(hub, where)
    shown = show_network(network)
    if not hub.bans.remove(network):
        raise Refused(f"{shown} is not banned; /bans lists what is", "what is not banned")
    log.info("%s is banned no longer, by %s", shown, client.name)
    hub.confirm(client, f"{shown} is banned no longer")


@command(operators_only=True)
def bans(hub: Hub, client: Client) -> None:
    """list the bans, the latest last

    For example: /bans
    """
    now = time.time()
    held = hub.bans.all(now)
    latest = list(held.items())[-BANS_SHOWN:]
    shown = [f"{show_network(network)}  {sanction.tell(now)}" for network, sanction in latest]
    which = f", of which these are the latest {BANS_SHOWN}" if len(held) > BANS_SHOWN else ""
    first = f"{counted(len(held), 'ban')}{which}:" if held else "nobody is banned"
    hub.tell(client, first, *shown, FORGOTTEN)


@command("NAME [TIME] [WHY]", operators_only=True)
def mute(hub: Hub, client: Client, name: str, term: str, why: str) -> None:
    """let NAME read, but say nothing, for a TIME like 10m, or for good

    It also holds when they come back, if nobody else was here from their address.
    For example: /mute bob 10m cool down
    """
    person, sanction = _other(hub, client, name), _sanction(client, term, why)
    person.muted = sanction
    told = sanction.tell(time.time(), imposed=True)
    hub.tell(person, f"you are muted {told}")
    _tell_room(hub, client, person, f"{person.name} is muted {told}")


@command("NAME", operators_only=True)
def unmute(hub: Hub, client: Client, name: str) -> None:
    """let NAME speak again

    For example: /unmute bob
    """
    person = called(hub, name)
    if not (person.muted and person.muted.holds(time.time())):
        raise Refused(f"{person.name} is not muted", "one who is not muted")
    person.muted = None
    hub.tell(person, f"you may speak again, thanks to {client.name}")
    _tell_room(hub, client, person, f"{person.name} may speak again, thanks to {client.name}")


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
    except NotANetwork:
        if network := hub.names.departed(typed):
            return network, True
    raise Refused(
        f"nobody of the name {typed[:MAX_TEXT]} is here or was, and it is no address or network",
        "nobody of that name",
    )


def _those_from(hub: Hub, network: Network) -> list[Client]:
    """The clients whose addresses are in `network`."""
    return [
        client
        for client in hub.each_client()
        if client.network.version == network.version and client.network.overlaps(network)
    ]


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
    sees_it = by.log is room.log and by.look.notices
    if not sees_it or by.ignores.hides(person.number, person.name):
        hub.confirm(by, text)
