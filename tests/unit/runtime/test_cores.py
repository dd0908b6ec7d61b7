"""runtime.cores: how many cores a process may use, by its affinity mask and its quotas."""

import os
from pathlib import Path

import pytest

from gchat.runtime.cores import usable_cores

ALONE = "0::/\n"
GROUPED = "0::/system.slice/gchat.service\n"
FIRST_VERSION = "9:name=systemd:/\n4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n0::/\n"


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        (ALONE, {}, 8),
        (ALONE, {"cpu.max": "max 100000\n"}, 8),
        (ALONE, {"cpu.max": "200000 100000\n"}, 2),
        (ALONE, {"cpu.max": "150000 100000\n"}, 1),
        (ALONE, {"cpu.max": "50000 100000\n"}, 1),
        (ALONE, {"cpu.max": "1600000 100000\n"}, 8),
        (ALONE, {"cpu.max": ""}, 8),
        (ALONE, {"cpu.max": "?"}, 8),
        (ALONE, {"cpu.max": "100000 0\n"}, 8),
        (GROUPED, {"system.slice/gchat.service/cpu.max": "300000 100000\n"}, 3),
        (GROUPED, {"system.slice/cpu.max": "300000 100000\n"}, 3),
        (GROUPED, {"other.slice/cpu.max": "300000 100000\n"}, 8),
        (
            GROUPED,
            {
                "system.slice/cpu.max": "400000 100000\n",
                "system.slice/gchat.service/cpu.max": "max 100000\n",
            },
            4,
        ),
        (
            FIRST_VERSION,
            {
                "cpu/docker/abc/cpu.cfs_quota_us": "250000\n",
                "cpu/docker/abc/cpu.cfs_period_us": "100000\n",
            },
            2,
        ),
        (  # in a container, what it sees as the root is its own group
            FIRST_VERSION,
            {"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            2,
        ),
        (
            FIRST_VERSION,
            {"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"},
            8,
        ),
        ("", {"cpu.max": "200000 100000\n"}, 8),
    ],
)
def test_a_quota_leaves_as_many_whole_cores_as_it_says(
    tmp_path: Path, groups: str, files: dict[str, str], cores: int
) -> None:
    for name, text in {"proc/self/cgroup": groups, **_mounted(files)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert usable_cores(tmp_path) == cores


def _mounted(files: dict[str, str]) -> dict[str, str]:
    return {f"sys/fs/cgroup/{name}": text for name, text in files.items()}


def test_the_affinity_mask_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_cores(tmp_path) == 8
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert usable_cores(tmp_path) == 1


def test_it_is_found_out_for_the_process_that_asks() -> None:
    assert 1 <= usable_cores() <= 8
