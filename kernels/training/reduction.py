"""Whether the ranks of a case can sum by the allreduce that its problem names."""

from typing import cast

from tenbin.case import Case
from tenbin.kernels.allreduce.limits import unplaced
from tenbin.kernels.allreduce.names import DEVICE_FORMS, canonical, form
from tenbin.kernels.training.names import ON_DEVICE
from tenbin.kernels.training.problem import TrainingProblem


def unsummed(case: Case) -> str:
    """Return why the ranks cannot sum, or an empty string.

    One rank sums nothing, but the name has to be one: a ladder begins there. Raises
    UsageError for no such algorithm, and for levels that do not fit the ranks.
    """
    name = canonical(cast(TrainingProblem, case.problem).allreduce)
    if case.ranks < 2:
        return ""
    on_device = case.variant.startswith(ON_DEVICE)
    if on_device != (form(name) in DEVICE_FORMS):
        where = "on a GPU" if on_device else "on the host"
        return f"allreduce {name} cannot sum {where}"
    return unplaced(name, case.ranks, case.ranks_per_node)
