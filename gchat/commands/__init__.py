"""The commands: what a line that starts with `/` does. Each module with commands is a group."""

# Imported in the order in which /help lists the groups.
from gchat.commands import people, tokens, talk, rooms, ignoring, history, search, display, server  # isort: skip
from gchat.commands import moderation, admin  # isort: skip
from gchat.commands import further_rooms  # isort: skip
from gchat.commands.slips import (
    CUT,
    TERMINAL_LINE,
    have_slash_first,
    is_mistyped_command,
    may_be_commands,
    may_be_slips,
    secret_in,
    slip_in,
)
from gchat.commands.table import (
    MAX_SHOWN,
    REQUESTS,
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
from gchat.commands.talk import find_sent

__all__ = [
    "CUT",
    "MAX_SHOWN",
    "REQUESTS",
    "TABLE",
    "TERMINAL_LINE",
    "Command",
    "Refused",
    "admin",
    "as_said",
    "check_may_speak",
    "display",
    "find_sent",
    "further_rooms",
    "groups",
    "have_slash_first",
    "history",
    "ignoring",
    "is_command",
    "is_known",
    "is_mistyped_command",
    "may_be_commands",
    "may_be_slips",
    "moderation",
    "people",
    "read",
    "rooms",
    "search",
    "secret_in",
    "server",
    "slip_in",
    "talk",
    "tokens",
]
