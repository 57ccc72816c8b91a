"""The probe reads what it can of a machine, and says what it cannot."""

import doctest
import json
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.machine import (
    cores,
    cores_allowed,
    hardware,
    parse,
    probe,
)

FACTS_READ = ("cpu.model", "cpu.counts", "cpu.isa", "cpu.caches", "memory", "numa")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def create_machine(root: Path, **changes: str) -> Path:
    """A machine with two cores of two threads, one cgroup, two NUMA nodes."""
    flags = "fpu sse4_2 avx avx2 fma f16c hypervisor"
    files = {
        "proc/cpuinfo": f"processor : 0\nmodel name : Example 7\nflags : {flags}\n",
        "proc/meminfo": "MemTotal: 1000 kB\nMemAvailable: 600 kB\nHugePages: 0\n",
        "proc/self/cgroup": "0::/user/job7\n",
        "sys/fs/cgroup/user/job7/cpu.max": "max 100000\n",
        "sys/devices/system/cpu/online": "0-3\n",
    }
    for cpu in range(4):
        base = f"sys/devices/system/cpu/cpu{cpu}"
        files[f"{base}/topology/physical_package_id"] = "0\n"
        files[f"{base}/topology/core_id"] = f"{cpu // 2}\n"
        for index, (kind, size, shared) in enumerate(
            [("Data", "32K", f"{cpu}"), ("Unified", "8M", "0-3")]
        ):
            cache = f"{base}/cache/index{index}"
            files[f"{cache}/type"], files[f"{cache}/size"] = kind, size
            files[f"{cache}/shared_cpu_list"] = shared
            files[f"{cache}/level"] = str(1 + 2 * index)
    for node in range(2):
        base = f"sys/devices/system/node/node{node}"
        files[f"{base}/cpulist"] = f"{2 * node}-{2 * node + 1}"
        files[f"{base}/meminfo"] = f"Node {node} MemTotal:  500 kB\n"
    return write(root, {**files, **changes})


@given(st.sets(st.integers(0, 300)))
def test_reads_any_list_of_cpus(cpus: set[int]) -> None:
    parts: list[str] = []
    for cpu in sorted(cpus):
        first = int(parts[-1].partition("-")[0]) if parts else None
        if cpu - 1 in cpus and first is not None:
            parts[-1] = f"{first}-{cpu}"
        else:
            parts.append(str(cpu))

    assert parse.cpu_list(",".join(parts)) == sorted(cpus)


@given(st.integers(1, 2**20), st.sampled_from(["", "K", "M", "G"]))
def test_reads_any_cache_size(number: int, suffix: str) -> None:
    assert parse.size_bytes(f"{number}{suffix}\n") == number * parse.SUFFIX[suffix]


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_reads_any_quota(quota: int, period: int) -> None:
    assert parse.cpu_max(f"{quota} {period}\n") == quota / period


@given(st.text(max_size=30))
def test_parsers_raise_nothing_but_value_errors(text: str) -> None:
    for reader in (parse.cpu_list, parse.size_bytes, parse.cpu_max, parse.fields):
        try:
            reader(text)
        except ValueError:
            continue


def test_finds_this_machine() -> None:
    facts = probe()

    assert facts["cpu"]["cores_allowed"] == cores_allowed() >= 1
    assert facts["memory"]["total_bytes"] > 2**27
    assert facts["versions"]["python"]
    assert json.loads(json.dumps(facts)) == facts


def test_reads_a_described_machine(tmp_path: Path) -> None:
    facts = probe(create_machine(tmp_path))

    assert facts["cpu"]["model"] == "Example 7"
    assert facts["cpu"]["counts"] == {"sockets": 1, "cores": 2, "threads": 4}
    assert facts["cpu"]["isa"] == ["avx", "avx2", "f16c", "fma", "sse4_2"]
    assert facts["cpu"]["virtualised"] is True
    assert facts["memory"] == {"total_bytes": 1024000, "available_bytes": 614400}
    assert [node["cpus"] for node in facts["numa"]] == ["0-1", "2-3"]


def test_counts_the_caches_that_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hardware, "affinity", lambda: [1, 2])

    first, last = hardware.caches(create_machine(tmp_path))

    assert first == {"level": 1, "kind": "data", "size_bytes": 32768, "instances": 2}
    assert last == {"level": 3, "kind": "unified", "size_bytes": 2**23, "instances": 1}


def test_describes_an_arm_processor(tmp_path: Path) -> None:
    info = (
        "processor: 0\nFeatures: fp asimd sve\nCPU implementer: 0x46\nCPU part: 0x1\n"
    )
    root = create_machine(tmp_path, **{"proc/cpuinfo": info})

    assert hardware.cpu_model(root) == "ARM implementer 0x46 part 0x1"
    assert hardware.isa(root) == ["asimd", "sve"]
    assert hardware.virtualised(root) is None


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({}, None),
        ({"sys/fs/cgroup/user/job7/cpu.max": "150000 100000"}, 1.5),
        ({"sys/fs/cgroup/user/cpu.max": "300000 100000"}, 3.0),
        ({"sys/fs/cgroup/cpu.max": "25000 100000"}, 0.25),
        (
            {
                "proc/self/cgroup": "4:cpu,cpuacct:/docker/1\n3:memory:/docker/1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000",
            },
            2.0,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            None,
        ),
        ({"proc/self/cgroup": "0::/../../etc\n"}, None),
    ],
)
def test_obeys_the_quota(
    tmp_path: Path, files: dict[str, str], quota: float | None
) -> None:
    root = create_machine(tmp_path, **files)

    assert cores.cpu_quota(root) == quota
    assert 1 <= cores_allowed(root) <= max(1, int(quota or 10**6))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_obeys_the_affinity(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert cores_allowed() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("name", "text", "limit"),
    [
        ("sys/fs/cgroup/user/job7/memory.max", "409600\n", 409600),
        ("sys/fs/cgroup/user/memory.max", "max\n", None),
        ("sys/fs/cgroup/memory.max", str(2**63 - 4096), None),
    ],
)
def test_obeys_the_memory_limit(
    tmp_path: Path, name: str, text: str, limit: int | None
) -> None:
    memory = hardware.memory(create_machine(tmp_path, **{name: text}))

    assert memory.get("limit_bytes") == limit
    assert memory["available_bytes"] == (limit or 614400)


def test_an_empty_machine_is_unknown_not_an_error(tmp_path: Path) -> None:
    facts = probe(tmp_path)

    unknown = {line.partition(":")[0] for line in facts["unknown"]}
    assert unknown >= set(FACTS_READ)
    assert facts["cpu"]["cores_allowed"] >= 1


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_damaged_machine_is_never_an_error(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    root = create_machine(tmp_path_factory.mktemp("machine"))
    rng = random.Random(seed)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        damage = rng.choice(
            ["none", "none", "gone", "empty", "bytes", "folder", "half"]
        )
        text = path.read_bytes()
        if damage != "none":
            path.unlink()
        if damage == "folder":
            path.mkdir()
        elif damage not in ("none", "gone"):
            kinds = {"empty": b"", "bytes": rng.randbytes(20), "half": text[:3]}
            path.write_bytes(kinds[damage])

    for source in (
        hardware.cpu_model,
        hardware.cpu_counts,
        hardware.isa,
        hardware.caches,
        hardware.memory,
        hardware.numa,
        hardware.virtualised,
    ):
        try:
            source(root)
        except (OSError, ValueError, LookupError):
            continue  # what probe() turns into an entry of `unknown`
    assert cores_allowed(root) >= 1
    shutil.rmtree(root)


def test_examples_are_true() -> None:
    assert doctest.testmod(parse).failed == 0
