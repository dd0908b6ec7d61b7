#!/usr/bin/env python3
"""Race gchat against other chat servers at the one thing that they are for.

N clients are in a room, some of them talk, and every delivery at every receiver
is counted. Each server is started anew for each measurement, on a core of its
own; all its clients are in this process, on another core. The servers come in
turn, several times, and what counts are ratios within one run.

The exit status is 1 if gchat loses a message, or misses a target, or if a server
cannot be measured.
"""

import argparse
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

try:
    from benchmark.export import export
    from benchmark.plot import plot
    from benchmark.race import Race, cost, lost, rate, strange
    from benchmark.servers import GCHAT, REFERENCE, SERVERS, THREADS, Missing, Server, check
    from benchmark.table import tables
    from benchmark.targets import SHORT_TARGETS, TARGETS, verdicts
    from benchmark.ways import WAYS
    from benchmark.works import HUNDRED, WORKS
    from child import split_cores
except ModuleNotFoundError as error:
    sys.exit(f"fanout.py: {error.name} is not installed: pip install -r requirements.txt")

REPEATS = 5
SECONDS = 2.0

SHORT_REPEATS = 3
SHORT_SECONDS = 1.0

DESCRIPTORS = 100
"""Open files besides those for the clients."""


def main() -> int:
    """Race; returns the exit status."""
    options = parse()
    raise_descriptor_limit(max(work.clients + work.stalled for work in options.works))
    core, own = split_cores()
    print(f"The servers run on core {core}, their clients on core {own}.", flush=True)
    if core == own:
        print("There is no second core: the clients slow the servers down.")
    servers = list(available(options.servers))
    race = Race()
    try:
        for work, server, sample in race.run(
            options.works, servers, options.repeats, options.seconds, core
        ):
            print(
                f"  {work.name}, {server.name}: {rate(sample):,.0f} deliveries/s, "
                f"{cost(sample):.3g} s of CPU a million, {sample.talk.lost} lost",
                flush=True,
            )
    finally:  # it takes long: what there is when somebody ends it is kept
        if options.json:
            export(race, options.json)
    print("", *tables(race, options.works), sep="\n")
    failed = bool(race.failures)
    for failure in race.failures:
        print(f"FAILED {failure}")
    for line, reached in verdicts(race, SHORT_TARGETS if options.short else TARGETS):
        print(line)
        # In a short run nothing was left to choose: what is not known has not been shown.
        failed |= reached is False or (options.short and reached is None)
    samples = [sample for work in race.works.values() for sample in work.get(GCHAT, [])]
    wrong = sum(map(lost, samples)), sum(map(strange, samples))
    print(
        f"{'FAILED' if any(wrong) else 'ok    '} gchat has lost {wrong[0]:,.0f} messages, and sent "
        f"{wrong[1]:,.0f} that it should not have"
    )
    if options.plot:
        plot(race, options.plot)
    return 1 if failed or any(wrong) else 0


def parse() -> argparse.Namespace:
    """The options; `servers` and `works` are what they name."""
    works = "\n".join(f"  {number}  {work.name}" for number, work in enumerate(WORKS, 1))
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"works:\n{works}\n\nservers: {', '.join(SERVERS)}; "
        f"only if named: {', '.join(WAYS)}.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("works", nargs="*", type=int, metavar="WORK", help="its number (see below); default: all")
    add("--servers", metavar="A,B", help="only these")
    add(
        "--repeats",
        type=int,
        default=REPEATS,
        metavar="N",
        help="of each work; default %(default)s",
    )
    add("--seconds", type=float, default=SECONDS, metavar="S", help="of talk; default %(default)s")
    add("--short", action="store_true", help="a few seconds that show that nothing is amiss")
    add("--json", type=Path, metavar="FILE", help="write all samples there")
    add("--plot", type=Path, metavar="FILE", help="write throughput against clients there, as SVG")
    options = parser.parse_args()
    if options.short and (options.works or options.servers):
        parser.error("with --short there are no works and servers to choose")
    if not all(1 <= number <= len(WORKS) for number in options.works):
        parser.error(f"works are numbered from 1 to {len(WORKS)}")
    options.works = [WORKS[number - 1] for number in options.works] or list(WORKS)
    names = options.servers.split(",") if options.servers else list(SERVERS)
    known = SERVERS | WAYS
    for name in names:
        if name not in known:
            parser.error(f"there is no server {name!r}, only {', '.join(known)}")
    options.servers = [known[name] for name in names]
    if options.short:
        options.works, options.repeats, options.seconds = [HUNDRED], SHORT_REPEATS, SHORT_SECONDS
        options.servers = [SERVERS[name] for name in (GCHAT, REFERENCE, THREADS)]
    return options


def raise_descriptor_limit(clients: int) -> None:
    """Let this process, and the servers after it, open as many files as they may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = clients + DESCRIPTORS
    if hard < needed:
        sys.exit(f"fanout.py: the hard limit on open files is {hard}; {needed} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def available(servers: list[Server]) -> Iterator[Server]:
    """Those that can be started here; the others are named."""
    for server in servers:
        try:
            check(server)
        except Missing as why:
            print(f"{server.name} is left out: {why}")
            continue
        yield server


if __name__ == "__main__":
    sys.exit(main())
