"""Wait for earlier jobs of this machine, then become the job: bash SCRIPT.

    python turn.py SCRIPT [ID to wait for]...

Nothing of tenbin is imported; an id is a process id and its start time.
"""

import os
import sys
import time
from pathlib import Path

import psutil

POLL_S = 0.2
START_TOLERANCE_S = 1.5


def find(pid: int, start_s: float) -> psutil.Process | None:
    """Return the process, if it is still the one that started then."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - start_s) < START_TOLERANCE_S
        ended = process.status() == psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return None
    return process if same and not ended else None


def main(script: str, *after: str) -> None:
    """Wait for the jobs `after`, then replace this process."""
    for job in after:
        pid, _, start_s = job.partition("-")
        while find(int(pid), float(start_s)):
            time.sleep(POLL_S)
    os.execvp("bash", ["bash", str(Path(script).absolute())])


if __name__ == "__main__":
    main(*sys.argv[1:])
