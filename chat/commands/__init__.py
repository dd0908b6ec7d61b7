"""What a client can do besides talk; each module here is a group of commands."""

# In the order in which /help lists them.
from chat.commands import people, returning, talk, rooms, peace, history, search, looks, server  # isort: skip
from chat.commands import operators, running  # isort: skip
from chat.commands.table import TABLE, Command, Refused, check_may_speak, groups, read

__all__ = [
    "TABLE",
    "Command",
    "Refused",
    "check_may_speak",
    "groups",
    "history",
    "looks",
    "operators",
    "peace",
    "people",
    "read",
    "returning",
    "rooms",
    "running",
    "search",
    "server",
    "talk",
]
