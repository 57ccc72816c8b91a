"""Processor, caches, memory: read from /proc and /sys below a root."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tenbin.machine import parse
from tenbin.machine.cores import ROOT, affinity, cgroup_folders

CPUS = "sys/devices/system/cpu"
UNLIMITED = 2**60  # a cgroup v1 without a memory limit says about 2^63
RELEVANT_ISA = """
    sse4_2 avx avx2 fma f16c avx512f avx512bw avx512vl avx512_vnni avx512_bf16
    avx512_fp16 avx_vnni amx_tile amx_bf16 amx_int8 amx_fp16
    asimd asimdhp asimdfhm sve sve2 bf16 i8mm sme
"""


def cpu_model(root: Path = ROOT) -> str:
    """Return the name of the processor."""
    info = parse.fields(parse.read(root / "proc/cpuinfo"))
    if "model name" in info:
        return info["model name"]
    if "CPU part" in info:
        return f"ARM implementer {info['CPU implementer']} part {info['CPU part']}"
    raise ValueError("no model in cpuinfo")


def isa(root: Path = ROOT) -> list[str]:
    """Return the instruction sets that matter here."""
    return sorted(_flags(root).intersection(RELEVANT_ISA.split()))


def virtualised(root: Path = ROOT) -> bool | None:
    """Return whether a hypervisor is below; None where the processor cannot say."""
    flags = _flags(root)
    return "hypervisor" in flags if "fpu" in flags else None


def _flags(root: Path) -> frozenset[str]:
    info = parse.fields(parse.read(root / "proc/cpuinfo"))
    return frozenset((info.get("flags") or info["Features"]).split())


def cpu_counts(root: Path = ROOT) -> dict[str, int]:
    """Return the sockets, physical cores and hardware threads that are online."""
    online = parse.cpu_list(parse.read(root / CPUS / "online"))
    places = []
    for cpu in online:
        place = root / CPUS / f"cpu{cpu}/topology"
        package = parse.read(place / "physical_package_id")
        places.append((package, parse.read(place / "core_id")))
    sockets = len({package for package, _ in places})
    return {"sockets": sockets, "cores": len(set(places)), "threads": len(places)}


def caches(root: Path = ROOT) -> list[dict[str, Any]]:
    """Return level, kind, bytes of one instance, and instances this process may use."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    seen: set[tuple[int, str, str]] = set()
    for cpu in affinity():
        for level, kind, size, shared in _caches_of(root / CPUS / f"cpu{cpu}/cache"):
            entry = found.setdefault(
                (level, kind),
                {"level": level, "kind": kind, "size_bytes": size, "instances": 0},
            )
            entry["instances"] += (level, kind, shared) not in seen
            seen.add((level, kind, shared))
    if not found:
        raise ValueError("no cache described")
    return [found[key] for key in sorted(found)]


def _caches_of(folder: Path) -> Iterator[tuple[int, str, int, str]]:
    for index in sorted(folder.glob("index*")):
        try:
            level = int(parse.read(index / "level"))
            size = parse.size_bytes(parse.read(index / "size"))
            shared = parse.read(index / "shared_cpu_list")
            yield level, parse.read(index / "type").lower(), size, shared
        except (OSError, ValueError):
            continue


def memory(root: Path = ROOT) -> dict[str, int]:
    """Return total, available and, where a cgroup sets one, the limit in bytes."""
    info = parse.fields(parse.read(root / "proc/meminfo"))
    kib = {name: int(value.split()[0]) for name, value in info.items() if value}
    total, available = kib["MemTotal"] * 1024, kib["MemAvailable"] * 1024
    limit = memory_limit(root)
    if limit is None or limit >= total:
        return {"total_bytes": total, "available_bytes": available}
    available = min(available, limit)
    return {"total_bytes": total, "available_bytes": available, "limit_bytes": limit}


def memory_limit(root: Path = ROOT) -> int | None:
    """Return the smallest memory limit of the cgroups, None without one."""
    files = [folder / "memory.max" for folder in cgroup_folders("", root)]
    v1 = cgroup_folders("memory", root)
    files += [folder / "memory.limit_in_bytes" for folder in v1]
    limits = []
    for file in files:
        try:
            limits.append(int(parse.read(file)))
        except (OSError, ValueError):  # absent, or the word "max"
            continue
    return min((limit for limit in limits if 0 < limit < UNLIMITED), default=None)


def numa(root: Path = ROOT) -> list[dict[str, Any]]:
    """Return the CPUs and the memory of each NUMA node."""
    nodes = []
    for folder in sorted((root / "sys/devices/system/node").glob("node[0-9]*")):
        kib = parse.read(folder / "meminfo").split("MemTotal:")[1].split()[0]
        cpus = parse.read(folder / "cpulist")
        nodes.append(
            {"node": int(folder.name[4:]), "cpus": cpus, "bytes": int(kib) * 1024}
        )
    if not nodes:
        raise ValueError("no NUMA node described")
    return nodes


def governor(root: Path = ROOT) -> str:
    """Return the frequency governor of the first CPU allowed."""
    return parse.read(root / CPUS / f"cpu{affinity()[0]}/cpufreq/scaling_governor")


def kernel(root: Path = ROOT) -> str:
    """Return the operating system, its release and the architecture."""
    del root  # the running kernel, wherever its files are
    return f"{platform.system()} {platform.release()} {platform.machine()}"


def load(root: Path = ROOT) -> list[float]:
    """Return the load averages over 1, 5 and 15 minutes."""
    del root
    return [round(value, 2) for value in os.getloadavg()]
