"""The results as a picture: throughput against the number of clients."""

from pathlib import Path

from benchmark.race import Race, rate
from benchmark.servers import GCHAT, SERVERS
from benchmark.works import HUNDRED, TEN_THOUSAND, THOUSAND

WORKS = (HUNDRED, THOUSAND, TEN_THOUSAND)

SIZE = (7.5, 4.2)
"""Inches."""


def plot(race: Race, path: Path) -> None:
    """Write it as SVG; bars show the spread. Raises OSError."""
    # Takes a second, and is not needed otherwise.
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "gchat"  # the same results make the same file
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=SIZE, layout="constrained")
    for number, server in enumerate(SERVERS):
        found = [(work, race.spread(work, server, rate)) for work in WORKS]
        points = [(work.clients, values) for work, values in found if values]
        if not points:
            continue
        axes.errorbar(
            [clients for clients, _ in points],
            [values.middle for _, values in points],
            yerr=[
                [values.middle - values.lowest for _, values in points],
                [values.highest - values.middle for _, values in points],
            ],
            label=server,
            color=f"C{number}",
            linewidth=2.5 if server == GCHAT else 1.2,
            marker="o",
            markersize=6 if server == GCHAT else 3.5,
            capsize=2,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([work.clients for work in WORKS], [f"{work.clients:,}" for work in WORKS])
    axes.set_xlabel("clients in a room, 10 of whom talk")
    axes.set_ylabel("deliveries a second")
    axes.grid(visible=True, which="major", alpha=0.3)
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig(path, format="svg", metadata={"Date": None})
    pyplot.close(figure)
