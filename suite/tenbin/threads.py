"""Threads of BLAS and OpenMP: the cores of this rank, shared with those beside it."""

from collections.abc import Callable
from typing import Any

from threadpoolctl import threadpool_info, threadpool_limits

from tenbin.machine.cores import affinity, cores_allowed
from tenbin.topology import Topology


def cores_per_rank(topology: Topology) -> int:
    """Return this rank's share of the cores, at least 1. Collective.

    Ranks share cores when they are on one host and may run on a common one: bound
    ranks have theirs to themselves, unbound ranks divide the host (or the allocation).
    """
    host, cores = topology.hosts[topology.rank], frozenset(affinity())
    everyone = topology.world.allgather((host, cores))
    sharing = sum(1 for other, theirs in everyone if other == host and theirs & cores)
    return max(1, cores_allowed() // sharing)


def pin(threads: int) -> Callable[[], object]:
    """Limit BLAS and OpenMP to `threads` threads; return what restores the limits."""
    limits = threadpool_limits(limits=threads)
    return limits.restore_original_limits  # type: ignore[no-any-return]


def blas_name() -> str:
    """Return name, version and kernels of the BLAS in this process.

    >>> blas_name()  # doctest: +SKIP
    'openblas 0.3.31 SkylakeX'
    """
    pools: list[dict[str, Any]] = threadpool_info()
    for pool in pools:
        if pool["user_api"] == "blas":
            words = (pool["internal_api"], pool["version"], pool.get("architecture"))
            return " ".join(word for word in words if word)
    return "unknown"
