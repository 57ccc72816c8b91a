"""Why a convolution cannot run, or would take too long: one short line."""

from tenbin.case import Case
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share, splits
from tenbin.kernels.conv.variant import Variant
from tenbin.limits import other_dtype, too_big, too_slow

ORACLE_BYTES = 28  # per element of the result: exact, magnitude, allowed, computed


def misfit(case: Case, whole: ConvProblem, variant: Variant) -> str:
    """Return why `case` can run nowhere, or an empty string."""
    if reason := other_dtype(case, variant.accumulate):
        return reason
    if not splits(whole, case.ranks):
        return f"{whole.label} cannot be split over {case.ranks} ranks"
    part = share(whole, case.ranks, case.ranks - 1).problem
    rate = variant.slow_flop_per_s.get(case.dtype)
    return variant.misfit(part, case.dtype) or too_slow(case, part.flops, rate)


def why_not(case: Case, whole: ConvProblem, variant: Variant) -> str:
    """Return why `case` cannot run here, or an empty string."""
    if reason := variant.missing(case.dtype) or misfit(case, whole, variant):
        return reason
    part = share(whole, case.ranks, case.ranks - 1).problem
    return too_big(case, _held_bytes(part, case.dtype))


def _held_bytes(part: ConvProblem, dtype: str) -> int:
    """Return the bytes of the operands, and of the oracle or im2col's patches."""
    stored = 2 * (part.work(dtype).bytes or 0)
    patches = 4 * part.n * part.p * part.q * part.c * part.r * part.s
    return stored + max(ORACLE_BYTES * max(part.elements), patches)
