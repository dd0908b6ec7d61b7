"""What a client can do besides talk; each module here is a group of commands."""

from chat.commands import people, server
from chat.commands.table import TABLE, Command, Refused, groups, run

__all__ = ["TABLE", "Command", "Refused", "groups", "people", "run", "server"]
