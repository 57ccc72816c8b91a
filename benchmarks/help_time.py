"""Bar: `tenbin --help` answers in under 0.3 s (median of 11, a fresh process each)."""

import statistics
import subprocess
import sys
import time

LIMIT_S = 0.3


def main() -> int:
    """Time fresh processes; return 1 beyond the bar."""
    times_s = []
    for _ in range(11):
        start = time.perf_counter()
        command = [sys.executable, "-m", "tenbin", "--help"]
        subprocess.run(command, check=True, capture_output=True)
        times_s.append(time.perf_counter() - start)
    median_s = statistics.median(times_s)
    print(
        f"tenbin --help: median {median_s:.3f} s, "
        f"{min(times_s):.3f} to {max(times_s):.3f} s; bar {LIMIT_S} s"
    )
    return 0 if median_s < LIMIT_S else 1


if __name__ == "__main__":
    sys.exit(main())
