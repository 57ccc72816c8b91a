"""TORQUE: PBS with another way to ask for nodes, and a short memory.

Its `qstat -x` means XML, so only the text of `qstat -f` is read.
"""

import dataclasses
import re
from collections.abc import Sequence

from tenbin.jobs.schedulers.contract import Needs, Seen
from tenbin.jobs.schedulers.directives import job_ids, lines
from tenbin.jobs.schedulers.pbs import (
    PBS,
    PREFIX,
    around,
    asked,
    match_ids,
    parse_text,
    version,
)


def directives(needs: Needs) -> list[str]:
    """Return the #PBS lines in TORQUE's dialect, which knows no select and no place."""
    cores = needs.ranks_per_node * needs.cores_per_rank
    gpus = f":gpus={needs.gpus_per_node}" if needs.gpus_per_node else ""
    resources = [f"-l nodes={needs.nodes}:ppn={cores}{gpus}"]
    if needs.memory_bytes:
        total = needs.nodes * needs.memory_bytes
        resources.append(f"-l mem={-(-total // 2**20)}mb")
    return lines(PREFIX, around(resources, needs), needs)


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what TORQUE says; ended jobs stay for some minutes as state C."""
    return match_ids(ids, parse_text(asked("qstat", "-f", *job_ids(ids)).out))


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return nothing: there is no history that a user may ask."""
    del ids
    return {}


def detect() -> str:
    """Return why TORQUE is believed to be here."""
    said = version().partition("\n")[0]
    is_torque = re.match(r"(?i)version:\s*\d", said)
    return f"qstat --version says {said:.60}, as TORQUE does" if is_torque else ""


TORQUE = dataclasses.replace(
    PBS,
    name="torque",
    directives=directives,
    query=query,
    account=account,
    detect=detect,
    variables={"job_id": "PBS_JOBID", "nodes": "PBS_NUM_NODES"},
)
