"""Builders of records and runs: defaults are realistic, a test names what matters."""

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tenbin.record import CheckRow, Record, RunInfo, SampleRow
from tenbin.results import store

MACHINE: dict[str, Any] = {
    "hostname": "laptop",
    "cpu": {"model": "Example 7 5800X", "cores_allowed": 4, "isa": ["avx2", "fma"]},
    "mpi": {"name": "MPICH", "version": "4.3.0"},
    "blas": [{"name": "OpenBLAS", "version": "0.3.28", "threads": 4}],
    "memory_bytes": 32 * 2**30,
    "peaks": {
        "flops": [
            {"dtype": dtype, "threads": threads, "flop_per_s": rate, "isa": "avx2"}
            for dtype, one in (("float32", 75e9), ("float64", 37e9))
            for threads, rate in ((1, one), (4, 3.9 * one))
        ],
        "read": [
            {"level": level, "bytes": size, "threads": threads, "byte_per_s": rate}
            for level, size, one, all_ in (
                ("L1", 2**14, 210e9, 830e9),
                ("L2", 2**18, 95e9, 370e9),
                ("L3", 2**23, 45e9, 160e9),
                ("DRAM", 2**28, 18e9, 31e9),
            )
            for threads, rate in ((1, one), (4, all_))
        ],
    },
}


def create_samples(
    time_s: float = 1e-3, *, ranks: int = 1, repetitions: int = 20, seed: int = 0
) -> SampleRow:
    """Return samples with about that median makespan, noisy, slow outliers included."""
    rng = random.Random(seed)
    entry: list[list[int]] = []
    exit_: list[list[int]] = []
    for _ in range(repetitions):
        span = int(time_s * 1e9 * (1 + 0.01 * rng.expovariate(1.0)))
        entry.append([0, *(rng.randint(0, span // 50) for _ in range(ranks - 1))])
        last = [span - rng.randint(0, span // 20) for _ in range(ranks - 1)]
        exit_.append([*last, span])
    return SampleRow(
        entry_ns=entry,
        exit_ns=exit_,
        cpu_ns=[int(time_s * 0.9e9)] * repetitions,
        late=[],
        warmup_ns=[int(time_s * 4e9), int(time_s * 1.1e9), int(time_s * 1e9)],
        start="window",
        residual_ns=120,
        stop="precision",
    )


def create_record(**overrides: Any) -> Record:
    """Return a valid GEMM record; `time_s` and `seed` shape its samples.

    The key of the case follows from the other fields.
    """
    time_s, seed = overrides.pop("time_s", 1e-3), overrides.pop("seed", 0)
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "launch": 0,
        "status": "ok",
        "kernel": "gemm",
        "variant": "numpy",
        "dtype": "float32",
        "scaling": "fixed",
        "label": "m1024n1024k1024",
        "problem": {"m": 1024, "n": 1024, "k": 1024},
        "ranks": 1,
        "flops": 2 * 1024**3,
        "bytes": 3 * 4 * 1024**2,
        "check": CheckRow(ok=True, error=0.2, method="bound", repetitions=3),
        "details": {"threads": 1},
        "started": "2026-01-02T03:04:05+00:00",
    } | overrides
    fields.setdefault("ranks_per_node", fields["ranks"])
    fields.setdefault("nodes", fields["ranks"] // fields["ranks_per_node"])
    fields.setdefault("hosts", ["laptop"] * fields["ranks"])
    place = f"{fields['ranks_per_node']}x{fields['nodes']}"
    names = ("kernel", "variant", "dtype", "label", "scaling")
    fields.setdefault("case", "/".join([*(fields[name] for name in names), place]))
    if fields["status"] in ("ok", "wrong"):
        samples = create_samples(time_s, ranks=fields["ranks"], seed=seed)
        fields.setdefault("samples", samples)
    return Record(**fields)


def create_info(**overrides: Any) -> RunInfo:
    """Return the facts of a run on the example machine."""
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "name": "quick",
        "created": "2026-01-02T03:04:05+00:00",
        "command": ["tenbin", "run", "quick"],
        "fingerprint": "0123456789abcdef",
        "study": {"name": "quick"},
        "machine": MACHINE,
        "tenbin": "0.1.0",
        "revision": "abc1234",
    }
    return RunInfo(**fields | overrides)


def create_run(
    folder: Path, records: Iterable[Record] | None = None, **overrides: Any
) -> store.Run:
    """Write a run and read it back; by default a whole study with its blemishes."""
    info = create_info(**overrides)
    store.create(folder, info)
    with store.open_writer(folder) as writer:
        for record in create_study() if records is None else records:
            writer.append(record)
    return store.read_run(folder)


def create_study(launches: int = 5) -> list[Record]:
    """Return GEMM bars, both ladders, an allreduce sweep, and cases that failed."""
    ladders = (gemm_records, ladder_records, allreduce_records)
    measured = [record for kind in ladders for record in kind(launches)]
    return [*measured, *failed_records()]


def noise(*key: object) -> float:
    return 1 + 0.03 * random.Random(repr(key)).random()


def gemm_records(launches: int = 5) -> list[Record]:
    """Return two variants on six problems, some of them memory bound."""
    shapes = [(64, 64, 64), (256, 256, 256), (512, 512, 512)]
    shapes += [(1024, 1024, 1024), (35, 700, 2048), (2048, 7, 2048)]
    variants = (("numpy", 0.82), ("reference", 0.03))
    return [
        _gemm_record(launch, variant, share, shape)
        for launch in range(launches)
        for variant, share in variants
        for shape in shapes
    ]


def _gemm_record(
    launch: int, variant: str, share: float, shape: tuple[int, int, int]
) -> Record:
    m, n, k = shape
    flops, size = 2 * m * n * k, 4 * (m * k + k * n + m * n)
    least = max(flops / 75e9, size / 18e9)
    return create_record(
        variant=variant,
        label=f"m{m}n{n}k{k}",
        problem={"m": m, "n": n, "k": k},
        flops=flops,
        bytes=size,
        launch=launch,
        time_s=(least / share + 2e-6) * noise(launch, variant, shape),
        seed=launch,
    )


def ladder_records(launches: int = 5) -> list[Record]:
    """Return a strong and a weak ladder over 1, 2, 4 and 8 ranks on 4 cores."""
    variants = (("numpy", 0.04), ("blocked", 0.12))
    return [
        _ladder_record(launch, ranks, variant, serial, scaling)
        for launch in range(launches)
        for ranks in (1, 2, 4, 8)
        for variant, serial in variants
        for scaling in ("strong", "weak")
    ]


def _ladder_record(
    launch: int, ranks: int, variant: str, serial: float, scaling: str
) -> Record:
    strong = 0.036 * (serial + (1 - serial) / ranks)
    weak = 0.035 * (1 + serial * (ranks - 1))
    time_s = (strong if scaling == "strong" else weak) * max(1.0, ranks / 4)
    return create_record(
        variant=variant,
        scaling=scaling,
        ranks=ranks,
        launch=launch,
        flops=2 * 1024**3 * (1 if scaling == "strong" else ranks),
        time_s=time_s * noise(launch, ranks, variant),
        seed=launch,
        flags=["oversubscribed"] if ranks > 4 else [],
    )


def allreduce_records(launches: int = 5, ranks: int = 4) -> list[Record]:
    """Return three algorithms over sizes from 8 B to 64 MiB."""
    costs = (("library", 6e-6, 4.0e9), ("4x1", 11e-6, 5.2e9), ("2x2", 14e-6, 4.6e9))
    return [
        create_record(
            kernel="allreduce",
            variant=variant,
            ranks=ranks,
            label=f"{size}B",
            problem={"count": size // 4},
            flops=None,
            bytes=None,
            message_bytes=size,
            launch=launch,
            details={"rounds": 6},
            time_s=(alpha + size / beta) * noise(launch, variant, size),
            seed=launch,
            flags=["contaminated"] if size == 512 and launch == 1 else [],
        )
        for launch in range(launches)
        for variant, alpha, beta in costs
        for size in (2**power for power in range(3, 27))
    ]


def failed_records() -> list[Record]:
    """Return a case that crashed, one that timed out, and one that is wrong."""
    crash = ["Traceback (most recent call last):", "MemoryError: 64 GiB asked for"]
    return [
        create_record(
            variant="numpy",
            label="m8192n8192k8192",
            flops=2 * 8192**3,
            status="failed",
            reason="rank 0 raised MemoryError",
            output=crash,
            check=None,
        ),
        create_record(
            kernel="allreduce",
            variant="2x2",
            ranks=4,
            label="134217728B",
            flops=None,
            bytes=None,
            message_bytes=2**27,
            status="timeout",
            reason="no answer for 120 s",
            check=None,
            details={},
        ),
        create_record(
            variant="fast",
            status="wrong",
            check=CheckRow(ok=False, error=37.5, method="bound", repetitions=3),
            reason="bound: error is 37.5 times its bound",
        ),
    ]
