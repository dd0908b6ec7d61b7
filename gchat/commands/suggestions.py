"""Words that are no commands here: what other chats call them, and slips of the keyboard."""

from collections.abc import Iterable

SYNONYMS = {
    word: command
    for command, words in {
        "/help": "/? /commands /man",
        "/nick": "/name /user /username /rename",
        "/away": "/back /afk /brb",
        "/token": "/session",
        "/me": "/action /emote /slap",
        "/msg": "/m /w /tell /whisper /pm /dm /query /private /notice",
        "/reply": "/answer",
        "/rooms": "/list /channels",
        "/join": "/j /channel /enter /create /goto",
        "/leave": "/part /lobby",
        "/topic": "/subject /title",
        "/who": "/names /users /members /online /ls",
        "/ignore": "/block",
        "/unignore": "/unblock",
        "/history": "/last /log /backlog /scrollback",
        "/find": "/search /grep",
        "/time": "/timestamp /date /tz",
        "/bell": "/beep /sound /notify",
        "/color": "/colors",
        "/why": "/status /lag /ping",
        "/invite": "/share /link /address /connect",
        "/version": "/about /info",
        "/op": "/oper /sudo /admin",
        "/announce": "/wall /broadcast",
        "/kick": "/kill",
        "/ban": "/kickban /kb",
        "/mute": "/gag /silence",
        "/bans": "/banned /banlist",
        "/quit": "/exit /bye /logout /q /disconnect",
    }.items()
    for word in words.split()
}
"""What IRC, Slack, Discord, shells and the like call a command of this table."""

ALIASES = {"/colour": "/color"}
"""Other spellings of commands, which do the same."""

_NO_ACCOUNTS = "there are no accounts: /nick NAME sets your name, /token shows how to come back"
_CLEAR = "only your terminal can clear the screen"
_NO_EDITING = "messages cannot be changed once they are sent"
_LINES_ARE_SENT = "a line without a command is sent to the room"
_SETTINGS = "/help display lists the display settings"

HINTS = {
    "/login": _NO_ACCOUNTS,
    "/register": _NO_ACCOUNTS,
    "/identify": _NO_ACCOUNTS,
    "/auth": _NO_ACCOUNTS,
    "/password": _NO_ACCOUNTS,
    "/clear": _CLEAR,
    "/cls": _CLEAR,
    "/edit": _NO_EDITING,
    "/undo": _NO_EDITING,
    "/say": _LINES_ARE_SENT,
    "/echo": _LINES_ARE_SENT,
    "/whoami": "/why shows your name, room and limits",
    "/seen": "/whois NAME shows how long a user has been idle",
    "/mode": "there are no modes (/help operators lists what operators can do)",
    "/settings": _SETTINGS,
    "/set": _SETTINGS,
    "/config": _SETTINGS,
    "/motd": "the message of the day is shown when you connect",
    "/upload": "files cannot be sent, only links to them",
    "/dcc": "files cannot be sent, only links to them",
}
"""What to do here, for words of other chats that no command stands for."""

SHORT = 4
"""Letters up to which a word and a command may differ by one slip; longer ones by two."""


def nearest(typed: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was most likely meant by `typed`; None if none is near.

    All start with a slash. Takes as long as `typed` is long, times the letters of `words` that
    are about as long: cut what people type before. Of equally near words the first one.
    """
    near = [
        (distance, word)
        for word in words
        if _may_be_meant(typed, word)
        and (distance := edit_distance(typed, word)) <= _slips(typed, word)
    ]
    return min(near, key=lambda found: found[0])[1] if near else None


def _slips(typed: str, word: str) -> int:
    return 1 if min(len(typed), len(word)) - len("/") <= SHORT else 2


def _may_be_meant(typed: str, word: str) -> bool:
    """People rarely get the first letter wrong, except by swapping it with the second one.

    This is what keeps /frob from suggesting /rooms.
    """
    is_begun_alike = typed[1:2] == word[1:2] or typed[1:3] == word[2:0:-1]
    return is_begun_alike and abs(len(typed) - len(word)) <= _slips(typed, word)


def edit_distance(typed: str, word: str) -> int:
    """Letters to insert, delete, replace or swap with a neighbour to make `word` of `typed`.

    Damerau-Levenshtein in its restricted form (optimal string alignment).
    """
    before: list[int] = []
    last = list(range(len(word) + 1))
    for row, letter in enumerate(typed, 1):
        current = [row]
        for column, other in enumerate(word, 1):
            distance = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != other))
            is_swapped = row > 1 < column and typed[row - 2] == other and letter == word[column - 2]
            if is_swapped:
                distance = min(distance, before[column - 2] + 1)
            current.append(distance)
        before, last = last, current
    return last[-1]
