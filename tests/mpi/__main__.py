"""Run the tests of this folder under mpiexec: `python tests/mpi 1 2 3 4`.

Each rank has its share of the cores: threads of BLAS that spin would hold up others.
"""

import os
import sys
import tempfile
from pathlib import Path

from tenbin.launcher import find_mpiexec, launch
from tenbin.machine import cores_allowed

SILENCE_S = 180.0
HERE = Path(__file__).parent


def run(ranks: int) -> bool:
    """Run pytest on that many ranks; print what rank 0 says."""
    pytest = [sys.executable, "-m", "mpi4py", "-m", "pytest", "-q", str(HERE)]
    start = find_mpiexec().arguments(ranks, cores_allowed())
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores_allowed() // ranks))
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
        log = Path(folder) / "log"
        ended = launch(
            [*start, *pytest],
            log,
            lambda: log.stat().st_size if log.exists() else 0,
            SILENCE_S,
        )
        print(f"== {ranks} ranks\n{log.read_text(errors='replace')}", flush=True)
    if ended.timed_out:
        print(f"no output for {SILENCE_S:g} s: stopped", flush=True)
    return ended.ok


if __name__ == "__main__":
    verdicts = [run(int(ranks)) for ranks in sys.argv[1:] or ["1", "2", "3", "4"]]
    sys.exit(0 if all(verdicts) else 1)
