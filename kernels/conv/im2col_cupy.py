"""im2col and cuBLAS in float32 through CuPy: what a CuPy user writes."""

from typing import Any

from tenbin import device
from tenbin.kernels.conv.im2col import im2col
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan, on_gpu


def im2col_cupy(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of `im2col` over arrays of the device."""
    host = im2col(problem, dtype, threads)

    def run(first: Any, second: Any, out: Any) -> Any:
        host.run(first, second, out)
        device.synchronise()
        return out

    return on_gpu(run)
