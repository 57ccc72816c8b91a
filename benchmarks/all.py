"""Measure every bar and say which hold: `make bars`, or `all.py NAME...` for some."""

import subprocess
import sys
from pathlib import Path

from tenbin.launcher import find_mpiexec
from tenbin.machine import cores_allowed

HERE = Path(__file__).parent
# benchmark -> MPI ranks it wants, 0 for none
BARS = {
    "harness_cost": 0,
    "allreduce_vs_c": 2,
    "help_time": 0,
    "report_size": 0,
    "collect_size": 0,
    "campaign_size": 0,
    "analysis_bars": 0,
    "allreduce_folds": 0,
    "allreduce_shm": 2,
    "allreduce_half": 2,
    "allreduce_model": 0,
    "allreduce_lab": 0,
    "training_step": 0,
    "training_backprop": 0,
    "training_lenet": 0,
    "kfac_step": 0,
    "training_vogn": 0,
    "training_vogn_step": 0,
    "training_vogn_ranks": 2,
    "conv_direct": 0,
    "conv_half": 0,
    "conv_cold": 0,
    "conv_threads": 0,
    "conv_isas": 0,
    "conv_accuracy": 0,
    "conv_winograd": 0,
    "conv_auto": 0,
    "conv_stacks": 0,
    "gemm_half": 0,
    "training_accuracy": 0,
    "training_batch": 0,
    "training_epoch": 0,
    "training_scaling": 2,
}


MISSED = "MISSED"
SKIPPED = 77  # exit code where a part could not be measured, and all others hold
WORDS = {0: "holds", SKIPPED: "skipped"}


def verdict(name: str, ranks: int) -> str:
    """Run one benchmark; return whether it keeps its bar, or was skipped."""
    start = find_mpiexec().arguments(ranks, cores_allowed()) if ranks else []
    python = [sys.executable, *(["-m", "mpi4py"] if ranks else [])]
    print(f"== {name}", flush=True)
    command = [*start, *python, str(HERE / f"{name}.py")]
    return WORDS.get(subprocess.run(command, check=False).returncode, MISSED)


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    verdicts = {name: verdict(name, BARS[name]) for name in names or BARS}
    for name, word in verdicts.items():
        print(f"{word:<8}{name}")
    return int(MISSED in verdicts.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
