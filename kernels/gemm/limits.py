"""Why a case cannot run, or would take too long: one short line."""

from tenbin.case import Case
from tenbin.kernels.gemm.problem import GemmProblem
from tenbin.kernels.gemm.variant import Variant
from tenbin.machine.hardware import memory
from tenbin.units import format_bytes, format_time

SLOW_LIMIT_S = 20.0


def misfit(case: Case, whole: GemmProblem, variant: Variant) -> str:
    """Return why `case` can run nowhere, or an empty string."""
    if case.dtype not in variant.accumulate:
        known = ", ".join(variant.accumulate)
        return f"{case.variant} computes {known}, not {case.dtype}"
    if max(whole.m, whole.n) < case.ranks:
        return f"{whole.label} cannot be split over {case.ranks} ranks"
    shard = whole.shard(case.ranks, case.ranks - 1)
    return variant.unfit(shard) or _too_slow(case, variant, shard)


def why_not(case: Case, whole: GemmProblem, variant: Variant) -> str:
    """Return why `case` cannot run here, or an empty string."""
    reason = misfit(case, whole, variant) or variant.missing()
    return reason or _too_big(case, whole.shard(case.ranks, case.ranks - 1))


def _too_slow(case: Case, variant: Variant, shard: GemmProblem) -> str:
    rate = variant.slow_flop_per_s.get(case.dtype)
    if rate is None or shard.flops <= SLOW_LIMIT_S * rate:
        return ""
    expected, limit = format_time(shard.flops / rate), format_time(SLOW_LIMIT_S)
    return f"{case.variant} {case.dtype} would take {expected} a call; limit {limit}"


def _too_big(case: Case, shard: GemmProblem) -> str:
    """Count operands and oracle of every rank on a node against half its memory."""
    needed = 2 * (shard.work(case.dtype).bytes or 0) * case.ranks_per_node
    present = memory_bytes()
    if needed <= present // 2:
        return ""
    return f"needs {format_bytes(needed)} of {format_bytes(present)} memory on a node"


def memory_bytes() -> int:
    """Return the memory of this node, or what a cgroup leaves of it."""
    found = memory()
    return found.get("limit_bytes", found["total_bytes"])
