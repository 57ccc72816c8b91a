"""Named lists of problems: networks, DeepBench, and all of them, whole or small."""

from collections.abc import Iterable

from tenbin.kernels.conv.deepbench import DEEPBENCH
from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.problem import ConvProblem

SMALL_FLOPS = 5 * 10**9
SMALL_BYTES = 256 * 2**20


def small(problems: Iterable[ConvProblem]) -> tuple[ConvProblem, ...]:
    """Return the problems of at most 5 GFLOP and 256 MiB in float16."""
    return tuple(
        problem
        for problem in problems
        if problem.flops <= SMALL_FLOPS and 2 * sum(problem.elements) <= SMALL_BYTES
    )


_NETWORKS = {name: network.problems() for name, network in NETWORKS.items()}
_ALL = (p for problems in (*_NETWORKS.values(), *DEEPBENCH.values()) for p in problems)
_FULL = tuple(dict.fromkeys(_ALL))

PRESETS: dict[str, tuple[ConvProblem, ...]] = {
    "smoke": (
        ConvProblem(2, 8, 9, 7, 16, 3, 3, padding=1),
        ConvProblem(1, 3, 12, 12, 8, 5, 5, stride=2, padding=2),
        ConvProblem(1, 16, 6, 6, 32, 1, 1),
        ConvProblem(2, 8, 9, 9, 4, 3, 3, dilation=2, groups=2),
        ConvProblem(1, 5, 8, 8, 7, 3, 2, padding=1, layout="nchw"),
    ),
    **_NETWORKS,
    **DEEPBENCH,
    **{f"{name}-small": small(problems) for name, problems in DEEPBENCH.items()},
    "small": small(_FULL),
    "full": _FULL,
}
