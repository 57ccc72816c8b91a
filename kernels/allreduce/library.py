"""The MPI library's own allreduce, the baseline of every comparison."""

from functools import partial
from typing import Any

from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.allreduce.plan import Plan

DATATYPES = {
    "float16": getattr(MPI, "FLOAT16_T", MPI.DATATYPE_NULL),  # since mpi4py 4.0
    "float32": MPI.FLOAT,
    "float64": MPI.DOUBLE,
}


def supports(dtype: str) -> bool:
    """Return whether this MPI library can sum the dtype."""
    return bool(DATATYPES.get(dtype, MPI.DATATYPE_NULL) != MPI.DATATYPE_NULL)


def library(comm: MPI.Comm, buffer: NDArray[Any]) -> Plan:
    """Return MPI_Allreduce, in place; raises KeyError for a dtype it does not know."""
    datatype = DATATYPES[buffer.dtype.name]
    start = partial(comm.Allreduce, MPI.IN_PLACE, [buffer, datatype], MPI.SUM)
    details = {"executor": "library", "datatype": datatype.Get_name()}
    return Plan(start, details=details)
