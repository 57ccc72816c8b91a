"""What a GEMM and an allreduce do to each other when they run at the same time.

    T_c  [ allreduce ]                  overlap = (T_c + T_g - T_both) / min(T_c, T_g)
    T_g  [   GEMM      ]                slow-downs = time within both / time alone
    both [ allreduce      ]
         [   GEMM           ]

1 is perfect overlap, 0 is none, below 0 they hinder each other. The allreduce runs on
a thread, as training frameworks do it; the three take turns, and the GEMM is as long
as the allreduce, which is where overlap could hide the most.
"""

from dataclasses import dataclass

import numpy as np

from tenbin.record import Record

OVERLAP = "overlap"  # the kernel of its records
TIMES = ("comm", "gemm", "both", "comm_in_both", "gemm_in_both")

Times = dict[str, list[int]]  # name -> ns of each repetition, of the slowest rank


@dataclass(frozen=True)
class Overlap:
    """Medians in seconds over the repetitions, each the slowest rank's."""

    comm_s: float
    gemm_s: float
    both_s: float
    comm_in_both_s: float
    gemm_in_both_s: float

    @property
    def overlap(self) -> float:
        """Return the share of the shorter one that was hidden."""
        alone = self.comm_s + self.gemm_s
        return (alone - self.both_s) / min(self.comm_s, self.gemm_s)

    @property
    def comm_slowdown(self) -> float:
        """Return how much longer the allreduce takes beside the GEMM."""
        return self.comm_in_both_s / self.comm_s

    @property
    def gemm_slowdown(self) -> float:
        """Return how much longer the GEMM takes beside the allreduce."""
        return self.gemm_in_both_s / self.gemm_s


def medians(times: Times) -> Overlap:
    """Return the medians of what was timed."""
    return Overlap(*(float(np.median(times[name])) / 1e9 for name in TIMES))


def overlap_of(record: Record) -> Overlap:
    """Return the medians that a record of overlap holds."""
    times: Times = {name: record.details[f"{name}_ns"] for name in TIMES}
    return medians(times)
