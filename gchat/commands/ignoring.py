"""Hiding users, or joins and leaves."""

from gchat.commands.arguments import switch
from gchat.commands.table import Refused, command
from gchat.hub.client import Client
from gchat.hub.hub import Hub
from gchat.model.answers import Ignored
from gchat.model.ignoring import MAX_IGNORED, TooManyIgnored
from gchat.text.naming import NotAName, as_name


@command("[NAME]")
def ignore(hub: Hub, client: Client, name: str) -> None:
    """hide everything from NAME, or list the names you ignore

    The user stays hidden under another name, and after leaving and coming back under the same
    one. They only learn of it when they send you a direct message, which is refused.
    For example: /ignore bob
    """
    if not name:
        names = sorted(client.ignores.names.values())
        told = f"You ignore {', '.join(names)}" if names else "You ignore nobody"
        hub.answer(client, told, facts=Ignored(names))
        return
    person = hub.names.holder(name)
    if person is client:
        raise Refused("You cannot ignore yourself", "oneself")
    try:
        name = person.name if person else as_name(name)
        hub.names.ignore(client, name)
    except NotAName as error:
        raise Refused(str(error), "not a name") from None
    except TooManyIgnored:
        raise Refused(
            f"You ignore too many names (limit {MAX_IGNORED}); /unignore NAME removes one",
            "too many names",
        ) from None
    absent = "" if person else " (nobody here has that name now)"
    hub.confirm(client, f"You now ignore {name}{absent}")


@command("NAME")
def unignore(hub: Hub, client: Client, name: str) -> None:
    """stop ignoring NAME

    For example: /unignore bob
    """
    ignored = hub.names.stop_ignoring(client, name)
    if ignored is None:
        raise Refused(
            "You do not ignore that name; /ignore lists the names you ignore", "name not ignored"
        )
    hub.confirm(client, f"You no longer ignore {ignored}")


@command("[on|off]")
def quiet(hub: Hub, client: Client, wanted: str) -> None:
    """hide joins and leaves

    For example: /quiet on
    """
    hidden = switch(
        hub,
        client,
        wanted,
        not client.display.presence,
        on="Joins and leaves are hidden; /quiet off shows them",
        off="Joins and leaves are shown; /quiet on hides them",
    )
    # A program is shown no notices at all until it asks for them.
    client.display = client.display._replace(
        presence=not hidden, notices=client.display.notices or not hidden
    )
