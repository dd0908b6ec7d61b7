"""What a client can do besides talk; each module here is a group of commands."""

# In the order in which /help lists them.
from gchat.commands import people, returning, talk, rooms, peace, history, search, looks, server  # isort: skip
from gchat.commands import operators, running  # isort: skip
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
    "as_said",
    "check_may_speak",
    "groups",
    "history",
    "is_command",
    "is_known",
    "is_mistyped_command",
    "looks",
    "may_be_commands",
    "operators",
    "peace",
    "people",
    "read",
    "returning",
    "rooms",
    "running",
    "search",
    "secret_in",
    "server",
    "talk",
]
