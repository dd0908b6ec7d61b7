"""Figures of the server in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

PREFIX = "gchat_"


class Metric(NamedTuple):
    """A figure, or one for each value of a label."""

    name: str
    """Without the prefix; of a counter, without `_total`."""
    kind: str
    """`counter` or `gauge`."""
    meaning: str
    values: float | Mapping[str, float]
    """By the values of the label, if there is one."""
    label: str = ""


def render(metrics: Iterable[Metric]) -> str:
    """The figures as Prometheus reads them."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> list[str]:
    name = PREFIX + metric.name + ("_total" if metric.kind == "counter" else "")
    lines = [f"# HELP {name} {metric.meaning}", f"# TYPE {name} {metric.kind}"]
    if isinstance(metric.values, Mapping):
        for value, number in metric.values.items():
            lines.append(f'{name}{{{metric.label}="{_escaped(value)}"}} {number:.17g}')
    else:
        lines.append(f"{name} {metric.values:.17g}")
    return lines


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
