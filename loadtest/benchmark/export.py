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
    lost,
    memory,
    messages,
    own_load,
    rate,
)

FIGURES: dict[str, Figure] = {
    "deliveries_per_second": rate,
    "messages_per_second": messages,
    "deliveries_lost": lost,
    "cpu_seconds_per_million": cost,
    "cpu_seconds_per_million_in_user_mode": cost_in_user_mode,
    "p50_seconds": latency(50),
    "p99_seconds": latency(99),
    "p99.9_seconds": latency(99.9),
    "kib_per_client": memory,
    "connecting_seconds": connecting,
    "benchmark_load": own_load,
}
"""What is written of each sample."""


def export(race: Race, path: Path) -> None:
    """Write all samples, by work and by server, the repeats in their order. Raises OSError."""
    results = {
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "works": {
            work: {
                server: [
                    {name: figure(sample) for name, figure in FIGURES.items()} for sample in samples
                ]
                for server, samples in servers.items()
            }
            for work, servers in race.works.items()
        },
    }
    path.write_text(json.dumps(results, indent=1) + "\n")
