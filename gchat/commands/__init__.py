"""The commands: what a line that starts with `/` does. Each module with commands is a group."""

# Imported in the order in which /help lists the groups.
from gchat.commands import people, tokens, talk, rooms, ignoring, history, search, display, server  # isort: skip
from gchat.commands import moderation, admin  # isort: skip
from gchat.commands.slips import is_mistyped_command, may_be_commands, secret_in
from gchat.commands.table import (
    TABLE,
    Command,
    Refused,
    as_said,
    check_may_speak,
    groups,
    is_command,
    is_known,
    read,
)

__all__ = [
    "TABLE",
    "Command",
    "Refused",
    "admin",
    "as_said",
    "check_may_speak",
    "display",
    "groups",
    "history",
    "ignoring",
    "is_command",
    "is_known",
    "is_mistyped_command",
    "may_be_commands",
    "moderation",
    "people",
    "read",
    "rooms",
    "search",
    "secret_in",
    "server",
    "talk",
    "tokens",
]
