"""Queues: which jobs they take, and the first that takes this one."""

from collections.abc import Sequence

import msgspec

from tenbin.errors import UsageError
from tenbin.jobs.duration import parse_duration
from tenbin.jobs.schedulers.directives import clock


class Queue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A queue and its limits."""

    name: str
    min_nodes: int = 1
    max_nodes: int | None = None
    max_walltime: str = ""

    def takes(self, nodes: int, walltime_s: int) -> bool:
        """Return whether a job of this size fits."""
        most = nodes if self.max_nodes is None else self.max_nodes
        if not self.min_nodes <= nodes <= most:
            return False
        return not self.max_walltime or walltime_s <= parse_duration(self.max_walltime)

    def limits(self) -> str:
        """Return the limits in words."""
        most = f" to {self.max_nodes}" if self.max_nodes is not None else " or more"
        time = f" for {self.max_walltime}" if self.max_walltime else ""
        return f"{self.name} takes {self.min_nodes}{most} nodes{time}"


def choose_queue(
    queues: Sequence[Queue], nodes: int, walltime_s: int, wanted: str = ""
) -> str:
    """Return the first queue that takes the job, or the wanted one if it does.

    A wanted queue without limits here is believed; raises UsageError with the limits.
    """
    known = [queue for queue in queues if queue.name == wanted or not wanted]
    if not known:
        return wanted
    for queue in known:
        if queue.takes(nodes, walltime_s):
            return queue.name
    limits = "; ".join(queue.limits() for queue in known)
    raise UsageError(f"{nodes} nodes for {clock(walltime_s)} fit no queue: {limits}")
