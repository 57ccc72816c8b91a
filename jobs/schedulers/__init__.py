"""The schedulers, in the order in which they are looked for.

`qsub` alone proves nothing: PBS, TORQUE, Grid Engine and Slurm's wrappers all have one.
So commands that only one scheduler has come first, and `qsub` is asked who it is.
"""

from tenbin.errors import unknown
from tenbin.jobs.schedulers.contract import Scheduler
from tenbin.jobs.schedulers.gridengine import GRIDENGINE
from tenbin.jobs.schedulers.local import LOCAL
from tenbin.jobs.schedulers.pbs import PBS
from tenbin.jobs.schedulers.pjm import PJM
from tenbin.jobs.schedulers.slurm import SLURM
from tenbin.jobs.schedulers.torque import TORQUE

SCHEDULERS: dict[str, Scheduler] = {
    "pjm": PJM,  # pjsub
    "slurm": SLURM,  # sbatch; its qsub, if any, is a wrapper
    "gridengine": GRIDENGINE,  # SGE_ROOT or qconf
    "pbs": PBS,  # qstat --version says pbs_version
    "torque": TORQUE,  # qstat --version says Version: N
    "local": LOCAL,  # always
}


def detect(preferred: str = "") -> tuple[Scheduler, str]:
    """Return the scheduler of this machine and why it was chosen.

    Raises UsageError for a preferred one that is not known, with the choices.
    """
    if preferred:
        if preferred not in SCHEDULERS:
            raise unknown("scheduler", preferred, SCHEDULERS)
        return SCHEDULERS[preferred], "asked for"
    reasons = ((scheduler, scheduler.detect()) for scheduler in SCHEDULERS.values())
    return next((scheduler, reason) for scheduler, reason in reasons if reason)
