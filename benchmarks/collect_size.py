"""The cost of 1,000,000 samples in 2,000 run folders: collect, report, collect again.

    python benchmarks/collect_size.py [SAMPLES]

Writes runs of allreduce sweeps and ladders over four ranks, then, each in a process of
its own: collects them into a table and writes the report (60 s and 2 GiB together are
the limit), adds 10 runs and collects again (3 s). Exits 1 beyond a limit.
"""

import itertools
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tenbin.record import CheckRow, Record, RunInfo, SampleRow
from tenbin.results import store

LIMIT_S, LIMIT_BYTES, LIMIT_AGAIN_S = 60.0, 2 * 2**30, 3.0
RUNS, NEW, REPETITIONS, RANKS = 2000, 10, 20, 4
STARTED = "2026-01-02T03:04:05+00:00"
COLLECT = """
import resource, sys, time
from pathlib import Path
begin = time.perf_counter()
from tenbin.results.gather import gather
found = gather([Path(sys.argv[1])], Path(sys.argv[2]))
print(found.runs, found.read, found.rows, time.perf_counter() - begin,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""
REPORT = """
import resource, sys, time
from pathlib import Path
begin = time.perf_counter()
from tenbin.results import store
from tenbin.results.report import write_report
runs = store.load([Path(sys.argv[1])])
write_report(runs, Path(sys.argv[2]))
print(len(runs), 0, 0, time.perf_counter() - begin,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def points() -> Iterator[dict[str, Any]]:
    """Yield the cases of a sweep: three algorithms, sizes, and a strong ladder."""
    for variant, power in itertools.product(("library", "ring", "2x2"), range(3, 28)):
        yield {
            "kernel": "allreduce",
            "variant": variant,
            "label": f"{2**power}B",
            "scaling": "fixed",
            "message_bytes": 2**power,
        }
    for variant, size in itertools.product(("numpy", "blocked"), range(256, 2048, 128)):
        yield {
            "kernel": "gemm",
            "variant": variant,
            "label": f"n{size}",
            "scaling": "strong",
            "flops": 2 * size**3,
            "bytes": 12 * size**2,
        }


def record(fields: dict[str, Any], run: int, rng: random.Random) -> Record:
    work = fields.get("message_bytes", 0) / 4e9 + fields.get("flops", 0) / 2e11
    time_ns = (6e-6 + work) * 1e9
    spans = [int(time_ns * rng.uniform(1, 1.05)) for _ in range(REPETITIONS)]
    names = ("kernel", "variant", "label", "scaling")
    return Record(
        **fields,
        run_id=f"run-{run:05}",
        case="/".join([*(str(fields[name]) for name in names), f"{RANKS}x1"]),
        launch=run,
        status="ok",
        dtype="float32",
        problem={"label": fields["label"]},
        ranks=RANKS,
        ranks_per_node=RANKS,
        nodes=1,
        hosts=["synthetic"] * RANKS,
        check=CheckRow(ok=True, error=0.1, method="exact", repetitions=3),
        started=STARTED,
        samples=SampleRow(
            entry_ns=[[rng.randrange(500) for _ in range(RANKS)] for _ in spans],
            exit_ns=[[s - rng.randrange(500) for _ in range(RANKS)] for s in spans],
            cpu_ns=spans,
            late=[],
            warmup_ns=spans[:3],
            start="window",
            residual_ns=100,
            stop="precision",
        ),
    )


def write_runs(root: Path, numbers: range, samples: int) -> None:
    """Write runs that share the sweep: each holds as many of its cases as it may."""
    rng, encode = random.Random(numbers.start), msgspec.json.Encoder().encode
    sweep = itertools.cycle(points())
    for run in numbers:
        folder = root / f"run-{run:05}"
        info = RunInfo(
            run_id=f"run-{run:05}", name="synthetic", study={}, created=STARTED,
            fingerprint="0", command=[], tenbin="0",
            machine={"hostname": "synthetic"},
        )  # fmt: skip
        folder.mkdir(parents=True)
        (folder / store.INFO).write_bytes(msgspec.json.encode(info))
        chosen = itertools.islice(sweep, samples // RUNS // REPETITIONS)
        lines = (encode(record(fields, run, rng)) + b"\n" for fields in chosen)
        (folder / store.RECORDS).write_bytes(b"".join(lines))


def timed(code: str, *arguments: Path) -> tuple[list[float], float]:
    """Run code in a process of its own; return what it prints, and its whole time."""
    begin = time.perf_counter()
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    elapsed = time.perf_counter() - begin
    return [float(word) for word in ended.stdout.split()], elapsed


def main() -> int:
    samples = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as scratch:
        root, table = Path(scratch) / "runs", Path(scratch) / "table.csv"
        write_runs(root, range(RUNS), samples)
        first, first_s = timed(COLLECT, root, table)
        report, report_s = timed(REPORT, root, Path(scratch) / "report")
        write_runs(root, range(RUNS, RUNS + NEW), samples)
        again, again_s = timed(COLLECT, root, table)
        size = table.stat().st_size
    peak = int(max(first[4], report[4]))
    total = first_s + report_s
    print(f"samples         {int(first[2]) * REPETITIONS} in {int(first[0])} folders")
    print(f"collect         {first_s:.1f} s, {first[4] / 2**20:.0f} MiB")
    print(f"report          {report_s:.1f} s, {report[4] / 2**20:.0f} MiB")
    print(f"both            {total:.1f} s   limit {LIMIT_S:.0f} s")
    print(f"peak memory     {peak >> 20} MiB   limit {LIMIT_BYTES >> 20} MiB")
    print(f"collect again   {again_s:.2f} s   limit {LIMIT_AGAIN_S:.0f} s")
    print(f"read again      {int(again[1])} of {int(again[0])} folders")
    print(f"table           {size / 1e6:.1f} MB")
    within = total <= LIMIT_S and peak <= LIMIT_BYTES and again_s <= LIMIT_AGAIN_S
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
