"""Why a product cannot run, or would take too long: one short line."""

from tenbin.case import Case
from tenbin.kernels.gemm.problem import GemmProblem
from tenbin.kernels.gemm.variant import Variant
from tenbin.limits import other_dtype, too_big, too_slow


def misfit(case: Case, whole: GemmProblem, variant: Variant) -> str:
    """Return why `case` can run nowhere, or an empty string."""
    if reason := other_dtype(case, variant.accumulate):
        return reason
    if max(whole.m, whole.n) < case.ranks:
        return f"{whole.label} cannot be split over {case.ranks} ranks"
    shard = whole.shard(case.ranks, case.ranks - 1)
    rate = variant.slow_flop_per_s.get(case.dtype)
    return variant.unfit(shard) or too_slow(case, shard.flops, rate)


def why_not(case: Case, whole: GemmProblem, variant: Variant) -> str:
    """Return why `case` cannot run here, or an empty string."""
    if reason := misfit(case, whole, variant) or variant.missing():
        return reason
    shard = whole.shard(case.ranks, case.ranks - 1)
    operands_and_oracle = 2 * (shard.work(case.dtype).bytes or 0)
    return too_big(case, operands_and_oracle)
