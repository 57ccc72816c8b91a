"""The environment variables that may be recorded. Secrets never enter.

A variable is kept only if its name is on the list and neither its name nor its value
looks like a secret: an allow-list first, a deny-list within it.
"""

import os
import re
from collections.abc import Mapping

PREFIXES = (
    *("OMP_", "GOMP_", "OPENBLAS_", "MKL_", "BLIS_", "TENBIN_", "NCCL_", "UCX_", "FI_"),
    *("MPICH_", "MPIR_CVAR_", "OMPI_MCA_", "PRTE_MCA_"),
)
GEOMETRY = """
    CUDA_VISIBLE_DEVICES SLURM_JOB_ID SLURM_JOB_PARTITION SLURM_JOB_NUM_NODES
    SLURM_NNODES SLURM_NTASKS SLURM_NPROCS SLURM_NTASKS_PER_NODE
    SLURM_TASKS_PER_NODE SLURM_CPUS_PER_TASK SLURM_CPUS_ON_NODE SLURM_JOB_NODELIST
    SLURM_DISTRIBUTION SLURM_CPU_BIND SLURM_GPUS SLURM_GPUS_PER_NODE
    SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
    PBS_JOBID PBS_QUEUE PBS_NP PBS_NUM_NODES PBS_NUM_PPN PBS_NNODES PBS_NCPUS
    PBS_ARRAY_INDEX JOB_ID NSLOTS NHOSTS PJM_JOBID PJM_NODE PJM_MPI_PROC
"""
NAMES = frozenset(GEOMETRY.split())
SECRET = re.compile(r"TOKEN|KEY|SECRET|PASS|CREDENTIAL|://[^/\s]*@", re.IGNORECASE)
LONGEST_VALUE = 200


def allowed(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that explain a measurement, in order of their names."""
    return {
        name: value[:LONGEST_VALUE]
        for name, value in sorted(environ.items())
        if (name in NAMES or name.startswith(PREFIXES))
        and not SECRET.search(name)
        and not SECRET.search(value)
    }
