"""The names of the keys in Redis.

The number in PREFIX is that of the layout and of the scripts: servers of another version use other
keys, and do not disturb these. What belongs to a room has its name in braces: all of it is in one
slot of a Redis Cluster.
"""

PREFIX = "gchat:1:"

GATE = f"{PREFIX}gate"
"""The run of Redis for which the servers have agreed how all rooms go on."""

JOINED = f"{PREFIX}joined"
"""While they have not: who has given back what Redis has lost,"""

KNOWN = f"{PREFIX}known"
"""who is waited for,"""

SINCE = f"{PREFIX}since"
"""and in which run, and since when."""

ALIVE = f"{PREFIX}alive"
"""The servers that have renewed their lease, each with the time."""

LEASED = f"{PREFIX}leased"
"""When a lease was renewed last, of whichever server."""

LEASES = f"{PREFIX}leases"
"""When the lease of each server began: one that was ended has another one when it comes back."""

ROOMS = f"{PREFIX}rooms"
"""All rooms in which something was said."""

DELETED = f"{PREFIX}deleted"
"""The rooms of which messages were deleted."""

PEOPLE = f"{PREFIX}people"
"""The clients of each server,"""

VERSIONS = f"{PREFIX}versions"
"""and how often that has changed."""

NAMES = f"{PREFIX}names"
"""Who has which name (claims)."""

SANCTIONS = f"{PREFIX}sanctions"
"""The bans and mutes of all servers,"""

SANCTIONS_ENDS = f"{PREFIX}sanctions:ends"
"""when those of them expire that do,"""

SANCTIONS_VERSION = f"{PREFIX}sanctions:version"
"""and how often they have changed."""

NODES = f"{PREFIX}nodes"
"""The number that a server was given last."""

NEWS = f"{PREFIX}news"
"""A stream for all servers: what was deleted."""

SAID = f"{PREFIX}said"
"""A stream for all servers: in which room there is something new. A server with many rooms follows
this one, where it would cost too much to follow the stream of each room."""

SAID_COUNT = f"{PREFIX}said:count"
"""How many entries that had up to now."""


def log(room: str) -> str:
    """The stream with what was said in `room`."""
    return f"{PREFIX}{{{room}}}:log"


def room_of(log: str) -> str:
    """The room that has the stream `log`."""
    return log[len(PREFIX) + 1 : log.rindex("}")]


def meta(room: str) -> str:
    """The hash with the end of `room`."""
    return f"{PREFIX}{{{room}}}:meta"


def gone(room: str) -> str:
    """The sorted set with what is left of the last messages of `room` that were deleted."""
    return f"{PREFIX}{{{room}}}:left"


def deleted(room: str) -> str:
    """A bit for each message of `room`, up to the last that was deleted: 1 if it was."""
    return f"{PREFIX}{{{room}}}:deleted"


def topic(room: str) -> str:
    """What `room` is about."""
    return f"{PREFIX}{{{room}}}:topic"


def batch(room: str, node: str) -> str:
    """The number of the last batch of a server in `room`, and the id of its last message."""
    return f"{PREFIX}{{{room}}}:batch:{node}"


def inbox(node: str) -> str:
    """A stream for one server: what others send it, and what wakes its follower."""
    return f"{PREFIX}inbox:{node}"


def farewell(node: str) -> str:
    """The clients that a server had when it was stopped."""
    return f"{PREFIX}farewell:{node}"


def look(skeleton: str) -> str:
    """The client that has taken a name last that looks like this, for some seconds."""
    return f"{PREFIX}look:{skeleton}"


def token(digest: str) -> str:
    """The hash with whom a token stands for, and which server has that identity."""
    return f"{PREFIX}token:{digest}"


def mail(number: int) -> str:
    """The hash with the direct messages to an identity that have not arrived, by their numbers."""
    return f"{PREFIX}mail:{number}"
