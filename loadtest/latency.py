"""How long deliveries took, over all and by the kind of user that said the lines.

Locust's entries are handled here, but locust is not imported: it patches the process that does.
"""

from typing import Any

DELIVERY = "DELIVERY"
"""The requests that are deliveries; each is called after the kind of user that said the line."""

SHARES = (0.5, 0.95, 0.99)


def duration(milliseconds: float) -> str:
    """Three digits, with a unit that needs no exponent: `4.16 ms`, `41.6 s`, `1250 s`."""
    if milliseconds < 999.5:
        return f"{milliseconds:.3g} ms"
    seconds = milliseconds / 1000
    return f"{seconds:.0f} s" if seconds >= 999.5 else f"{seconds:.3g} s"


def kind_of(sender: str) -> str:
    """The kind of user that is called `sender`, like `Chatter` of `Chatter-4711.3/1@lobby`."""
    return sender.partition("-")[0]


def deliveries(stats: Any) -> list[Any]:
    """The deliveries of each kind of user, in the order of their names."""
    return sorted(
        (entry for entry in stats.entries.values() if entry.method == DELIVERY),
        key=lambda entry: str(entry.name),
    )


def together(stats: Any) -> Any:
    """The deliveries of all kinds of users as one entry; None if there are none."""
    whole = None
    for entry in deliveries(stats):
        whole = whole or type(entry)(stats, "all", DELIVERY)
        whole.extend(entry)
    return whole


def percentile(entry: Any, share: float) -> float:
    """Milliseconds within which that share of the deliveries was made; 0 if there are none."""
    return float(entry.get_response_time_percentile(share) or 0) if entry else 0.0


def summary(stats: Any) -> list[str]:
    """A line for all deliveries, and one for each kind of user if there are several."""
    kinds = deliveries(stats)
    if not kinds:
        return []
    lines = [f"delivery: {_describe(together(stats))}"]
    if len(kinds) > 1:
        lines += [f"    said by a {entry.name}: {_describe(entry)}" for entry in kinds]
    return lines


def _describe(entry: Any) -> str:
    shares = [f"{share:.0%} within {duration(percentile(entry, share))}" for share in SHARES]
    return ", ".join([*shares, f"the slowest {duration(entry.max_response_time)}"])
