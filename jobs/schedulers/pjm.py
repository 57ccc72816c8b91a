"""PJM of Fujitsu's Technical Computing Suite (Fugaku, Genkai, Wisteria): pj commands.

Read by column names: sites add columns, and a start date is one word or two.
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from tenbin.errors import UsageError
from tenbin.jobs.schedulers.contract import (
    Needs,
    QueryError,
    Scheduler,
    SchedulerError,
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
from tenbin.jobs.schedulers.run import ask, send_script

PREFIX = "#PJM"
LONGEST_NAME = 63

STATES: dict[str, State] = {
    **dict.fromkeys(["ACC", "QUE", "RNA", "HLD", "ERR"], "pending"),
    **dict.fromkeys(["RNP", "RUN", "RNE", "RNO", "SPP", "SPD", "RSM"], "running"),
    "CCL": "cancelled",
    "RJT": "never_ran",
}

# PC, PJM's own code of an ended job.
CODES: dict[int, tuple[State, str]] = {
    1: ("cancelled", "deleted by pjdel"),
    2: ("never_ran", "rejected"),
    6: ("cancelled", "a job it depends on"),
    7: ("timeout", "its deadline passed"),
    11: ("timeout", "used up its elapsed time"),
    12: ("failed", "used more memory than allowed"),
    16: ("never_ran", "no access to its folder or files"),
    18: ("failed", "put back into the queue"),
    20: ("failed", "a node went down"),
    21: ("never_ran", "its shell did not start"),
    23: ("failed", "out of memory"),
    26: ("failed", "the site's prologue or epilogue failed"),
    28: ("failed", "an error of its environment"),
    29: ("failed", "an error of its environment"),
}

_SUBMITTED = re.compile(r"PJM\s+\d{4}.*?\bJob\s+(\d[\w\[\]-]*)\s+submitted")
_DATE = re.compile(r"(\(?\d\d/\d\d(?:/\d{4})?\)?)\s+(\(?\d\d:\d\d(?::\d\d)?\)?\S*)")
_ID = re.compile(r"\d+(?:\[\d+\]|_\d+)?")


def directives(needs: Needs) -> list[str]:
    """Return the #PJM lines; raises UsageError for jobs that wait for others."""
    if needs.after:
        raise UsageError("PJM has no jobs that wait for others: submit without a chain")
    ranks = needs.nodes * needs.ranks_per_node
    bodies = [
        f"-N {job_name(needs.name, LONGEST_NAME)}",
        f"-g {plain('account', needs.account)}" if needs.account else "",
        f'-L "rscgrp={plain("queue", needs.queue)}"' if needs.queue else "",
        f'-L "node={needs.nodes}"',
        f'-L "elapse={clock(needs.walltime_s)}"',
        f'--mpi "proc={ranks},max-proc-per-node={needs.ranks_per_node}"',
        "-j",
        f"-o {output_path(needs.output)}",
        "-S",
        "--norestart",
    ]
    return lines(PREFIX, bodies, needs)


def submit(script: Path) -> str:
    """Submit a script from its own folder and return the job's id."""
    return send_script(script, _SUBMITTED, "pjsub")


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what pjstat says of jobs that have not ended."""
    return _pjstat(ids, "-v")


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what pjstat remembers of ended jobs."""
    return _pjstat(ids, "-H", "-v")


def _pjstat(ids: Sequence[str], *options: str) -> dict[str, Seen]:
    wanted = job_ids(ids)
    answer = ask("pjstat", *options, *wanted)
    # pjstat may exit with an error merely because no job matched.
    if answer.code and (answer.err.strip() and not _no_match(answer.err)):
        raise QueryError(f"pjstat: {answer.words}")
    seen = parse_pjstat(answer.out)
    return {job: seen[job] for job in wanted if job in seen}


def _no_match(words: str) -> bool:
    return bool(re.search(r"(?i)no (such|matching) job|not exist|not found", words))


def parse_pjstat(text: str) -> dict[str, Seen]:
    """Read the table below the line that begins with JOB_ID."""
    found: dict[str, Seen] = {}
    columns: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        words = _DATE.sub(r"\1_\2", line).split()
        if words[0] == "JOB_ID":
            columns = words
        elif columns:
            job, seen = _row(columns, words, line)
            found[job] = seen
        elif not re.fullmatch(r"[\s\w()+:.,*-]*", line) or words[0][:1].isalpha():
            _summary(line)
    return found


def _summary(line: str) -> None:
    """Accept the counts that pjstat prints above its table, nothing else."""
    if not re.match(r"\s*(ACCEPT|QUEUED|s\b|\[INFO)", line):
        raise QueryError(f"pjstat: not a table: {line.strip()!r:.80}")


def _row(columns: list[str], words: list[str], line: str) -> tuple[str, Seen]:
    values = dict(zip(columns, words, strict=False))
    job = values["JOB_ID"]
    if not _ID.fullmatch(job) or len(words) > len(columns) or "ST" not in values:
        raise QueryError(f"pjstat: not a job: {line.strip()!r:.80}")
    return job, _seen(values)


def _seen(values: Mapping[str, str]) -> Seen:
    word = values["ST"]
    times = {"start": values.get("START_DATE", "").strip("()-")}
    code, own = _number(values.get("EC", "")), _number(values.get("PC", ""))
    signal = _number(values.get("SN", "")) or None
    if word != "EXT":
        state = STATES.get(word, "unknown")
        said = "" if word in ("RUN", "QUE") else word
        return Seen(state, said, None, None, (), times)
    if own is None or code is None:
        return Seen("unknown", "EXT without its codes", None, None, (), times)
    if own:
        state, reason = CODES.get(own, ("failed", f"PJM code {own}"))
        return Seen(state, f"{reason} (PJM code {own})", code, signal, (), times)
    good = code == 0 and not signal
    reason = "" if good else f"exit code {code}"
    return Seen("finished" if good else "failed", reason, code, signal, (), times)


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def cancel(ids: Sequence[str]) -> None:
    """Delete jobs; those that ended are left alone."""
    answer = ask("pjdel", *job_ids(ids))
    said = answer.out + answer.err
    if answer.code and not re.search(
        r"(?i)no such job|not exist|already|finished", said
    ):
        raise SchedulerError(f"pjdel: {answer.words or f'code {answer.code}'}")


def detect() -> str:
    """Return why PJM is believed to be here."""
    path = shutil.which("pjsub")
    return f"pjsub is {path}" if path else ""


PJM = Scheduler(
    name="pjm",
    directives=directives,
    submit=submit,
    query=query,
    account=account,
    cancel=cancel,
    detect=detect,
    variables={
        "job_id": "PJM_JOBID",
        "nodes": "PJM_NODE",
        "size": "PJM_MPI_PROC",
        "local_rank": "PLE_RANK_ON_NODE",
    },
    # Machines without a host file give exactly the nodes they count in PJM_NODE.
    hosts='grep . "${PJM_O_NODEINF:-/dev/null}" || seq "${PJM_NODE:-1}"',
)
