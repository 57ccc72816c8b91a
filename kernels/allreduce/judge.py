"""What a fit is worth: allreduces timed, and predicted by links that never saw them.

Their layouts are not those of probes, their sizes no powers of two.
"""

from dataclasses import dataclass
from statistics import median

from mpi4py import MPI

from tenbin.case import Case
from tenbin.dtypes import storage
from tenbin.errors import TenbinError
from tenbin.kernel import Options
from tenbin.kernels.allreduce.limits import why_not
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.space import forecast
from tenbin.kernels.allreduce.task import task
from tenbin.kernels.allreduce.turns import time_turns
from tenbin.topology import Topology

JUDGES = ("flat", "two-level", "doubling", "tree/4")
JUDGED_BYTES = tuple(3 * 2**i for i in (13, 16, 19))

Times = dict[tuple[str, int], list[float]]  # name and bytes -> seconds


@dataclass(frozen=True)
class Compared:
    """The median time of an allreduce, and the predicted one, in seconds."""

    name: str
    message_bytes: int
    measured_s: float
    predicted_s: float

    @property
    def error(self) -> float:
        """Return the relative error of the prediction, above 0 where it is too long."""
        return self.predicted_s / self.measured_s - 1.0


def time_allreduces(topology: Topology, times: Times, dtype: str = "float32") -> None:
    """Add the seconds of repetitions of each name and size that runs here; collective.

    Raises TenbinError where the last sum is wrong.
    """
    where = topology.size, topology.ranks_per_node
    for (name, size), spent in times.items():
        case = Case("allreduce", name, dtype, AllreduceProblem(size), *where)
        if why_not(case):
            continue
        prepared = task(case, topology, Options())
        spent.extend(map(float, time_turns(topology.world, prepared)))
        good = topology.world.allreduce(prepared.check().ok, op=MPI.LAND)
        prepared.release()
        if not good:
            raise TenbinError(f"{name}: wrong sum of {size} bytes")


def compare(
    topology: Topology, times: Times, links: Links, dtype: str = "float32"
) -> list[Compared]:
    """Return what was measured and predicted, by size."""
    where, itemsize = (topology.size, topology.ranks_per_node), storage(dtype).itemsize
    found = []
    for (name, size), spent in sorted(times.items(), key=lambda item: item[0][1]):
        if spent:
            (predicted_s,) = forecast([name], *where, [size], links, itemsize)[name]
            found.append(Compared(name, size, median(spent), predicted_s))
    return found
