"""The command line weighs the variants of a GPU like all others."""

import json
import subprocess
import sys

import pytest

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernels import load

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "has a GPU")


def runs(kernel: str, variant: str) -> bool:
    table = load(kernel)
    if not table.variants[variant].on_device:
        return False
    cases = (Case(kernel, variant, "float16", p) for p in table.presets["smoke"])
    return not all(table.decline(case) for case in cases)


@pytest.mark.parametrize("kernel", ["gemm", "conv"])
def test_bench_runs_every_variant_that_does_not_decline(kernel: str) -> None:
    names = [name for name in load(kernel).variants if runs(kernel, name)]
    asked = ["--preset", "smoke", "--variant", ",".join(names), "--dtype", "float16"]
    command = [sys.executable, "-m", "tenbin", "bench", kernel, *asked]

    done = subprocess.run(
        [*command, "--budget", "0.05", "--format", "json"],
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["status"] for row in rows} == {"ok"}
    assert {row["variant"] for row in rows} >= {"dfp16", "mfp16", "chunk32", "wmma"}
