"""Names, and what is known of people."""

import time
from collections.abc import Sequence

from gchat.commands.arguments import MAX_TEXT, away_of, bare_name, called, no_token, too_long
from gchat.commands.table import Refused, command
from gchat.hub.checkpoint import give_token
from gchat.hub.client import Away, Client
from gchat.hub.hub import Hub
from gchat.hub.names import NameReserved, NameTaken
from gchat.hub.naming import rename
from gchat.hub.seats import MOST_SEATS
from gchat.model.answers import AwayMessage, Named, Whois, moment
from gchat.model.identities import TooManyIdentities
from gchat.model.peers import Peer
from gchat.store.errors import StoreError
from gchat.text.clock import clock_and_day, duration
from gchat.text.naming import NotAName, as_name, name_key, nearest_name
from gchat.text.phrases import listing


@command("NAME", cost=20, speaks=True)
def nick(hub: Hub, client: Client, name: str) -> None:
    """change your name

    NAME has 1 to 24 letters of one script, digits, - _ . and no spaces. It must differ from the
    names of all others, also by its looks; upper and lower case count as the same.
    For example: /nick ann
    """
    try:
        name = as_name(name)
        rename(hub, client, name)
    except StoreError as error:
        raise Refused(
            f"The name cannot be taken, as the store does not answer: {error}. Try again later.",
            "store away",
        ) from None
    except NotAName as error:
        free = hub.names.free(nearest_name(name))
        raise Refused(f"{error}; {free} is free", "not a name") from None
    except NameTaken as error:
        holder = error.holder
        if holder is None:
            raise Refused(
                f"The name {name} is taken, or looks like one that is, by a user of another "
                f"server; {error.free} is free",
                "name taken",
            ) from None
        if name_key(name) != name_key(holder.name):
            raise Refused(
                f"The name {name} looks like {holder.name}, who is here; {error.free} is free",
                "name looks like another",
            ) from None
        since = _since(holder.named, client)
        raise Refused(
            f"The name {name} is taken (by {holder.name} since {since}, idle for "
            f"{_idle(holder)}); {error.free} is free",
            "name taken",
        ) from None
    except NameReserved as error:
        raise Refused(
            f"The name {name} is reserved for a user who has left: if that is you, type /resume "
            f"TOKEN; {error.free} is free",
            "name reserved",
        ) from None
    hub.confirm(client, f"You are now {name}", facts=Named(name))
    if identity := hub.identities.of(client.number):
        hub.identities.rename(identity, name)
    elif hub.store.is_kept and client.person:
        try:
            give_token(hub, client)
        except TooManyIdentities as error:
            hub.answer(client, f"You get no token: {no_token(error)}")
            return
        # Not the token itself: the screen may hang on a projector.
        hub.answer(client, "You can come back after a lost connection: /token shows how")


@command("NAME")
def whois(hub: Hub, client: Client, name: str) -> None:
    """show a user's room, time of arrival and idle time

    Of a user who has left and can come back, it shows when they were here last. Your own address
    is shown to you alone; who has taken no name is called by theirs, unless the server was started
    with --guest-names.
    For example: /whois ann
    """
    key, now = name_key(bare_name(name)), time.time()
    identity = hub.identities.called(key)
    if identity and hub.names.holder_of_key(key) is None:
        seen = clock_and_day(identity.seen, client.display.zone, now)
        rooms = [place.room for place in identity.places]
        hub.answer(
            client,
            f"{identity.name}: not here, last seen {seen} in {_listed(rooms)}; the name is "
            "reserved for them, and /msg reaches them when they come back",
            facts=Whois(identity.name, False, rooms[0], rooms, None, moment(identity.seen)),
        )
        return
    if (peer := hub.elsewhere.called(bare_name(name))) and not hub.names.holder_of_key(key):
        _tell_of_peer(hub, client, peer)
        return
    person = called(hub, name)
    rooms = [seat.log.room for seat in person.seats]
    told = [
        f"in {_listed(rooms)}",
        f"here since {_since(person.since, client)}",
        f"idle for {_idle(person)}",
    ]
    if person is client:
        told.append(f"address {client.address}")
    lines = [f"{person.name}: {', '.join(told)}"]
    if person.away and not client.ignores.hides(person.number, person.name):
        lines.append(f"{person.name} is {person.away}")
    passed = now - time.monotonic()
    facts = Whois(
        person.name,
        True,
        rooms[0],
        rooms,
        moment(passed + person.since),
        moment(passed + person.heard),
        away_of(person, client),
        client.address if person is client else None,
    )
    hub.answer(client, *lines, facts=facts)


def _tell_of_peer(hub: Hub, client: Client, peer: Peer) -> None:
    """Tell what is known of a client of another server."""
    text = "" if client.ignores.hides(peer.number, peer.name) else peer.away
    away_text = None if peer.away is None else text
    lines = [f"{peer.name}: in {_listed(peer.rooms)}, at another server"]
    if peer.away is not None and not client.ignores.hides(peer.number, peer.name):
        lines.append(f"{peer.name} is {Away(peer.away, set())}")
    facts = Whois(peer.name, True, peer.rooms[0], peer.rooms, None, None, away_text)
    hub.answer(client, *lines, facts=facts)


@command("[TEXT]", speaks=True)
def away(hub: Hub, client: Client, text: str) -> None:
    """set an away message, or without TEXT come back

    Users who send you a direct message are shown it, each of them once. You are also back when
    you send a message to a room.
    For example: /away lunch, back at two
    """
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise too_long("Away message", text)
    if not text:
        if not client.away:
            raise Refused("You are not away; /away TEXT tells others that you are", "not away")
        client.away = None
        hub.confirm(client, "You are no longer away", facts=AwayMessage(None))
        return
    client.away = Away(text, set())
    told = "You are away; /away or a message to the room ends that"
    hub.confirm(client, told, facts=AwayMessage(text))


def _listed(rooms: Sequence[str]) -> str:
    """`#lobby`, or `#lobby and #builds`."""
    return listing([f"#{room}" for room in rooms], len(rooms), MOST_SEATS)


def _idle(client: Client) -> str:
    return duration(time.monotonic() - client.heard)


def _since(moment: float, client: Client) -> str:
    """A moment of the monotonic clock, as the clock of `client` showed it: `14:30`."""
    now = time.time()
    return clock_and_day(now - (time.monotonic() - moment), client.display.zone, now)
