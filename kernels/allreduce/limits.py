"""What cannot run, and why: the reasons of `decline`."""

from tenbin import device
from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.dtypes import EXACT_SUM, lacks
from tenbin.kernels.allreduce.names import (
    DEVICE_FORMS,
    LIBRARIES,
    LIBRARY,
    Name,
    parse,
)
from tenbin.kernels.allreduce.problem import elements


def why_not(case: Case) -> str:
    """Return why a case cannot run, or an empty string."""
    if case.ranks < 2:
        return "allreduce needs 2 ranks"
    if case.ranks > EXACT_SUM[case.dtype]:
        return f"{case.dtype} has no exact sum over {case.ranks} ranks"
    try:
        elements(case.whole, case.dtype)
        if case.variant in LIBRARIES:
            return _library(case.variant, case.dtype)
        name = parse(case.variant)
        levels = name.levels(case.ranks, case.ranks_per_node)
    except UsageError as misfit:
        return str(misfit)
    if name.by_library:
        return _library(LIBRARY, case.dtype)
    if name.form in DEVICE_FORMS:
        return _device(name.form, case.dtype)
    return _shared(name, levels, case.ranks_per_node) or lacks(case.dtype)


def _library(variant: str, dtype: str) -> str:
    if variant != LIBRARY:
        return _device(variant.partition("-")[0], dtype)
    if dtype in ("float32", "float64"):  # every MPI library sums these
        return ""
    from tenbin.kernels.allreduce.library import supports

    return "" if supports(dtype) else f"this MPI library has no {dtype}"


def _device(form: str, dtype: str) -> str:
    if dtype == "bfloat16":
        return f"bfloat16 has no add on a GPU ({form})"
    reason = device.missing()
    if not reason:
        reason = device.nccl_missing() if form == "nccl" else device.cuda_mpi_missing()
    return reason


def _shared(name: Name, levels: tuple[int, ...], ranks_per_node: int) -> str:
    """Return why the levels do not fit the nodes whose memory they share."""
    if name.form not in ("shm", "shm-copy"):
        return ""
    if name.segments > 1 or name.block or name.patterns[:1] not in ((), ("ring",)):
        return f"{name}: shared memory takes no pattern, segments or blocks"
    if levels[0] != ranks_per_node:
        return f"{name} needs nodes of {levels[0]} ranks, not {ranks_per_node}"
    if name.form == "shm-copy" and len(levels) > 1:
        return f"{name} works inside one node only"
    return ""
