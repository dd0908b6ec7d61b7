"""Not seeing what one does not want to see."""

from gchat.commands.arguments import switch
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.ignoring import MAX_IGNORED, TooManyIgnored
from gchat.text.naming import NotAName, as_name


@command("[NAME]")
def ignore(hub: Hub, client: Client, name: str) -> None:
    """hide what NAME says and does, and what they send you; without NAME: list whom you ignore

    It holds when they take another name, and when they come back under the same one. They
    learn of it only if they say something to you alone, which is refused.
    For example: /ignore bob
    """
    if not name:
        names = sorted(client.ignores.names.values())
        hub.tell(client, f"you ignore {', '.join(names)}" if names else "you ignore nobody")
        return
    person = hub.names.holder(name)
    if person is client:
        raise Refused("that is you", "whom to ignore")
    try:
        name = person.name if person else as_name(name)
        hub.names.ignore(client, name)
    except NotAName as error:
        raise Refused(f"that is nobody's name: {error}", "whom to ignore") from None
    except TooManyIgnored:
        raise Refused(
            f"you ignore {MAX_IGNORED} people, the most there may be; /unignore NAME ends one",
            "whom to ignore",
        ) from None
    absent = "" if person else ", should anybody of that name come"
    hub.confirm(client, f"you ignore {name} from now on{absent}")


@command("NAME")
def unignore(hub: Hub, client: Client, name: str) -> None:
    """ignore NAME no longer

    For example: /unignore bob
    """
    ignored = hub.names.stop_ignoring(client, name)
    if ignored is None:
        raise Refused("you do not ignore anybody of that name; /ignore lists them", "no such name")
    hub.confirm(client, f"you no longer ignore {ignored}")


@command("[on|off]")
def quiet(hub: Hub, client: Client, wanted: str) -> None:
    """hide who comes and leaves

    For example: /quiet on
    """
    hidden = switch(hub, client, wanted, not client.display.presence, "hiding who comes and leaves")
    # A program is shown no notices at all, until it wants to be.
    client.display = client.display._replace(
        presence=not hidden, notices=client.display.notices or not hidden
    )
