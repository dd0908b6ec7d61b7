"""Questions to other servers that share the store: what is done, or known, only there.

A question goes into the inbox of the other server, and its answer into that of this one. The other
server reads it once, or never: what it asks for is not done twice. Nor is it done much later, when
that server was paused, say: what has lain there for longer than anybody waits is not answered, but
where late is better than never.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

import gevent
from gevent import Timeout

from gchat.hub.hub import Hub
from gchat.store.errors import InDoubt, StoreError
from gchat.store.shared import Letter, SharedStore

PATIENCE = 2.0
"""Seconds that another server may take to answer; a client waits no longer for it."""

ANSWER: Final = "answer"

log = logging.getLogger(__name__)

Answer = Callable[[Hub, Any], Any]

ANSWERS: dict[str, Answer] = {}
"""How questions are answered, by their kind; what they ask and the answer are JSON. An answer may
wait, but not before it has done what belongs into an order: questions of one kind begin in the
order in which they came."""


class NotAsked(Exception):
    """Raised if another server was not asked, and has done nothing; says why, as a clause."""


class Unanswered(Exception):
    """Raised if another server has not answered: nobody knows what it has done."""


ALSO_LATE = set[str]()
"""The kinds that are answered however long they have lain there."""


def answers(kind: str, *, also_late: bool = False) -> Callable[[Answer], Answer]:
    """Have the decorated function answer questions of this kind."""

    def enter(function: Answer) -> Answer:
        ANSWERS[kind] = function
        if also_late:
            ALSO_LATE.add(kind)
        return function

    return enter


def ask(hub: Hub, server: str, kind: str, what: Any) -> Any:
    """Ask `server`; returns its answer. Raises NotAsked and Unanswered."""
    store = hub.store
    assert isinstance(store, SharedStore)
    with hub.questions.turn(server, PATIENCE) as is_ours, hub.questions.opened() as opened:
        if not is_ours:
            raise NotAsked("that server does not answer")
        number, answer = opened
        try:
            if not store.send(server, kind, [number, what]):
                raise NotAsked("that server has ended")
            return answer.get(timeout=PATIENCE)
        except (InDoubt, Timeout):
            raise Unanswered from None
        except StoreError as error:
            raise NotAsked(f"the store does not answer: {error}") from None


def ask_all(hub: Hub, kind: str, what: Any) -> tuple[dict[str, Any], list[str]]:
    """Ask all other servers; returns their answers, and the servers that have not answered.

    Also a server that has come a moment ago, and of which nothing else is known here yet.
    """
    store = hub.store
    if not isinstance(store, SharedStore):
        return {}, []
    try:
        servers = store.others()
    except StoreError:  # none of them can be asked
        servers = hub.elsewhere.servers
    asked = {server: gevent.spawn(_ask_quietly, hub, server, kind, what) for server in servers}
    try:
        gevent.joinall(list(asked.values()))
    finally:
        gevent.killall(list(asked.values()), block=False)
    found = {server: each.value for server, each in asked.items() if each.value is not None}
    return {server: answer for server, (answer,) in found.items()}, [*asked.keys() - found.keys()]


def take(hub: Hub, letter: Letter) -> None:
    """Take what another server has sent to this one. Does not wait."""
    number, what = letter.what
    if letter.kind == ANSWER:
        hub.questions.answer(number, what)
    elif letter.age >= PATIENCE and letter.kind not in ALSO_LATE:
        log.info("a question of server %s came too late to be answered: %s", *letter[:2])
    else:
        gevent.spawn(_answer, hub, letter.server, letter.kind, number, what)


def _ask_quietly(hub: Hub, server: str, kind: str, what: Any) -> tuple[Any] | None:
    try:
        return (ask(hub, server, kind, what),)
    except (NotAsked, Unanswered):
        return None


def _answer(hub: Hub, server: str, kind: str, number: int, what: Any) -> None:
    store = hub.store
    assert isinstance(store, SharedStore)
    try:
        store.send(server, ANSWER, [number, ANSWERS[kind](hub, what)])
    except StoreError:
        return  # it learns that nobody has answered
    except Exception:  # a mistake of ours, or another version's question
        hub.faults.report("cannot answer what another server has asked: %s", kind)
