"""Refusals of the chat, as HTTP says them."""

from gchat.commands import Refused
from gchat.doors.admission import Objection
from gchat.protocol.http_answers import Problem

STATUS = {
    "proxy": 400,
    "banned": 403,
    "closing": 503,
    "full": 503,
    "crowded": 429,
    "too fast": 429,
    "guessing": 429,
    "other": 408,
}
"""What newcomers are answered with that may not come in, by the reason."""

LATER = {"Retry-After": "10"}

STATUS_OF_COMMANDS = {
    "name taken": 409,
    "name reserved": 409,
    "name looks like another": 409,
    "muted": 403,
    "too many rooms": 503,
    "room not opened": 503,
    "refs not read": 503,
    "an error": 500,
}
"""What a client is answered with that something was refused to, by the reason; else 400."""


def problem_with(why: str) -> Problem:
    """How a newcomer is refused that may not come in."""
    reason = why.reason if isinstance(why, Objection) else ""
    status = STATUS.get(reason, 403)
    return Problem(status, why, reason, {} if status in (400, 403) else LATER)


def problem_of(refused: Refused) -> Problem:
    """How HTTP says what was refused."""
    return Problem(STATUS_OF_COMMANDS.get(refused.what, 400), str(refused), refused.what)
