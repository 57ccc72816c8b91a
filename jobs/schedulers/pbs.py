"""PBS Professional and OpenPBS: qsub, qstat, qdel."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

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
from tenbin.jobs.schedulers.run import Answer, ask, send_script

PREFIX = "#PBS"
LONGEST_NAME = 15
UNKNOWN_JOB, HAS_FINISHED = 153, 35  # qstat's exit codes; what it knows is printed
DELETED, ENDED_WELL = 91, 92  # substates

STATES: dict[str, State] = {
    **dict.fromkeys(["Q", "H", "W", "T", "M"], "pending"),
    **dict.fromkeys(["R", "E", "B", "S", "U"], "running"),
}

# Exit_status below zero: PBS's own codes (job.h).
OWN_CODES: dict[int, tuple[State, str]] = {
    -1: ("never_ran", "could not start"),
    -2: ("never_ran", "could not start"),
    -3: ("never_ran", "could not start, to be tried again"),
    -4: ("failed", "the node's daemon restarted"),
    -5: ("failed", "the node's daemon restarted"),
    -6: ("failed", "the node's daemon restarted"),
    -7: ("failed", "the node's daemon restarted"),
    -10: ("never_ran", "bad user id"),
    -24: ("failed", "used more CPUs than asked"),
    -25: ("failed", "used more CPUs than asked"),
    -26: ("failed", "used more virtual memory than asked"),
    -27: ("failed", "used more memory than asked"),
    -28: ("timeout", "used up its CPU time"),
    -29: ("timeout", "used up its wall time"),
}

_ID = re.compile(r"\d+(?:\[\d*\])?(?:\.[\w.-]+)?")
_BARE = re.compile(r'(?m)^(\s*"[^"]*"\s*:\s*)([^\s"\[{][^\s,}]*)(?=,?\s*$)')
_SUBMITTED = re.compile(r"^(\d+(?:\[\])?(?:\.[\w.-]+)?)\s*$", re.MULTILINE)


def directives(needs: Needs) -> list[str]:
    """Return the #PBS lines: one chunk a node, each on a host of its own."""
    chunk = {
        "ncpus": needs.ranks_per_node * needs.cores_per_rank,
        "mpiprocs": needs.ranks_per_node,
        "ompthreads": needs.cores_per_rank,
        "ngpus": needs.gpus_per_node,
    }
    select = [f"{needs.nodes}", *(f"{key}={n}" for key, n in chunk.items() if n)]
    if needs.memory_bytes:
        select.append(f"mem={-(-needs.memory_bytes // 2**20)}mb")
    resources = [f"-l select={':'.join(select)}", "-l place=scatter:excl"]
    return lines(PREFIX, around(resources, needs), needs)


def around(resources: Sequence[str], needs: Needs) -> list[str]:
    """Return the bodies that PBS and TORQUE share, around those of resources."""
    after = ":".join(job_ids(needs.after))
    return [
        f"-N {job_name(needs.name, LONGEST_NAME)}",
        f"-q {plain('queue', needs.queue)}" if needs.queue else "",
        *resources,
        f"-l walltime={clock(needs.walltime_s)}",
        f"-A {plain('account', needs.account)}" if needs.account else "",
        "-S /bin/bash",
        "-j oe",
        f"-o {output_path(needs.output)}",
        "-W umask=022",
        "-r n",
        f"-W depend=afterany:{after}" if after else "",
    ]


def submit(script: Path) -> str:
    """Submit a script from its own folder and return the job's whole id."""
    return send_script(script, _SUBMITTED, "qsub")


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what the server says of jobs that have not ended."""
    return match_ids(ids, _status(ids, "-f"))


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what the server's history says, where it keeps one."""
    return match_ids(ids, _status(ids, "-x", "-f"))


def _status(ids: Sequence[str], *options: str) -> dict[str, Seen]:
    """Ask for JSON; where a value made it invalid, for text."""
    answer = asked("qstat", *options, "-F", "json", *job_ids(ids))
    try:
        return parse_json(answer.out)
    except QueryError:
        return parse_text(asked("qstat", *options, *ids).out)


def asked(*command: str) -> Answer:
    """Ask qstat; unknown and ended jobs are no error, the others are printed."""
    answer = ask(*command)
    if answer.code not in (0, UNKNOWN_JOB, HAS_FINISHED):
        raise QueryError(f"{command[0]}: {answer.words or f'code {answer.code}'}")
    return answer


def match_ids(ids: Sequence[str], seen: Mapping[str, Seen]) -> dict[str, Seen]:
    """Find jobs by number: a server's name is short in one place, long in another."""
    by_number = {job.partition(".")[0]: found for job, found in seen.items()}
    numbers = {job: job.partition(".")[0] for job in ids}
    return {job: by_number[n] for job, n in numbers.items() if n in by_number}


def parse_json(text: str) -> dict[str, Seen]:
    """Read `qstat -f -F json`, also with control characters and bare words in it."""
    if not text.strip():
        return {}
    try:
        tree = json.loads(_BARE.sub(_quote, text), strict=False)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"qstat: not JSON: {error}") from None
    jobs = tree.get("Jobs", {}) if isinstance(tree, dict) else None
    if not isinstance(jobs, dict):
        raise QueryError("qstat: JSON without jobs")
    return _all_seen(jobs)


def _quote(match: re.Match[str]) -> str:
    """Quote what PBS prints bare: inf, +1, 1e5 are names of jobs, not numbers."""
    value = match[2]
    bare = re.fullmatch(r"-?(0|[1-9]\d{0,17})|true|false|null", value)
    return match[0] if bare else f"{match[1]}{json.dumps(value)}"


def parse_text(text: str) -> dict[str, Seen]:
    """Read `qstat -f`: blocks of `key = value`, long values go on after a tab."""
    jobs: dict[str, dict[str, Any]] = {}
    unfolded = re.sub(r"\n\t", "", text)
    for block in re.split(r"(?m)^(?=Job Id:)", unfolded):
        head, _, body = block.partition("\n")
        if not head.startswith("Job Id:"):
            if block.strip():
                raise QueryError(f"qstat: not a job: {block.strip()!r:.80}")
            continue
        pairs = re.findall(r"(?m)^ {4}([\w.]+) = (.*)$", body)
        jobs[head.removeprefix("Job Id:").strip()] = dict(reversed(pairs))
    return _all_seen(jobs)


def _all_seen(jobs: Mapping[str, Any]) -> dict[str, Seen]:
    found = {}
    for job, values in jobs.items():
        if not _ID.fullmatch(job) or not isinstance(values, dict):
            raise QueryError(f"qstat: not a job: {job!r:.80}")
        found[job] = _seen(values)
    return found


def _seen(values: Mapping[str, Any]) -> Seen:
    letter, comment = str(values.get("job_state", "")), str(values.get("comment", ""))
    hosts = re.findall(r"(?:^|\+)([\w.-]+)/", str(values.get("exec_host", "")))
    times = {"start": str(values.get("stime", "")), "end": str(values.get("mtime", ""))}
    nodes = tuple(dict.fromkeys(hosts))
    if letter in ("F", "X", "C"):
        state, reason, code = _ended(values, comment)
        signal = code - 256 if code and code > 256 else None
        return Seen(state, reason, code, signal, nodes, times)
    state = STATES.get(letter, "unknown")
    reason = comment if state == "pending" else ""
    return Seen(state, reason or _letter(letter), None, None, nodes, times)


def _letter(letter: str) -> str:
    words = {"H": "held", "W": "waits for its time", "S": "suspended", "E": "exiting"}
    return words.get(letter, "" if letter in STATES else f"state {letter!r:.20}")


def _ended(values: Mapping[str, Any], comment: str) -> tuple[State, str, int | None]:
    """Judge an ended job by substate and comment first: its exit code may lie.

    A deleted job can have code 0 and one that never ran the substate of success.
    """
    code = _number(values.get("Exit_status", values.get("exit_status")))
    substate = _number(values.get("substate"))
    if substate == DELETED or " terminated by " in comment:
        return "cancelled", comment or "deleted", code
    if comment.endswith("exceeded resource walltime"):
        return "timeout", comment, code
    if code is None:
        known = "Exit_status" in values or "exit_status" in values
        state: State = "unknown" if known else "never_ran"
        return state, comment or "has no exit status", None
    if code < 0:
        state, reason = OWN_CODES.get(code, ("failed", f"PBS ended it ({code})"))
        return state, reason, code
    if code > 0:
        return "failed", comment or f"exit code {code}", code
    good = values.get("job_state") == "C" or (
        substate == ENDED_WELL and comment.endswith("and finished")
    )
    return ("finished", "", 0) if good else ("unknown", comment, code)


def _number(value: object) -> int | None:
    text = str(value)
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else None


def cancel(ids: Sequence[str]) -> None:
    """Delete jobs; those that ended are left alone."""
    answer = ask("qdel", *job_ids(ids))
    if answer.code not in (0, UNKNOWN_JOB, HAS_FINISHED):
        raise SchedulerError(f"qdel: {answer.words or f'code {answer.code}'}")


def version() -> str:
    """Return what qstat says it is, or an empty string."""
    if not shutil.which("qsub") or not shutil.which("qstat"):
        return ""
    try:
        answer = ask("qstat", "--version", timeout_s=10)
    except QueryError:
        return ""
    return (answer.out + answer.err).strip()


def _detect() -> str:
    said = version()
    return f"qstat --version says {said:.60}" if "pbs_version" in said else ""


PBS = Scheduler(
    name="pbs",
    directives=directives,
    submit=submit,
    query=query,
    account=account,
    cancel=cancel,
    detect=_detect,
    variables={"job_id": "PBS_JOBID"},
    hosts='grep . "$PBS_NODEFILE"',
)
