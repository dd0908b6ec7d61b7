"""What a client can do besides talk; each module here is a group of commands."""

# In the order in which /help lists them.
from chat.commands import people, talk, rooms, peace, history, looks, server  # isort: skip
from chat.commands.table import TABLE, Command, Refused, groups, run

__all__ = [
    "TABLE",
    "Command",
    "Refused",
    "groups",
    "history",
    "looks",
    "peace",
    "people",
    "rooms",
    "run",
    "server",
    "talk",
]
