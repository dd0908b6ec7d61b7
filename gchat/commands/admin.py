"""Limits, statistics and shutdown of the server, for operators."""

import logging
import resource
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import gevent

from gchat.commands.arguments import NotATime, term_and_reason
from gchat.commands.table import Refused, WrongArgument, command
from gchat.config.limits import MEANINGS, read_limit
from gchat.hub.client import Client
from gchat.hub.figures import figures_elsewhere
from gchat.hub.hub import Hub
from gchat.model.events import ShutdownCancelled
from gchat.model.server_answers import Limit, LimitsInForce, Traffic
from gchat.text.clock import duration
from gchat.text.phrases import NotANumber, counted

MEASURED = 1.0
"""Seconds over which /stats measures the traffic."""

MAX_NOTICE = 7 * 24 * 3600
"""Seconds ahead that /shutdown can plan; more is most likely mistyped."""

MIB = 2**20

log = logging.getLogger(__name__)


@command("[LIMIT] [N]", operators_only=True)
def limits(hub: Hub, client: Client, name: str, typed: str) -> None:
    """list the limits, or set LIMIT to N

    0 is no limit. A new limit applies at once, to all clients, until the server stops.
    For example: /limits rate 50
    """
    values = hub.settings.limits
    if not name:
        width = max(map(len, MEANINGS))
        hub.answer(
            client,
            *(
                f"{limit:<{width}} {getattr(values, _field(limit)):>6}  {meaning.text}"
                for limit, meaning in MEANINGS.items()
            ),
            facts=_in_force(hub, MEANINGS),
        )
        return
    name = name.lower()
    if name not in MEANINGS:
        raise Refused(f"Unknown limit; there are {', '.join(MEANINGS)}", "unknown limit")
    lowered = ""
    if typed:
        try:
            asked = read_limit(name, typed)
        except NotANumber as error:
            raise Refused(f"Limit {name} is unchanged: {error}", "wrong value of a limit") from None
        value = min(asked, hub.settings.slots) if name == "max-clients" else asked
        if value < asked:
            lowered = f" (not {asked}: the limit on open files allows no more)"
        setattr(values, _field(name), value)
        log.info("%s set the limit %s to %d%s", client, name, value, lowered)
    told = f"{name} is {getattr(values, _field(name))}{lowered}: {MEANINGS[name].text}"
    hub.answer(client, told, facts=_in_force(hub, [name]))


@command(operators_only=True)
def stats(hub: Hub, client: Client) -> None:
    """show clients, traffic, delays and memory

    The answer takes a second, in which the traffic is measured. Of other servers with the same
    rooms, it has a line each.
    For example: /stats
    """
    before, begun = replace(hub.stats), time.monotonic()
    gevent.sleep(MEASURED)
    seconds = time.monotonic() - begun
    total, now = hub.stats, hub.stats - before
    lag, name = _longest_lag(hub)
    late, memory, trouble = hub.watchdog.delay(), _memory(), hub.store.trouble
    others = _of_others(hub, client) if hub.store.is_shared else ()
    hub.answer(
        client,
        f"{counted(len(hub.clients), 'client')} in {counted(len(hub.rooms.by_name), 'room')}, "
        f"{total.joined} since the start; {total.refused} refused",
        f"In: {counted(total.messages, 'message')}, {_mib(total.bytes_in)}; "
        f"now {now.messages / seconds:.0f} messages per second",
        f"Out: {total.deliveries} deliveries, {_mib(total.bytes_out)}; "
        f"now {now.deliveries / seconds:.0f} deliveries per second",
        f"Longest lag: {counted(lag, 'message')}" + (f" ({name})" if lag else ""),
        f"Event loop delay in the last minute: median {late.typical * 1000:.1f} ms, "
        f"max {late.worst * 1000:.0f} ms",
        f"Sender: {hub.sender}",
        f"Memory: {_mib(memory)}; {counted(hub.faults.total, 'error')} in the log",
        *([trouble] if trouble else ()),
        *others,
        facts=Traffic(
            clients=len(hub.clients),
            rooms=len(hub.rooms.by_name),
            joined=total.joined,
            refused=total.refused,
            messages=total.messages,
            messages_per_second=now.messages / seconds,
            bytes_in=total.bytes_in,
            deliveries=total.deliveries,
            deliveries_per_second=now.deliveries / seconds,
            bytes_out=total.bytes_out,
            longest_lag=lag,
            longest_lag_of=name if lag else "",
            loop_delay_median=late.typical,
            loop_delay_max=late.worst,
            sender=hub.sender,
            memory=memory,
            errors=hub.faults.total,
            trouble=trouble,
        ),
    )


@command("TIME|now|cancel [WHY]", operators_only=True, in_full=True)
def shutdown(hub: Hub, client: Client, when: str, why: str) -> None:
    """stop the server, or cancel that

    TIME is how long it still runs: 5m, 2 hours. Everybody is told the time that is left, and WHY.
    For example: /shutdown 5m a new version
    """
    word = when.lower().rstrip(",.:!")
    if word == "cancel":
        if not hub.shutdown.cancel():
            raise Refused("No shutdown is planned", "no shutdown planned")
        log.warning("shutdown cancelled by %s", client)
        hub.notify_all(ShutdownCancelled(client.name, why))
        return
    try:
        seconds, why = term_and_reason("0s" if word == "now" else when, why, least=0)
    except NotATime:
        raise WrongArgument from None
    if seconds is None:  # a mistyped word must not stop the server
        raise WrongArgument
    if seconds > MAX_NOTICE:
        raise Refused(f"Time too long (limit {duration(MAX_NOTICE)})", "time too long")
    hub.shutdown.start(seconds, client.name, why)


def _of_others(hub: Hub, client: Client) -> list[str]:
    """A line about each other server that shares the store."""
    with hub.command_gate.paused(client.owner):
        found, silent = figures_elsewhere(hub)
    lines = [
        f"Server {server}: {counted(each.clients, 'client')} in {counted(each.rooms, 'room')}, "
        f"{counted(each.messages, 'message')} in; event loop delay max "
        f"{each.loop_delay * 1000:.0f} ms" + (f"; {each.trouble}" if each.trouble else "")
        for server, each in found.items()
    ]
    return [*lines, *(f"Server {server} does not answer" for server in silent)]


def _in_force(hub: Hub, names: Iterable[str]) -> LimitsInForce:
    """The limits of these `names`."""
    values = hub.settings.limits
    listed = [Limit(name, getattr(values, _field(name)), MEANINGS[name].text) for name in names]
    return LimitsInForce(listed)


def _field(name: str) -> str:
    return name.replace("-", "_")


def _longest_lag(hub: Hub) -> tuple[int, str]:
    """The largest number of messages that a client is behind, and the name of that client."""
    return max(((client.behind, client.name) for client in hub.each_client()), default=(0, ""))


def _memory() -> int:
    """Bytes of memory that this process occupies; on systems without /proc, its peak."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _mib(size: int) -> str:
    return f"{size / MIB:.1f} MiB"
