"""How many cores this process may use: the affinity mask and the cgroup quotas."""

import os
from collections.abc import Iterator
from pathlib import Path

from tenbin.machine import parse

ROOT = Path("/")


def cores_allowed(root: Path = ROOT) -> int:
    """Return the cores this process may keep busy, at least 1.

    A quota of 1.5 cores counts as 1: a second thread would wait for half its time.
    """
    quota = cpu_quota(root)
    cores = len(affinity())
    return max(1, cores if quota is None else min(cores, int(quota)))


def affinity() -> list[int]:
    """Return the logical CPUs this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def cpu_quota(root: Path = ROOT) -> float | None:
    """Return the smallest cgroup quota in cores, None without one."""
    quotas = [_v2_quota(folder) for folder in cgroup_folders("", root)]
    quotas += [_v1_quota(folder) for folder in cgroup_folders("cpu", root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_folders(controller: str, root: Path = ROOT) -> Iterator[Path]:
    """Yield this process's folders of a v1 `controller`, or of v2 where it is empty.

    From its own group up to the top: a limit above it holds as well.
    """
    for line in _lines(root / "proc/self/cgroup"):
        number, _, rest = line.partition(":")
        names, _, group = rest.partition(":")
        if controller not in names.split(",") or (not controller and number != "0"):
            continue
        mounts = [names, controller] if controller else ["", "unified"]
        for mount in dict.fromkeys(mounts):
            top = root / "sys/fs/cgroup" / mount
            own = Path(group.lstrip("/"))
            for folder in (own, *own.parents) if own.parts else (own,):
                if ".." not in folder.parts:
                    yield top / folder


def _lines(path: Path) -> list[str]:
    try:
        return parse.read(path).splitlines()
    except (OSError, ValueError):
        return []


def _v2_quota(folder: Path) -> float | None:
    try:
        return parse.cpu_max(parse.read(folder / "cpu.max"))
    except (OSError, ValueError):
        return None


def _v1_quota(folder: Path) -> float | None:
    try:
        quota = int(parse.read(folder / "cpu.cfs_quota_us"))
        period = int(parse.read(folder / "cpu.cfs_period_us"))
        return parse.quota_cores(quota, period)
    except (OSError, ValueError):
        return None
