"""Many users of a chat server, of all kinds: what locust runs. README.md says how.

All users join, then they do what they do, and at the end it is counted what arrived (see
phases.py): a single message that is missing, repeated or out of order makes the exit status 1.
"""

import os
import resource
import signal
import sys
import time
from typing import Any

try:
    import gevent
    import locust.stats
    from locust.env import Environment
    from locust.runners import MasterRunner, WorkerRunner
    from phases import Coordinator, coordinate, take_part
    from server_page import look_at_server
    from start_form import guard, objection, offer_kinds
    from users.booking import process
    from users.passing import Churner, Pipe
    from users.people import Chatter, Flooder, Lurker, RoomHopper
    from users.returning import Returner
    from users.several_rooms import Bot
    from users.trouble import SlowReader, Vandal
except ModuleNotFoundError as error:
    sys.exit(f"locustfile.py: {error.name} is not installed: pip install -r requirements.txt")

__all__ = [
    "Bot",
    "Chatter",
    "Churner",
    "Flooder",
    "Lurker",
    "Pipe",
    "Returner",
    "RoomHopper",
    "SlowReader",
    "Vandal",
]

events: Any = locust.events

CONNECT_SECONDS = 5.0
"""How long a process for users has to report, before it can be told that there is no run."""


def bucket(milliseconds: float) -> float:
    """Three significant digits, also below 100 ms, where locust itself keeps whole ones only."""
    return float(f"{milliseconds:.3g}")


def add_options(parser: Any, **_: Any) -> None:
    """The options that this file adds to locust's."""
    group = parser.add_argument_group("Chat")
    parser.set_defaults(web_host="127.0.0.1")  # locust's page is open to the network otherwise
    group.add_argument(
        "--anyway",
        action="store_true",
        help="run also if clients are on the server already: they are sent all that users say",
    )
    group.add_argument(
        "--think",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="how long users think between two lines, on average (5)",
    )
    group.add_argument(
        "--rooms",
        type=int,
        default=0,
        metavar="N",
        help="rooms that the users are spread over; 0: all are in the one that everybody is in (0)",
    )
    group.add_argument(
        "--max-p99",
        type=float,
        default=0.0,
        metavar="MILLISECONDS",
        help="the run has failed if more than one delivery in a hundred took longer; 0: never (0)",
    )
    group.add_argument(
        "--max-growth",
        type=float,
        default=0.0,
        metavar="MIB",
        help="the run has failed if the server, when all have left, has so much more memory than "
        "at first, not counting its rooms' logs, or any more descriptors; 0: never (0)",
    )
    group.add_argument(
        "--drain",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="how long nothing must come at the end, before what is missing counts as lost (5)",
    )


def is_run_at_once(options: Any) -> bool:
    """Whether a run begins without anybody pressing a button for it."""
    return bool(options.headless or options.autostart)


def set_up(environment: Environment, **_: Any) -> None:
    """Take part in the runs. A host that must not be used ends the program with one line."""
    options: Any = environment.parsed_options
    if not isinstance(environment.runner, WorkerRunner):
        why = objection(environment.host, options.anyway or not is_run_at_once(options))
        if why:
            dismiss(environment.runner, options.processes or 0)
            raise SystemExit(f"locustfile.py: {why}")
    # Locust sees to 10,000, the users of the largest scenario, and some more files are open.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    # Python's own handler would end whatever greenlet is running, be it one that receives.
    gevent.signal_handler(signal.SIGINT, interrupt)
    take_part(process, environment)
    if not isinstance(environment.runner, WorkerRunner):
        choose(environment)
        if environment.web_ui:
            offer_kinds(environment, environment.web_ui)
            guard(environment, environment.web_ui)
        coordinator = Coordinator(environment)
        coordinate(coordinator, environment)
        look_at_server(environment, coordinator)
    # Timers count from when the loop last looked at the clock. That was before all was imported, so
    # a run of a few seconds would be shorter by as long as this took.
    gevent.get_hub().loop.update_now()


def dismiss(runner: Any, processes: int) -> None:
    """End the processes that were started for users: by itself, each would wait for a minute."""
    if isinstance(runner, MasterRunner):
        deadline = time.monotonic() + CONNECT_SECONDS
        while runner.worker_count < processes and time.monotonic() < deadline:
            gevent.sleep(0.05)
        runner.quit()


def choose(environment: Environment) -> None:
    """Users of all kinds together are nothing that anybody means: those named, or chatters."""
    options: Any = environment.parsed_options
    if options.config_users:
        named = {user["user_class_name"] for part in options.config_users for user in part}
    elif options.user_classes:
        return
    else:
        named = {Chatter.__name__}
    kinds = environment.user_classes
    environment.user_classes = [kind for kind in kinds if kind.__name__ in named]


def interrupt() -> None:
    """Ctrl-C was pressed; gevent passes this on to the main greenlet, where locust waits for it."""
    raise KeyboardInterrupt


if __name__ == "__main__":  # as a program: as if locust had been called with this file
    os.execv(sys.executable, [sys.executable, "-m", "locust", "-f", __file__, *sys.argv[1:]])

setattr(locust.stats, "bucket_response_time", bucket)  # as locust documents it
events.init_command_line_parser.add_listener(add_options)
events.init.add_listener(set_up)
