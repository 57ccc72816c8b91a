"""Grid Engine and its heirs (SGE, UGE, AGE on TSUBAME4): qsub, qstat, qacct, qdel.

Read as plain text: not every heir has `qstat -xml`.
"""

import getpass
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

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
from tenbin.jobs.schedulers.hostlist import expand_numbers
from tenbin.jobs.schedulers.run import ask, send_script

PREFIX = "#$"
LONGEST_NAME = 63
ONE_BY_ONE = 4  # more jobs than this are looked up in one pass over the books
HISTORY_DAYS = 60
SIGNALLED = 128

# `failed` of qacct; those below 27 happen before the script starts.
LIMIT, AFTER_JOB, BEFORE_JOB = 37, 100, range(1, 27)

_ROW = re.compile(
    r"\s*(\d+)\s+\d+\.\d+\s+(?:\S.*?\s+)?([a-zA-Z]{1,6})\s+"
    r"\d\d/\d\d/\d{4}\s+\d\d:\d\d:\d\d(?:\.\d+)?\s*(.*)"
)
_SUBMITTED = re.compile(
    r"^(\d+)(?:\.\d+-\d+:\d+)?\s*$|Your job(?:-array)? (\d+)", re.MULTILINE
)
_ERROR = re.compile(r"^job_number:\s+(\d+)|^error reason\s+\d+:\s+(.*)$", re.MULTILINE)


def directives(needs: Needs) -> list[str]:
    """Return the #$ lines; how nodes are asked for is each site's own (`extra`)."""
    after = ",".join(job_ids(needs.after))
    bodies = [
        f"-N {job_name(needs.name, LONGEST_NAME)}",
        "-cwd",
        "-S /bin/bash",
        "-j y",
        f"-o {output_path(needs.output)}",
        f"-l h_rt={clock(needs.walltime_s)}",
        f"-q {plain('queue', needs.queue)}" if needs.queue else "",
        f"-P {plain('account', needs.account)}" if needs.account else "",
        "-r n",
        "-notify",
        f"-hold_jid {after}" if after else "",
    ]
    return lines(PREFIX, bodies, needs)


def submit(script: Path) -> str:
    """Submit a script from its own folder and return the job's id."""
    return send_script(script, _SUBMITTED, "qsub", "-terse")


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what qstat lists; an error state is explained by a second question."""
    wanted = job_ids(ids)
    answer = ask("qstat", "-u", getpass.getuser())
    if answer.code:
        raise QueryError(f"qstat: {answer.words or f'code {answer.code}'}")
    seen = parse_qstat(answer.out)
    found = {job: seen[job] for job in wanted if job in seen}
    broken = [job for job, one in found.items() if one.reason.startswith("error")]
    if broken:
        reasons = parse_errors(ask("qstat", "-j", ",".join(broken)).out)
        for job, words in reasons.items():
            if job in found:
                found[job] = replace(found[job], reason=f"error: {words}")
    return found


def parse_qstat(text: str) -> dict[str, Seen]:
    """Read plain `qstat`: jobs by number, tasks of an array as `6.3` too."""
    found: dict[str, Seen] = {}
    for line in filter(str.strip, text.splitlines()):
        row = _ROW.fullmatch(line)
        if row is None:
            if line.startswith("job-ID") or not line.strip("-"):
                continue
            raise QueryError(f"qstat: not a job: {line!r:.80}")
        job, letters, rest = row.groups()
        seen = _listed(letters, rest)
        for task in _tasks(rest):
            found[f"{job}.{task}"] = seen
        known = found.get(job)
        if known is None or known.state == "pending":
            found[job] = seen
    return found


def _listed(letters: str, rest: str) -> Seen:
    """Map combined letters: E error, h hold, d being deleted, R restarted."""
    queue = re.match(r"\S+@(\S+)", rest)
    nodes = (queue[1],) if queue else ()
    if "E" in letters:
        reason = "error; qstat -j tells, then qmod -cj or cancel"
        return Seen("pending", reason, nodes=nodes)
    if not set(letters) <= set("qwhrtsSTdRNPz"):
        return Seen("unknown", f"state {letters}")
    if "w" in letters or "q" in letters:
        return Seen("pending", "held" if "h" in letters else "", nodes=nodes)
    if set(letters) & set("rtsSTN"):
        return Seen("running", "being deleted" if "d" in letters else "", nodes=nodes)
    return Seen("unknown", f"state {letters}")


def _tasks(rest: str) -> list[str]:
    """Return the tasks of an array row: the word after the number of slots."""
    match = re.fullmatch(r"(?:.*\s)?(\d+)\s+([\d,:-]+)\s*", rest)
    if not match:
        return []
    return expand_numbers(match[2])


def parse_errors(text: str) -> dict[str, str]:
    """Read the reasons of error states from `qstat -j`."""
    found: dict[str, str] = {}
    job = ""
    for number, reason in _ERROR.findall(text):
        job = number or job
        if reason and job:
            found.setdefault(job, re.sub(r"^.*?\berror: ", "", reason).strip())
    return found


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return what qacct remembers; it may learn of an end only after some seconds."""
    wanted = job_ids(ids)
    if len(wanted) > ONE_BY_ONE:
        days = str(HISTORY_DAYS)
        seen = _books("-o", getpass.getuser(), "-d", days, "-j", "*")
        return {job: seen[job] for job in wanted if job in seen}
    return {job: one for job in wanted for one in [_books("-j", job).get(job)] if one}


def _books(*options: str) -> dict[str, Seen]:
    answer = ask("qacct", *options)
    if answer.code and re.search(r"not found|no jobs", answer.err + answer.out):
        return {}
    if answer.code:
        raise QueryError(f"qacct: {answer.words or f'code {answer.code}'}")
    return parse_qacct(answer.out)


def parse_qacct(text: str) -> dict[str, Seen]:
    """Read `qacct -j`; the last record of a job counts, tasks as `6.3` too."""
    found: dict[str, Seen] = {}
    for block in re.split(r"(?m)^={10,}\s*$", text):
        values = dict(re.findall(r"(?m)^(\w+)[ \t]+(\S.*?)\s*$", block))
        if "jobnumber" not in values:
            if block.strip() and not block.startswith("Total System Usage"):
                raise QueryError(f"qacct: not a job: {block.strip()!r:.80}")
            continue
        seen = _recorded(values)
        job, task = values["jobnumber"], values.get("taskid", "undefined")
        if not job.isdecimal():
            raise QueryError(f"qacct: not a job: {job!r:.80}")
        if task.isdecimal():
            found[f"{job}.{task}"] = seen
        if not task.isdecimal() or found.get(job, seen).state == "finished":
            found[job] = seen
    return found


def _recorded(values: Mapping[str, str]) -> Seen:
    """Judge by `failed` and `exit_status` together: either alone may say 0."""
    failed, code = _number(values, "failed"), _number(values, "exit_status")
    times = {"start": values.get("start_time", ""), "end": values.get("end_time", "")}
    nodes = (values["hostname"],) if "hostname" in values else ()
    if failed is None or code is None:
        return Seen("unknown", "an unreadable record", nodes=nodes)
    signal = code - SIGNALLED if code > SIGNALLED else None
    words = values["failed"]
    state: State = "failed"
    if failed == LIMIT:
        state = "timeout"
    elif failed == AFTER_JOB and signal:
        words = f"killed by qdel or a signal ({words})"
    elif failed in BEFORE_JOB:
        state = "never_ran"
    elif failed == 0:
        state = "failed" if code else "finished"
        words = f"exit code {code}" if code else ""
    return Seen(state, words, code, signal, nodes, times)


def _number(values: Mapping[str, str], key: str) -> int | None:
    match = re.match(r"(\d{1,9})(?=\s|$)", values.get(key, ""))
    return int(match[1]) if match else None


def cancel(ids: Sequence[str]) -> None:
    """Delete jobs; those that ended are left alone."""
    answer = ask("qdel", ",".join(job_ids(ids)))
    if answer.code and "does not exist" not in answer.out + answer.err:
        raise SchedulerError(f"qdel: {answer.words or f'code {answer.code}'}")


def detect() -> str:
    """Return why Grid Engine is believed to be here."""
    root = os.environ.get("SGE_ROOT")
    if root and shutil.which("qsub"):
        return f"SGE_ROOT is {root:.60}"
    if shutil.which("qsub") and shutil.which("qconf"):
        return f"qconf is {shutil.which('qconf')}"
    return ""


GRIDENGINE = Scheduler(
    name="gridengine",
    directives=directives,
    submit=submit,
    query=query,
    account=account,
    cancel=cancel,
    detect=detect,
    variables={"job_id": "JOB_ID", "nodes": "NHOSTS"},
    hosts="cut -d ' ' -f 1 \"${PE_HOSTFILE:-/dev/null}\" | grep . || hostname",
)
