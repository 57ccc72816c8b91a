"""What the launcher or scheduler says about this process: the only reader of it."""

import os
import platform

# Our words in the variables of each launcher; the first one says there is a rank.
LAUNCHERS: dict[str, dict[str, str]] = {
    "pmi": {"rank": "PMI_RANK", "size": "PMI_SIZE", "local_rank": "MPI_LOCALRANKID"},
    "pmix": {"rank": "PMIX_RANK"},
    "openmpi": {
        "rank": "OMPI_COMM_WORLD_RANK",
        "size": "OMPI_COMM_WORLD_SIZE",
        "local_rank": "OMPI_COMM_WORLD_LOCAL_RANK",
    },
    "mvapich": {
        "rank": "MV2_COMM_WORLD_RANK",
        "size": "MV2_COMM_WORLD_SIZE",
        "local_rank": "MV2_COMM_WORLD_LOCAL_RANK",
    },
    "pals": {
        "rank": "PALS_RANKID",
        "size": "PALS_SIZE",
        "local_rank": "PALS_LOCAL_RANKID",
    },
    "ple": {"rank": "PMIX_RANK", "local_rank": "PLE_RANK_ON_NODE"},
}
LAUNCHER_VARIABLES = tuple(dict.fromkeys(words["rank"] for words in LAUNCHERS.values()))


def launcher_variable() -> str:
    """Return the variable that shows this process is an MPI rank, or an empty string.

    srun sets SLURM_PROCID in batch scripts too, so it counts only with a step that is
    not the batch step.
    """
    for name in LAUNCHER_VARIABLES:
        if name in os.environ:
            return name
    if "SLURM_PROCID" in os.environ and os.environ.get("SLURM_STEP_ID", "").isdigit():
        return "SLURM_PROCID"
    return ""


def is_first_rank() -> bool:
    """Return whether this process is rank 0, or no MPI rank at all."""
    return os.environ.get(launcher_variable(), "0") == "0"


def read_word(word: str) -> str:
    """Return what launcher or scheduler say of a word of ours, or an empty string.

    The words are rank, size, local_rank, nodes and job_id. A launcher knows better
    than the queue around it.
    """
    from tenbin.jobs.schedulers import SCHEDULERS

    tables = [*LAUNCHERS.values(), *(s.variables for s in SCHEDULERS.values())]
    names = [table[word] for table in tables if word in table]
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def node_name() -> str:
    """Return the name of this node; several nodes of a test cluster share one host."""
    return os.environ.get("SLURMD_NODENAME") or platform.node()
