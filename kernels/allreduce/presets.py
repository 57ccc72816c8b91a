"""Named lists of message sizes."""

from tenbin.kernels.allreduce.models import PARAMETERS
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.units import parse_sizes

GRADIENT_BYTES = 4  # a float32 gradient per parameter


def _sizes(spec: str) -> tuple[AllreduceProblem, ...]:
    return tuple(AllreduceProblem(size) for size in parse_sizes(spec))


PRESETS: dict[str, tuple[AllreduceProblem, ...]] = {
    "smoke": _sizes("8B,1000B,64KiB"),
    "latency": _sizes("8B:64KiB"),
    "bandwidth": _sizes("64KiB:64MiB"),
    "gradients": tuple(
        AllreduceProblem(GRADIENT_BYTES * parameters, name)
        for name, parameters in PARAMETERS.items()
    ),
}
