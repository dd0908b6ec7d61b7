"""Start gchat: `python -m gchat`, the command `gchat`, and `python gchat.py` all come here.

What a signal does is decided first, then the standard library is patched for gevent; only then
is anything else of the program imported. Before that, old Pythons must be able to read this module
(see prerequisites.py).
"""

# ruff: noqa: E402
import gc
import sys

from gchat.prerequisites import exit_because_of, gevent_problem, system_problem

exit_because_of(system_problem(sys.version_info[:2], sys.platform))

from gchat.runtime.signals import StartSignals, serves

START = StartSignals()
if serves(sys.argv[1:]):
    START.catch()

gc.disable()  # while modules are loaded, which makes hardly any garbage: a twentieth of the start
exit_because_of(gevent_problem())

from gevent import config, events, monkey

config.track_greenlet_tree = False  # who spawned a greenlet is not worth a kilobyte for each
# gchat uses no plugins of gevent's, for which all installed packages would be searched again and
# again, and neither TLS nor other programs: all that would take as long as the rest of the start.
setattr(events, "notify_and_call_entry_points", lambda event: None)
monkey.patch_all(ssl=False, subprocess=False)

from gchat import program

gc.enable()


def main() -> int:
    """Run the program; returns its exit status."""
    return program.main(START)


if __name__ == "__main__":
    sys.exit(main())
