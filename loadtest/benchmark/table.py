"""The results as tables, in Markdown."""

from collections.abc import Iterable, Iterator

from benchmark.race import (
    Figure,
    Race,
    Spread,
    connecting,
    cost,
    cost_in_user_mode,
    latency,
    load,
    lost,
    memory,
    messages,
    own_load,
    rate,
)
from benchmark.servers import GCHAT
from benchmark.works import Work


def tables(race: Race, works: Iterable[Work]) -> Iterator[str]:
    """The lines: a heading and a table for each work; medians, and in brackets the spread."""
    for work in works:
        servers = race.works.get(work.name)
        if not servers:
            continue
        yield f"### {work.name}"
        yield ""
        yield from _paced(race, work, servers) if work.rate else _closed(race, work, servers)
        yield ""


def _closed(race: Race, work: Work, servers: Iterable[str]) -> Iterator[str]:
    yield (
        "| server | deliveries/s, millions | gchat is | messages/s | lost | "
        "CPU s a million (user) | KiB a client | all in, s | its core, ours |"
    )
    yield "| --- " * 9 + "|"
    for server in servers:
        yield _row(
            server,
            _form(race.spread(work, server, lambda one: rate(one) / 1e6), ".3g"),
            _compare(race, work, rate, server),
            _form(race.spread(work, server, messages), ",.0f", brief=True),
            *_common(race, work, server),
        )


def _paced(race: Race, work: Work, servers: Iterable[str]) -> Iterator[str]:
    yield (
        "| server | p50, ms | p99 | p99.9 | gchat's p99 is | lost | "
        "CPU s a million (user) | KiB a client | all in, s | its core, ours |"
    )
    yield "| --- " * 10 + "|"
    for server in servers:
        yield _row(
            server,
            *(
                _form(race.spread(work, server, _milliseconds(percent)), ".3g")
                for percent in (50, 99, 99.9)
            ),
            _compare(race, work, latency(99), server),
            *_common(race, work, server),
        )


def _common(race: Race, work: Work, server: str) -> Iterator[str]:
    samples = race.works[work.name][server]
    yield f"{sum(map(lost, samples)):,.0f}"
    yield (
        _form(race.spread(work, server, cost), ".3g")
        + f" ({_form(race.spread(work, server, cost_in_user_mode), '.2g', brief=True)})"
    )
    yield _form(race.spread(work, server, memory), ".3g", brief=True)
    yield _form(race.spread(work, server, connecting), ".2g", brief=True)
    its, ours = race.spread(work, server, load), race.spread(work, server, own_load)
    yield f"{_form(its, '.0%', brief=True)}, {_form(ours, '.0%', brief=True)}"


def _compare(race: Race, work: Work, figure: Figure, server: str) -> str:
    if server == GCHAT:
        return ""
    ratio = race.ratio(work, GCHAT, figure, server)
    return _form(ratio, ".3g") + " ×" if ratio else ""


def _milliseconds(percent: float) -> Figure:
    figure = latency(percent)
    return lambda sample: figure(sample) * 1e3


def _form(values: Spread | None, form: str, brief: bool = False) -> str:
    if values is None:
        return ""
    middle = f"{values.middle:{form}}"
    return middle if brief else f"{middle} [{values.lowest:{form}}, {values.highest:{form}}]"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"
