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


def conv_records(launches: int = 3) -> list[Record]:
    """Return LeNet-5 in three variants, one of which lacks a layer."""
    sizes = ((784, 6, 25, 0), (100, 16, 150, 1), (1, 120, 400, 2))
    wide, half = ("im2col", "float32", 1.0), ("auto", "float16", 4.0)
    series = (wide, half, ("direct", "float16", 2.0))
    return [
        _conv_record(launch, variant, dtype, speed, size)
        for launch in range(launches)
        for variant, dtype, speed in series
        for size in sizes
        if (variant, size[3]) != ("direct", 2)
    ]


def _conv_record(
    launch: int, variant: str, dtype: str, speed: float, size: tuple[int, ...]
) -> Record:
    pixels, k, terms, number = size
    flops, wide = 2 * 64 * pixels * k * terms, dtype == "float32"
    place = {"layer": f"C{2 * number + 1}", "number": number, "count": 1, "layers": 3}
    details = {
        "threads": 1,
        "networks": {"lenet-5": place},
        "relative_l2": 1e-7 if wide else 2e-4,
        "bias": -1e-6,
        "excess": 0.5,
        "flops_unpadded": flops,
    }
    shape = {"n": 64, "k": k, "direction": "forward", "layout": "nhwc", "cold": "none"}
    return create_record(
        kernel="conv", variant=variant, dtype=dtype, label=f"C{number}", problem=shape,
        flops=flops, bytes=64 * (pixels * k + terms) * (2 + 2 * wide), launch=launch,
        time_s=flops / 20e9 / speed * _noise(variant, number, launch), details=details,
    )  # fmt: skip


def inference_records(launches: int = 3) -> list[Record]:
    """Return a LeNet-5 in three precisions; sums in float16 change its answers."""
    series = (
        ("im2col", "float32", "float32", "fp32", 1.0, 0),
        ("direct", "float16", "float32", "dfp16", 2.0, 0),
        ("half", "float16", "float16", "mfp16", 0.01, 3),
    )
    return [
        create_record(
            kernel="inference", variant=variant, dtype=dtype, label="lenet5-mnist",
            problem={"dataset": "mnist", "images": 1000}, flops=10**9, launch=launch,
            time_s=0.01 / speed * _noise(variant, 0, launch),
            details={
                "threads": 1, "precision": precision, "accumulate": sums,
                "top1": 0.98 - changed / 1000, "top1_change": -changed / 1000,
                "changed_answers": float(changed), "relative_l2": 1e-3,
            },
        )
        for launch in range(launches)
        for variant, dtype, sums, precision, speed, changed in series
    ]  # fmt: skip


def training_records(seeds: int = 3) -> list[Record]:
    """Return semi-NMF at two batches and SGD at two rates, on one rank and on two."""
    fixed = [
        _training_record(variant, batch, rate, seed, "fixed", 1)
        for seed in range(1, seeds + 1)
        for variant, batch, rate in (
            ("semi-nmf", 1000, 0.0),
            ("semi-nmf", 5000, 0.0),
            ("sgd", 100, 0.1),
            ("sgd", 100, 0.3),
            ("sgd", 1000, 0.3),
        )
    ]
    ladder = [
        _training_record("semi-nmf", 5000, 0.0, 1, "strong", ranks) for ranks in (1, 2)
    ]
    return [*fixed, *ladder]


def _line(batch: int) -> dict[str, Any]:
    """Return loss and accuracy along a line; large batches end in a narrow valley."""
    shares = [number / 8 for number in range(13)]
    narrow = [batch / 1000 * (share - 1.0) ** 2 for share in shares]
    losses = [0.1 + wall for wall in narrow]
    accuracies = [max(0.1, 0.98 - wall) for wall in narrow]
    return {
        "share": shares, "distance": 3.0, "train_loss": losses, "test_loss": losses,
        "train_accuracy": accuracies, "test_accuracy": accuracies,
    }  # fmt: skip


def _training_record(
    variant: str, batch: int, rate: float, seed: int, scaling: str, ranks: int
) -> Record:
    """Return a run of four epochs; SGD is worse with a large batch or a high rate."""
    slow = 0.0 if variant == "semi-nmf" else batch / 2e4 + abs(rate - 0.1) / 10
    rows = [
        {
            "epoch": epoch,
            "seconds": (2.0 + 3.0 * (epoch == 1)) / ranks,
            "loss": 1.0 / epoch,
            "test_error": (0.012 + 0.02 / epoch**2 + slow)
            * _noise(variant, batch, rate, seed, epoch),
            "comm_share": 0.1 * (ranks - 1),
            "wait_share": 0.1 * (ranks - 1),
            "more": {"pretrain_s": 3.0 / ranks} if epoch == 1 else {},
        }
        for epoch in range(1, 5)
    ]
    problem = {"dataset": "mnist", "net": "1000-500", "batch": batch, "seed": seed}
    return create_record(
        kernel="training", variant=variant, dtype="float32", scaling=scaling,
        label=f"mnist-net1000-500-batch{batch}-rate{rate:g}-seed{seed}", ranks=ranks,
        problem={**problem, "rate": rate, "samples": 0, "settings": ""},
        details={"threads": 1, "history": rows, "line": _line(batch)},
        time_s=2.0 / ranks,
        flops=None, bytes=None,
    )  # fmt: skip


def _noise(*key: object) -> float:
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
        time_s=(least / share + 2e-6) * _noise(launch, variant, shape),
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
        time_s=time_s * _noise(launch, ranks, variant),
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
            time_s=(alpha + size / beta) * _noise(launch, variant, size),
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
