"""Tokens in HTTP: as whom a request speaks."""

from math import ceil

import gevent

from gchat.doors.http_refusals import LATER
from gchat.doors.newcomer import Newcomer
from gchat.hub.handing_over import NotLookedUp, look_up
from gchat.hub.hub import Hub
from gchat.hub.password_attempts import PENALTY, too_many_attempts
from gchat.model.identities import Identity
from gchat.model.tokens import digest
from gchat.protocol.http_answers import Problem
from gchat.protocol.http_trust import NO_SECRET
from gchat.text.naming import name_key


def identity_of(hub: Hub, newcomer: Newcomer, token: str, name: str) -> Identity:
    """Whom `token` stands for, who is called `name` if that is not empty. Raises Problem."""
    if not hub.store.is_kept:
        why = "There are no tokens: this server has no history file"
        raise Problem(401, why, "no history file", NO_SECRET)
    if wait := hub.token_attempts.wait(newcomer.network):
        later = {"Retry-After": str(ceil(wait))}
        raise Problem(429, too_many_attempts(wait, "tokens"), "too many wrong tokens", later)
    try:
        identity = look_up(hub, digest(token))
    except NotLookedUp as why:
        raise Problem(503, f"Not known whom the token is for: {why}", "store away", LATER) from None
    if identity is None:
        hub.token_attempts.wrong(newcomer.network, f"token ({newcomer.address})")
        gevent.sleep(PENALTY)
        raise Problem(401, "Unknown or expired token", "unknown token", NO_SECRET)
    if name and name_key(name) != name_key(identity.name):
        raise Problem(409, f"That token is for the name {identity.name}", "another name")
    return identity
