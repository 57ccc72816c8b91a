"""What a call costs before it does anything: Python, and MPI through mpi4py.

An allreduce of 8 bytes over one rank moves nothing, so its time is the call itself:
mpi4py's argument handling and the library's own entry. It is part of every time that
is reported, and matters below some KiB.
"""

import time
from typing import Any

from tenbin.leftovers import clear_segments
from tenbin.machine.software import ask

# In an interpreter of its own: MPI must not be initialised in what starts the ranks.
MEASURE = """
import json, time
import numpy as np
from mpi4py import MPI
now, data = time.perf_counter_ns, np.zeros(1)
comm, place = MPI.COMM_SELF, MPI.IN_PLACE
calls = {"empty_call_s": lambda: None,
         "allreduce_8_bytes_one_rank_s": lambda: comm.Allreduce(place, data)}
found = {}
for name, call in calls.items():
    times = []
    for _ in range(2000):
        start = now(); call(); times.append(now() - start)
    found[name] = float(np.median(times)) * 1e-9
print(json.dumps(found))
"""


def call_overhead() -> dict[str, Any]:
    """Return the median times in seconds of an empty call and of an empty allreduce.

    An empty dictionary where there is no MPI library.
    """
    started = time.time()
    try:
        found: dict[str, Any] = ask(MEASURE)
    except (OSError, ValueError):
        return {}
    finally:  # Open MPI leaves the segment of a lone process behind
        clear_segments(started)
    return found
