"""The cost of a report from 100,000 records: 20 s and 1 GiB are the limits.

    python benchmarks/report_size.py [RECORDS]

Writes runs of allreduce sweeps, GEMM problems and ladders, loads them, writes the
report, prints time, peak memory and size of the page; exits 1 beyond a limit.
"""

import itertools
import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tenbin.record import CheckRow, Record, RunInfo, SampleRow
from tenbin.results import store
from tenbin.results.report import write_report

LIMIT_S, LIMIT_BYTES, LIMIT_PAGE = 20.0, 2**30, 5_000_000
RUNS, LAUNCHES, REPETITIONS = 20, 5, 12
LADDER, PLACES = (1, 2, 4, 8, 16, 32), 32
MACHINE = {
    "hostname": "synthetic",
    "peaks": {
        "flops": [{"dtype": "float32", "threads": 1, "flop_per_s": 80e9}],
        "read": [{"level": "DRAM", "threads": 1, "byte_per_s": 20e9}],
    },
}


def samples(time_s: float, ranks: int, rng: random.Random) -> SampleRow:
    spans = [int(time_s * 1e9 * rng.uniform(1.0, 1.05)) for _ in range(REPETITIONS)]
    return SampleRow(
        entry_ns=[[rng.randrange(500) for _ in range(ranks)] for _ in spans],
        exit_ns=[[span + rng.randrange(500) for _ in range(ranks)] for span in spans],
        cpu_ns=spans,
        late=[],
        warmup_ns=spans[:3],
        start="window",
        residual_ns=100,
        stop="precision",
    )


def cases() -> Iterator[dict[str, Any]]:
    """Yield ever new cases: half allreduce, the rest GEMM problems and ladders."""
    for step in itertools.count():
        for name, power in itertools.product(
            ("library", "flat", "torus"), range(2, 28)
        ):
            variant = name if step < PLACES else f"{name}-{step // PLACES}"
            ranks, size = 2 + step % PLACES, 2**power
            yield case("allreduce", variant, f"{size}B", ranks, message_bytes=size)
        for variant, place in itertools.product(("numpy", "reference"), range(26)):
            yield gemm(variant, 64 + 16 * place + step, 1, "fixed")
        for variant, ranks in itertools.product(("numpy", "blocked"), LADDER):
            yield gemm(variant, 1024 + step, ranks, "strong")


def gemm(variant: str, n: int, ranks: int, scaling: str) -> dict[str, Any]:
    work = {"flops": 2 * n**3, "bytes": 12 * n**2}
    return case("gemm", variant, f"n{n}", ranks, scaling=scaling, **work)


def case(
    kernel: str, variant: str, label: str, ranks: int, **more: Any
) -> dict[str, Any]:
    fields = {"scaling": "fixed", **more}
    place = f"{ranks}x1"
    return {
        "kernel": kernel,
        "variant": variant,
        "dtype": "float32",
        "label": label,
        "ranks": ranks,
        "ranks_per_node": ranks,
        "nodes": 1,
        "case": "/".join([kernel, variant, "float32", label, fields["scaling"], place]),
        **fields,
    }


def time_of(fields: dict[str, Any]) -> float:
    work = fields.get("message_bytes", 0) / 4e9
    return float(5e-6 + work + fields.get("flops", 0) / 60e9 / fields["ranks"])


def record(fields: dict[str, Any], run: int, launch: int, rng: random.Random) -> Record:
    return Record(
        **fields,
        run_id=f"run-{run:03}",
        launch=launch,
        status="ok",
        check=CheckRow(ok=True, error=0.1, method="exact", repetitions=3),
        hosts=["synthetic"] * fields["ranks"],
        problem={"label": fields["label"]},
        started="2026-01-02T03:04:05+00:00",
        samples=samples(time_of(fields), fields["ranks"], rng),
    )


def run_info(run: int) -> RunInfo:
    return RunInfo(
        run_id=f"run-{run:03}",
        name="synthetic",
        study={},
        created="2026-01-02T03:04:05+00:00",
        fingerprint="0",
        command=[],
        machine=MACHINE,
        tenbin="0",
    )


def write_runs(root: Path, count: int) -> None:
    rng, encode = random.Random(1), msgspec.json.Encoder().encode
    sweep = cases()
    for run in range(RUNS):
        folder = root / f"run-{run:03}"
        store.create(folder, run_info(run))
        chosen = list(itertools.islice(sweep, count // RUNS // LAUNCHES))
        points = itertools.product(range(LAUNCHES), chosen)
        with (folder / store.RECORDS).open("wb") as file:
            for launch, fields in points:
                file.write(encode(record(fields, run, launch, rng)) + b"\n")


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_runs(root / "runs", count)
        begin = time.perf_counter()
        runs = store.load([root / "runs"])
        loaded = time.perf_counter()
        page = write_report(runs, root / "report")
        end = time.perf_counter()
        page_bytes = page.stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    records = sum(len(run.records) for run in runs)
    print(f"records      {records}")
    print(f"load         {loaded - begin:.1f} s")
    print(f"load+report  {end - begin:.1f} s   limit {LIMIT_S:.0f} s")
    print(f"peak memory  {peak / 2**20:.0f} MiB   limit {LIMIT_BYTES / 2**20:.0f} MiB")
    print(f"page         {page_bytes / 1e6:.2f} MB   limit {LIMIT_PAGE / 1e6:.0f} MB")
    within = end - begin <= LIMIT_S and peak <= LIMIT_BYTES and page_bytes <= LIMIT_PAGE
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
