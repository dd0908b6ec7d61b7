"""The results as JSON, for other programs."""

import json
import os
import platform
from pathlib import Path

from benchmark.race import (
    Figure,
    Race,
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
    strange,
)
from benchmark.works import Sample

FIGURES: dict[str, Figure] = {
    "deliveries_per_second": rate,
    "messages_per_second": messages,
    "deliveries_lost": lost,
    "deliveries_and_bytes_besides": strange,
    "cpu_seconds_per_million": cost,
    "cpu_seconds_per_million_in_user_mode": cost_in_user_mode,
    "kib_per_client": memory,
    "connecting_seconds": connecting,
    "server_load": load,
    "benchmark_load": own_load,
}
"""What is written of each sample."""

LATENCIES: dict[str, Figure] = {
    "p50_seconds": latency(50),
    "p99_seconds": latency(99),
    "p99.9_seconds": latency(99.9),
}
"""What is written of those of an open loop as well."""


def export(race: Race, path: Path) -> None:
    """Write all samples, by work and by server, the repeats in their order. Raises OSError."""
    results = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "works": {
            work: {
                server: [_figures(sample) for sample in samples]
                for server, samples in servers.items()
            }
            for work, servers in race.works.items()
        },
    }
    path.write_text(json.dumps(results, indent=1) + "\n")


def _figures(sample: Sample) -> dict[str, float]:
    figures = {**FIGURES, **LATENCIES} if sample.talk.latencies else FIGURES
    return {name: figure(sample) for name, figure in figures.items()}
