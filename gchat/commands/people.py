"""Names, and what is known of people."""

import time

from gchat.commands.arguments import MAX_TEXT, called, no_token, too_long
from gchat.commands.table import Refused, command
from gchat.hub.client import Away, Client
from gchat.hub.hub import Hub
from gchat.hub.names import NameReserved, NameTaken
from gchat.hub.resumption import give_token
from gchat.model.identities import TooManyIdentities
from gchat.text.clock import clock_and_day, duration
from gchat.text.naming import NotAName, as_name, name_key, nearest_name


@command("NAME", cost=20, speaks=True)
def nick(hub: Hub, client: Client, name: str) -> None:
    """change your name

    NAME has 1 to 24 letters of one script, digits, - _ . and no spaces. It must differ from the
    names of all others, also by its looks; upper and lower case count as the same.
    For example: /nick ann
    """
    try:
        name = as_name(name)
        hub.rename(client, name)
    except NotAName as error:
        free = hub.names.free(nearest_name(name))
        raise Refused(f"{error}; {free} is free", "not a name") from None
    except NameTaken as error:
        holder = error.holder
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
    hub.confirm(client, f"You are now {name}")
    if identity := hub.identities.of(client.number):
        hub.identities.rename(identity, name)
    elif hub.store.is_kept and client.person:
        try:
            give_token(hub, client)
        except TooManyIdentities as error:
            hub.tell(client, f"You get no token: {no_token(error)}")
            return
        # Not the token itself: the screen may hang on a projector.
        hub.tell(client, "You can come back after a lost connection: /token shows how")


@command("NAME")
def whois(hub: Hub, client: Client, name: str) -> None:
    """show a user's room, time of arrival and idle time

    Your own address is shown to you alone.
    For example: /whois ann
    """
    person = called(hub, name)
    facts = [
        f"in #{person.log.room}",
        f"here since {_since(person.since, client)}",
        f"idle for {_idle(person)}",
    ]
    if person is client:
        facts.append(f"address {client.address}")
    lines = [f"{person.name}: {', '.join(facts)}"]
    if person.away and not client.ignores.hides(person.number, person.name):
        lines.append(f"{person.name} is {person.away}")
    hub.tell(client, *lines)


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
    if not text and client.away:
        client.away = None
        hub.confirm(client, "You are no longer away")
        return
    client.away = Away(text, set())
    hub.confirm(client, "You are away; /away or a message to the room ends that")


def _idle(client: Client) -> str:
    return duration(time.monotonic() - client.heard)


def _since(moment: float, client: Client) -> str:
    """A moment of the monotonic clock, as the clock of `client` showed it: `14:30`."""
    now = time.time()
    return clock_and_day(now - (time.monotonic() - moment), client.display.zone, now)
