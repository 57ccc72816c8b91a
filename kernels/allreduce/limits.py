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


def misfit(case: Case) -> str:
    """Return why a case can run nowhere, or an empty string."""
    if case.ranks < 2:
        return "allreduce needs 2 ranks"
    if case.ranks > EXACT_SUM[case.dtype]:
        return f"{case.dtype} has no exact sum over {case.ranks} ranks"
    try:
        elements(case.whole, case.dtype)
        return unplaced(case.variant, case.ranks, case.ranks_per_node)
    except UsageError as error:
        return str(error)


def unplaced(variant: str, ranks: int, ranks_per_node: int) -> str:
    """Return why an algorithm cannot be on these ranks, or an empty string.

    Raises UsageError for levels that do not fit them.
    """
    if variant in LIBRARIES:
        return ""
    name = parse(variant)
    levels = name.levels(ranks, ranks_per_node)
    return _shared(name, levels, ranks_per_node)


def why_not(case: Case) -> str:
    """Return why a case cannot run here, or an empty string."""
    return misfit(case) or _lacking(case)


def unseen(variant: str) -> str:
    """Return why the steps of a variant cannot be traced, or an empty string."""
    if variant not in LIBRARIES and not parse(variant).by_library:
        if parse(variant).form != "nccl":
            return ""
        return f"{variant} runs on a stream: its steps cannot be seen"
    return f"{variant} is run by a library: it has no steps to see; name another"


def _lacking(case: Case) -> str:
    """Return what this machine lacks for a case."""
    if case.variant in LIBRARIES:
        return _library(case.variant, case.dtype)
    name = parse(case.variant)
    if name.by_library:
        return _library(LIBRARY, case.dtype)
    if name.form in DEVICE_FORMS:
        return _device(name.form, case.dtype)
    return lacks(case.dtype)


def _library(variant: str, dtype: str) -> str:
    if variant != LIBRARY:
        return _device(variant.partition("-")[0], dtype)
    if dtype in ("float32", "float64"):  # every MPI library sums these
        return ""
    if dtype == "bfloat16":
        return "MPI has no bfloat16"
    from tenbin.kernels.allreduce.library import supports

    return "" if supports(dtype) else f"this MPI library has no {dtype}"


def _device(form: str, dtype: str) -> str:
    if reason := device.missing():
        return reason
    if dtype == "bfloat16":
        return f"{form} has no bfloat16: CuPy cannot add it"
    return device.nccl_missing() if form == "nccl" else device.cuda_mpi_missing()


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
