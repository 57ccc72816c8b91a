#!/usr/bin/env python3
"""A queue in a folder: sbatch, qsub, pjsub and their kin, with faults on demand.

Linked under each command's name; FAKE_QUEUE is the folder and FAKE_FAMILY says whose
qsub this is. Scripts run at once, detached. A line `COMMAND KIND COUNT` in the file
`faults` spoils the next COUNT calls: empty, garbage, nonzero or hang.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(os.environ["FAKE_QUEUE"])
FAMILY = os.environ["FAKE_FAMILY"]
SUBMITTED = {
    "slurm": "{id}",
    "pbs": "{id}.srv",
    "gridengine": "{id}",
    "pjm": "[INFO] PJM 0000 pjsub Job {id} submitted.",
}
VARIABLE = {
    "slurm": "SLURM_JOB_ID",
    "pbs": "PBS_JOBID",
    "gridengine": "JOB_ID",
    "pjm": "PJM_JOBID",
}
GARBAGE = "\x00\x1b[31m<html>502 Bad Gateway</html> {|||"


def fault(command: str) -> str:
    """Return the kind of fault due for this call, if any."""
    path = ROOT / "faults"
    rows = [line.split() for line in path.read_text().splitlines()]
    for row in rows:
        if row[0] == command and int(row[2]) > 0:
            row[2] = str(int(row[2]) - 1)
            path.write_text("\n".join(" ".join(r) for r in rows))
            return row[1]
    return ""


def submit(words: list[str]) -> None:
    """Start the script, detached; its exit code lands in a file."""
    number = len(list(ROOT.glob("*.job"))) + 1
    job, script = ROOT / f"{number}.job", Path(words[-1]).resolve()
    hosts = ROOT / f"{number}.hosts"
    hosts.write_text("fake1\n")
    names = ("PBS_NODEFILE", "PE_HOSTFILE", "PJM_O_NODEINF")
    environment = {**os.environ, **dict.fromkeys(names, str(hosts))}
    environment[VARIABLE[FAMILY]] = str(number)
    code = job.with_suffix(".code")
    run = f"trap : TERM; bash '{script}' >/dev/null 2>&1; echo $? >'{code}'"
    child = subprocess.Popen(
        ["bash", "-c", run],
        env=environment,
        cwd=script.parent,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    job.write_text(json.dumps({"pid": child.pid, "options": words}))
    print(SUBMITTED[FAMILY].format(id=number))


def jobs() -> Iterator[tuple[str, int | None, bool]]:
    """Yield id, exit code (None while it runs) and whether it was deleted."""
    for path in sorted(ROOT.glob("*.job"), key=lambda path: int(path.stem)):
        code = path.with_suffix(".code")
        text = code.read_text().strip() if code.exists() else ""
        process = Path("/proc", str(json.loads(path.read_text())["pid"]))
        if not text and not process.exists():
            text = "137"
        deleted = path.with_suffix(".deleted").exists()
        yield path.stem, int(text) if text else None, deleted


def delete(words: list[str]) -> None:
    """End the group of each job."""
    for word in ",".join(w for w in words if not w.startswith("-")).split(","):
        path = ROOT / f"{word.partition('.')[0]}.job"
        if path.exists():
            path.with_suffix(".deleted").touch()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(json.loads(path.read_text())["pid"], signal.SIGTERM)


def squeue(_: list[str]) -> None:
    for job, code, deleted in jobs():
        if code is None:
            print(f"{job}|RUNNING|None|fake1|N/A|N/A")
        elif deleted:
            print(f"{job}|CANCELLED|None|fake1|N/A|N/A")


def sacct(_: list[str]) -> None:
    print("JobID|State|ExitCode|NodeList|Start|End|Reason")
    for job, code, deleted in jobs():
        word = "RUNNING" if code is None else "FAILED" if code else "COMPLETED"
        word = "CANCELLED by 0" if deleted else word
        print(f"{job}|{word}|{code or 0}:0|fake1|Unknown|Unknown|None")


def qstat(words: list[str]) -> None:
    if words[:1] == ["--version"]:
        print("pbs_version = 23.06.06" if FAMILY == "pbs" else "")
    elif FAMILY == "gridengine":
        rows = [job for job, code, _ in jobs() if code is None]
        for job in rows:
            print(f"{job:>7} 0.5 name user r 11/21/2026 01:32:35 all.q@fake1 1")
    else:
        shown = {
            f"{j}.srv": pbs(c, d) for j, c, d in jobs() if c is None or "-x" in words
        }
        print(json.dumps({"pbs_version": "23.06.06", "Jobs": shown}, indent=4))


def pbs(code: int | None, deleted: bool) -> dict[str, object]:
    if code is None:
        return {"job_state": "R", "substate": 42, "exec_host": "fake1/0"}
    end = "terminated by u@h" if deleted else "failed" if code else "finished"
    substate = 91 if deleted else 93 if code else 92
    return {
        "job_state": "F",
        "substate": substate,
        "Exit_status": code,
        "comment": f"Job run at Sat Nov 21 at 01:38 on (fake1:ncpus=1) and {end}",
    }


def qacct(words: list[str]) -> None:
    wanted = words[words.index("-j") + 1]
    found = [r for r in jobs() if r[1] is not None and wanted in (r[0], "*")]
    for job, code, deleted in found:
        failed = "100 : assumedly after job" if deleted else "0"
        print("=" * 62)
        print(f"jobnumber    {job}\ntaskid       undefined\nfailed       {failed}")
        print(f"exit_status  {code}\nhostname     fake1")
    if not found:
        sys.exit(f"error: job id {wanted} not found")


def pjstat(words: list[str]) -> None:
    print("  ACCEPT QUEUED  STGIN  READY RUNNING RUNOUT STGOUT   HOLD  ERROR   TOTAL")
    print("       0      0      0      0      1      0      0      0      0       1")
    print("s      0      0      0      0      1      0      0      0      0       1\n")
    print(
        "JOB_ID     JOB_NAME   MD ST  USER     START_DATE      ELAPSE_LIM LST EC PC SN"
    )
    for job, code, deleted in jobs():
        if (code is None) != ("-H" in words):
            state = "RUN" if code is None else "EXT"
            codes = "- - -" if code is None else f"{code} {int(deleted)} 0"
            print(f"{job} name NM {state} user 11/21 01:32:35 0001:00:00 RUN {codes}")


COMMANDS: dict[str, Callable[[list[str]], None]] = {
    **dict.fromkeys(["sbatch", "qsub", "pjsub"], submit),
    **dict.fromkeys(["scancel", "qdel", "pjdel"], delete),
    "squeue": squeue,
    "sacct": sacct,
    "qstat": qstat,
    "qacct": qacct,
    "qconf": lambda _: None,
    "pjstat": pjstat,
}


def main(command: str, words: list[str]) -> None:
    """Do what the command of this name does, or what the fault says."""
    with (ROOT / "calls").open("a") as log:
        log.write(f"{command} {' '.join(words)}\n")
    kind = fault(command)
    if kind == "hang":
        time.sleep(60)
    if kind == "garbage":
        print(GARBAGE)
    if kind == "nonzero":
        sys.exit(f"{command}: cannot connect to server")
    if not kind:
        COMMANDS[command](words)


if __name__ == "__main__":
    main(Path(sys.argv[0]).name, sys.argv[1:])
