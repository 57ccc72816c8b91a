"""Why a case cannot run, or would take too long: one short line."""

from tenbin.case import Case
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share, splits
from tenbin.kernels.conv.variant import Variant
from tenbin.kernels.gemm.limits import memory_bytes
from tenbin.units import format_bytes, format_time

SLOW_LIMIT_S = 20.0
ORACLE_BYTES = 28  # per element of the result: exact, magnitude, allowed, computed


def misfit(case: Case, whole: ConvProblem, variant: Variant) -> str:
    """Return why `case` can run nowhere, or an empty string."""
    if case.dtype not in variant.accumulate:
        known = ", ".join(variant.accumulate)
        return f"{case.variant} computes {known}, not {case.dtype}"
    if not splits(whole, case.ranks):
        return f"{whole.label} cannot be split over {case.ranks} ranks"
    part = share(whole, case.ranks, case.ranks - 1).problem
    return variant.misfit(part, case.dtype) or _too_slow(case, variant, part)


def why_not(case: Case, whole: ConvProblem, variant: Variant) -> str:
    """Return why `case` cannot run here, or an empty string."""
    reason = variant.missing(case.dtype) or misfit(case, whole, variant)
    return reason or _too_big(case, share(whole, case.ranks, case.ranks - 1).problem)


def _too_slow(case: Case, variant: Variant, part: ConvProblem) -> str:
    rate = variant.slow_flop_per_s.get(case.dtype)
    if rate is None or part.flops <= SLOW_LIMIT_S * rate:
        return ""
    expected, limit = format_time(part.flops / rate), format_time(SLOW_LIMIT_S)
    return f"{case.variant} {case.dtype} would take {expected} a call; limit {limit}"


def _too_big(case: Case, part: ConvProblem) -> str:
    """Count operands and oracle of every rank on a node against half its memory."""
    stored = 2 * (part.work(case.dtype).bytes or 0)
    patches = 4 * part.n * part.p * part.q * part.c * part.r * part.s
    needed = stored + max(ORACLE_BYTES * max(part.elements), patches)
    needed *= case.ranks_per_node
    present = memory_bytes()
    if needed <= present // 2:
        return ""
    return f"needs {format_bytes(needed)} of {format_bytes(present)} memory on a node"
