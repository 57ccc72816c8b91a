"""Slurm: sbatch, squeue, sacct, scancel; scontrol where accounting is off."""

import getpass
import re
import shlex
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tenbin.jobs.schedulers.contract import (
    Needs,
    QueryError,
    Scheduler,
    Seen,
    State,
)
from tenbin.jobs.schedulers.directives import (
    clock,
    job_ids,
    job_name,
    lines,
    output_path,
    plain,
)
from tenbin.jobs.schedulers.hostlist import expand_hosts, expand_numbers
from tenbin.jobs.schedulers.run import ask, send, send_script

PREFIX = "#SBATCH"
LONGEST_NAME = 63
HISTORY_DAYS = 60
SACCT_FIELDS = "JobID,State,ExitCode,NodeList,Start,End,Reason"

STATES: dict[str, State] = {
    "PENDING": "pending",
    "CONFIGURING": "pending",
    "REQUEUED": "pending",
    "REQUEUE_HOLD": "pending",
    "REQUEUE_FED": "pending",
    "SPECIAL_EXIT": "pending",
    "RESV_DEL_HOLD": "pending",
    "RUNNING": "running",
    "SUSPENDED": "running",
    "COMPLETING": "running",
    "STOPPED": "running",
    "STAGE_OUT": "running",
    "SIGNALING": "running",
    "RESIZING": "running",
    "COMPLETED": "finished",
    "FAILED": "failed",
    "NODE_FAIL": "failed",
    "OUT_OF_MEMORY": "failed",
    "BOOT_FAIL": "failed",
    "LAUNCH_FAILED": "failed",
    "TIMEOUT": "timeout",
    "DEADLINE": "timeout",
    "CANCELLED": "cancelled",
    "PREEMPTED": "cancelled",
    "REVOKED": "cancelled",
}

_JOB = re.compile(r"\d+(?:_(?:\d+|\[[0-9,%:-]+\])|\+\d+)?")
_SUBMITTED = re.compile(r"^(\d+)(?:;\S+)?$", re.MULTILINE)
_CODE = re.compile(r"(\d+):(\d+)")


def directives(needs: Needs) -> list[str]:
    """Return the #SBATCH lines of a job."""
    memory = needs.memory_bytes
    after = ":".join(job_ids(needs.after))
    bodies = [
        f"--job-name={job_name(needs.name, LONGEST_NAME)}",
        f"--nodes={needs.nodes}",
        f"--ntasks-per-node={needs.ranks_per_node}",
        f"--cpus-per-task={needs.cores_per_rank}",
        f"--gpus-per-node={needs.gpus_per_node}" if needs.gpus_per_node else "",
        f"--mem={-(-memory // 2**20)}M" if memory else "",
        f"--time={clock(needs.walltime_s)}",
        f"--partition={plain('queue', needs.queue)}" if needs.queue else "",
        f"--account={plain('account', needs.account)}" if needs.account else "",
        f"--output={output_path(needs.output)}",
        "--open-mode=append",
        "--no-requeue",
        "--export=NONE",
        f"--dependency=afterany:{after}" if after else "",
        "--kill-on-invalid-dep=yes" if after else "",
    ]
    return lines(PREFIX, bodies, needs)


def submit(script: Path) -> str:
    """Submit a script from its own folder and return the job's id.

    Its directives go on the command line too: there they win over SBATCH_* variables.
    """
    found = script.read_text(encoding="utf-8").splitlines()
    own = [line[len(PREFIX) :] for line in found if line.startswith(f"{PREFIX} ")]
    options = [word for line in own for word in shlex.split(line)]
    return send_script(script, _SUBMITTED, "sbatch", "--parsable", *options)


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what squeue says of these jobs; ended ones stay in it for some minutes."""
    wanted = set(job_ids(ids))
    answer = ask(
        "squeue", "-h", "-r", "-t", "all", "-u", getpass.getuser(),
        "-o", "%i|%T|%r|%N|%S|%e",
    )  # fmt: skip
    if answer.code:
        raise QueryError(f"squeue: {answer.words}")
    seen = parse_squeue(answer.out)
    return {job: seen[job] for job in seen if job in wanted}


def parse_squeue(text: str) -> dict[str, Seen]:
    """Read `squeue -h -o '%i|%T|%r|%N|%S|%e'`."""
    found = {}
    for line in filter(str.strip, text.splitlines()):
        fields = line.split("|")
        if len(fields) != 6:
            raise QueryError(f"squeue: not a job: {line!r:.80}")
        job, word, reason, nodes, start, end = (field.strip() for field in fields)
        times = {"start": start, "end": end}
        for one in expand_job(job):
            found[one] = _seen(word, reason, "", nodes, times)
    return found


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what sacct remembers, or scontrol where accounting is off."""
    wanted = job_ids(ids)
    since = time.strftime(
        "%Y-%m-%d", time.localtime(time.time() - HISTORY_DAYS * 86400)
    )
    answer = ask(
        "sacct", "-X", "-P", "-S", since, "-j", ",".join(wanted),
        "-o", SACCT_FIELDS,
    )  # fmt: skip
    if answer.code == 0:
        seen = parse_sacct(answer.out)
    elif "disabled" in answer.err + answer.out:
        answer = ask("scontrol", "show", "job", "-o")
        if answer.code:
            raise QueryError(f"scontrol: {answer.words}")
        seen = parse_scontrol(answer.out)
    else:
        raise QueryError(f"sacct: {answer.words}")
    return {job: seen[job] for job in wanted if job in seen}


def parse_sacct(text: str) -> dict[str, Seen]:
    """Read `sacct -X -P`, by the names of its columns."""
    found = {}
    head, *rows = text.splitlines() or [""]
    columns = head.split("|")
    if not set(SACCT_FIELDS.split(",")) <= set(columns):
        raise QueryError(f"sacct: not a table: {head!r:.80}")
    for line in filter(str.strip, rows):
        fields = [field.strip() for field in line.split("|")]
        if len(fields) != len(columns):
            raise QueryError(f"sacct: not a job: {line!r:.80}")
        row = dict(zip(columns, fields, strict=True))
        times = {"start": row["Start"], "end": row["End"]}
        for one in expand_job(row["JobID"]):
            found[one] = _seen(
                row["State"], row["Reason"], row["ExitCode"], row["NodeList"], times
            )
    return found


def parse_scontrol(text: str) -> dict[str, Seen]:
    """Read `scontrol show job -o`, one job a line, or its long form."""
    found = {}
    for block in re.split(r"(?:\n\s*)?(?=\bJobId=)", text):
        values = dict(re.findall(r"(?:^|\s)(\w+)=(\S*)", block))
        if "JobId" not in values:
            if block.strip() and "No jobs in the system" not in block:
                raise QueryError(f"scontrol: not a job: {block.strip()!r:.80}")
            continue
        job = values["JobId"]
        if "ArrayTaskId" in values:
            task = values["ArrayTaskId"]
            task = task if task.isdigit() else f"[{task}]"
            job = f"{values.get('ArrayJobId', job)}_{task}"
        times = {"start": values.get("StartTime", ""), "end": values.get("EndTime", "")}
        code, nodes = values.get("ExitCode", ""), values.get("NodeList", "")
        for one in expand_job(job):
            found[one] = _seen(
                values.get("JobState", ""), values.get("Reason", ""), code, nodes, times
            )
    return found


def _seen(word: str, reason: str, code: str, nodes: str, times: dict[str, str]) -> Seen:
    """Map Slurm's words; a state that is not in the table is unknown, never an end."""
    state = STATES.get(word.split(" ")[0].rstrip("+"), "unknown")
    match = _CODE.fullmatch(code)
    exit_code, signal = (int(match[1]), int(match[2])) if match else (None, None)
    if state == "finished" and (exit_code or signal):
        state = "unknown"
    parts = [] if state in ("finished", "running") else [word]
    parts += [reason] if reason not in ("None", "") else []
    known = {key: time for key, time in times.items() if time not in ("", "N/A")}
    return Seen(
        state,
        ": ".join(parts),
        exit_code if state not in ("pending", "running", "unknown") else None,
        signal or None,
        expand_hosts(nodes),
        known,
    )


def expand_job(job: str) -> list[str]:
    """Return the ids behind `10_[3-6%2]`, or the id itself.

    >>> expand_job("10_[1,3-5%2]")
    ['10_1', '10_3', '10_4', '10_5']
    """
    if not _JOB.fullmatch(job):
        raise QueryError(f"not a Slurm job id: {job!r:.80}")
    master, bracket, tasks = job.partition("_[")
    if not bracket:
        return [job]
    return [f"{master}_{n}" for n in expand_numbers(tasks.rstrip("]").split("%")[0])]


def cancel(ids: Sequence[str]) -> None:
    """Cancel jobs; those that ended are left alone."""
    send("scancel", *job_ids(ids))


def detect() -> str:
    """Return why Slurm is believed to be here."""
    path = shutil.which("sbatch")
    return f"sbatch is {path}" if path else ""


SLURM = Scheduler(
    name="slurm",
    directives=directives,
    submit=submit,
    query=query,
    account=account,
    cancel=cancel,
    detect=detect,
    variables={
        "rank": "SLURM_PROCID",
        "size": "SLURM_NTASKS",
        "local_rank": "SLURM_LOCALID",
        "nodes": "SLURM_JOB_NUM_NODES",
        "job_id": "SLURM_JOB_ID",
        "node": "SLURMD_NODENAME",
    },
    hosts='scontrol show hostnames "$SLURM_JOB_NODELIST"',
)
