"""Who you are, and who others are."""

import time

from gchat.commands.arguments import MAX_TEXT, called, too_long
from gchat.commands.table import Refused, command
from gchat.hub.client import Away, Client
from gchat.hub.hub import Hub
from gchat.hub.names import NameReserved, NameTaken
from gchat.hub.resumption import give_token
from gchat.text.clock import clock_and_day, duration
from gchat.text.naming import NotAName, as_name, nearest_name


@command("NAME", cost=20, speaks=True)
def nick(hub: Hub, client: Client, name: str) -> None:
    """be called NAME

    1 to 24 letters, digits, - _ . of any script. No two people have the same name, and upper
    and lower case count as the same.
    For example: /nick ann
    """
    try:
        name = as_name(name)
        hub.rename(client, name)
    except NotAName as error:
        free = hub.names.free(nearest_name(name))
        raise Refused(f"that cannot be a name: {error}; {free} is free", "a name") from None
    except NameTaken as error:
        holder = error.holder
        since = clock_and_day(holder.named, client.display.zone, time.time())
        raise Refused(
            f"the name {name} is taken: {holder.name} has had it since {since} and was last "
            f"heard of {duration(time.monotonic() - holder.heard)} ago; {error.free} is free",
            "a name",
        ) from None
    except NameReserved as error:
        raise Refused(
            f"the name {name} is kept for somebody who has left: if it is yours, /resume TOKEN; "
            f"{error.free} is free",
            "a name",
        ) from None
    hub.confirm(client, f"you are now {name}")
    if identity := hub.identities.of(client.number):
        hub.identities.rename(identity, name)
    elif hub.store.is_kept and client.person:
        give_token(hub, client)
        hub.tell(client, f"to go on after a lost connection: /resume {client.token}")


@command("NAME")
def whois(hub: Hub, client: Client, name: str) -> None:
    """tell about somebody: their room, since when they are here, how long they are idle

    Addresses are shown to nobody but their owners.
    For example: /whois ann
    """
    person, now = called(hub, name), time.time()
    facts = [
        f"in #{person.log.room}",
        f"here since {clock_and_day(person.since, client.display.zone, now)}",
        f"last heard of {duration(time.monotonic() - person.heard)} ago",
    ]
    if person is client:
        facts.append(f"at the address {client.address}")
    lines = [f"{person.name}: {', '.join(facts)}"]
    if person.away and not client.ignores.hides(person.number, person.name):
        lines.append(f"{person.name} is {person.away}")
    hub.tell(client, *lines)


@command("[TEXT]", speaks=True)
def away(hub: Hub, client: Client, text: str) -> None:
    """say that you are away, or without TEXT that you are back

    Whoever sends you something private is told so, once. You are back, too, when you say
    something in a room.
    For example: /away lunch, back at two
    """
    text = text.strip()
    if len(text) > MAX_TEXT:
        raise too_long("that", text)
    if not text and client.away:
        client.away = None
        hub.confirm(client, "you are no longer away")
        return
    client.away = Away(text, set())
    hub.confirm(client, "you are away now; /away without a text, or what you say, ends it")
