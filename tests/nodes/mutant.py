"""A server in which something that holds it together is missing: its tests have to notice.

MUTANT in the environment says what:
- `no batch number`: what was not answered is said again;
- `no gate`: a Redis that has lost something is used at once;
- `no mark`: two histories with the same ids are taken for the same;
    from gchat.hub import checkpoint
- `impatient`: nothing is missing, but the others are not waited for long;
- `many rooms`: nothing is missing, but it follows its rooms as if these were many.
"""

import gchat.__main__  # isort: skip - it patches the standard library: nothing may come before

import os
import sys
from hashlib import sha1

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
    if "impatient" in MUTANT:
        joining.PATIENCE = 500
    if "many rooms" in MUTANT:
        follower.MOST_FOLLOWED = 0
    if "short grace" in MUTANT:
        checkpoint.GRACE = 3.0


MUTANT = os.environ["MUTANT"]
if "no batch number" in MUTANT:
    change("APPEND", "if before and", "if false and")
if "no gate" in MUTANT:
    change("JOIN", "if not (missing == 0 and may_know_all) and", "if false and")
if "no mark" in MUTANT:
    change("APPEND", "(mark * 1000003 + tonumber(ARGV[i + 2])) % 2147483647", "0")
change_python()
sys.exit(gchat.__main__.main())
