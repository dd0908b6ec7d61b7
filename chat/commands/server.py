"""What there is to know about the server, and the way out."""

from chat.client import Client, Dismissed
from chat.commands.table import command, find, groups
from chat.hub import Hub


@command("[COMMAND]")
def help(hub: Hub, client: Client, topic: str) -> None:
    """list the commands, or explain one

    A group that the list names can be asked for, too.
    For example: /help nick
    """
    listed = groups()
    if not topic:
        width = max(map(len, listed)) + 1
        hub.tell(
            client,
            "what you type goes to everybody in the room, but for commands, which start with /",
            *(
                f"  {group:<{width}} {'  '.join(entry.usage for entry in entries)}"
                for group, entries in listed.items()
            ),
            "/help COMMAND explains one. //TEXT says TEXT with one slash before it.",
        )
    elif topic.lower() in listed:
        entries = listed[topic.lower()]
        width = max(len(entry.usage) for entry in entries)
        hub.tell(client, *(f"{entry.usage:<{width}}  {entry.summary}" for entry in entries))
    else:
        entry = find("/" + topic.removeprefix("/"))
        hub.tell(
            client,
            f"{entry.usage}: {entry.summary}",
            *(f"  {line}" for line in entry.details),
            f"  for example: {entry.example}",
        )


@command()
def quit(hub: Hub, client: Client) -> None:
    """leave (nc then waits for one more Enter)

    For example: /quit
    """
    hub.tell(client, "goodbye")
    raise Dismissed("quit")
