"""A server in which something that holds it together is missing: its tests have to notice.

MUTANT in the environment says what:
- `no batch number`: what was not answered is said again;
- `no gate`: a Redis that has lost something is used at once;
- `no mark`: two histories with the same ids are taken for the same;
- `retries`: what was not answered is sent again whatever it is, as redis-py does by itself;
- `released at once`: what was said is shown before Redis has placed it;
- `impatient`: nothing is missing, but the others are not waited for long;
- `many rooms`: nothing is missing, but it follows its rooms as if these were many;
- `short grace`: nothing is missing, but who comes back is not waited for long.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import os
import sys
from hashlib import sha1
from typing import Any

from gchat.store.redis import scripts


def change(name: str, before: str, after: str) -> None:
    """Have another text in a script, before anything else has it."""
    script = getattr(scripts, name)
    assert before in script
    changed = script.replace(before, after)
    setattr(scripts, name, changed)
    every = tuple(changed if each == script else each for each in scripts.ALL)
    setattr(scripts, "ALL", every)
    scripts._SHAS[changed] = sha1(changed.encode()).hexdigest()


def change_python() -> None:
    """Change what is not in scripts."""
    from gchat.hub import checkpoint
    from gchat.store.redis import entries, follower, joining

    if "no mark" in MUTANT:
        entries.next_mark = lambda mark, crc: 0
    if "retries" in MUTANT:
        send_again()
    if "released at once" in MUTANT:
        release_at_once()
    if "impatient" in MUTANT:
        joining.PATIENCE = 500
    if "many rooms" in MUTANT:
        follower.MOST_FOLLOWED = 0
    if "short grace" in MUTANT:
        checkpoint.GRACE = 3.0


def send_again() -> None:
    """Have commands that were not answered be sent again by redis-py."""
    from redis.backoff import ConstantBackoff
    from redis.retry import Retry

    from gchat.store.errors import StoreError
    from gchat.store.redis import link

    retry = Retry(ConstantBackoff(2 * link.PAUSE), 3, (StoreError,))
    send = link.Link._call_all

    def call_all(self: link.Link, commands: Any) -> Any:
        return retry.call_with_retry(lambda: send(self, commands), lambda error: None)

    setattr(link.Link, "_call_all", call_all)


def release_at_once() -> None:
    """Have rooms see what was said, at the ids that seem to be next, before it is sent to Redis."""
    from gchat.hub.placing import insert
    from gchat.jobs.recorder import Recorder
    from gchat.model.runs import place
    from gchat.store.base import Batch, Placed

    def record(self: Recorder) -> None:
        hub, batches = self._hub, list[Batch]()
        for room in [*hub.pending_writes.rooms]:
            log, said = room.log, [each.utterance for each in room.pending]
            batches.append(Batch(room.name, log.epoch, log.end, log.latest, said))
            insert(hub, room, Placed((), place(*batches[-1])))
        hub.pending_writes.tell_placed()
        hub.store.append(batches)

    setattr(Recorder, "_record", record)


MUTANT = os.environ["MUTANT"]
if "no batch number" in MUTANT:
    change("APPEND", "if before and", "if false and")
if "no gate" in MUTANT:
    change("JOIN", "if not (missing == 0 and may_know_all) and", "if false and")
if "no mark" in MUTANT:
    change("APPEND", "(mark * 1000003 + tonumber(ARGV[i + 2])) % 2147483647", "0")
change_python()
sys.exit(gchat.__main__.main())
