"""This machine as a queue: detached scripts that take turns, first come, first served.

    submit ── turn.py waits for the jobs before it ── becomes bash SCRIPT

Measurements that run at once disturb each other. The queue is a file of job ids; each
newcomer waits for those in it that are alive. A job's id is its process id and start
time, since process ids are used again.
"""

import contextlib
import fcntl
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tenbin.errors import UsageError
from tenbin.jobs.schedulers.contract import Needs, QueryError, Scheduler, Seen
from tenbin.jobs.schedulers.directives import job_ids, lines, output_path
from tenbin.jobs.schedulers.run import check_script, send

if TYPE_CHECKING:
    import psutil

PREFIX = "#LOCAL"
TURN = Path(__file__).with_name("turn.py")
_ID = re.compile(r"(\d{1,10})-(\d{1,12}\.\d\d)")
_DETACH = '"$@" >"$0" 2>&1 </dev/null & echo $!'


def directives(needs: Needs) -> list[str]:
    """Return the #LOCAL lines of a job: where its output goes, what it waits for."""
    after = ",".join(job_ids(needs.after))
    bodies = [f"--output={output_path(needs.output)}", f"--after={after}" * bool(after)]
    return lines(PREFIX, bodies, needs)


def submit(script: Path) -> str:
    """Start a script, detached, to run when its turn has come; return its id."""
    check_script(script)
    text = script.read_text(encoding="utf-8")
    output = re.search(rf'^{PREFIX} --output="?(.*?)"?$', text, re.MULTILINE)
    after = re.search(rf"^{PREFIX} --after=(\S+)$", text, re.MULTILINE)
    with _queue() as waiting:
        waits = [*waiting, *(after[1].split(",") if after else ())]
        turn = [sys.executable, str(TURN), script.name, *waits]
        log = output[1] if output else "job.out"
        printed = send("sh", "-c", _DETACH, log, *turn, folder=script.parent)
        waiting.append(_id_of(printed.strip(), script))
        return waiting[-1]


def _id_of(printed: str, script: Path) -> str:
    import psutil

    try:
        return f"{printed}-{psutil.Process(int(printed)).create_time():.2f}"
    except (ValueError, psutil.Error):
        raise QueryError(f"{script}: ended at once; see its folder") from None


@contextlib.contextmanager
def _queue() -> Iterator[list[str]]:
    """Yield the ids of live jobs, oldest first; write them back with what is new."""
    default = Path(tempfile.gettempdir()) / f"tenbin-{os.getuid()}.queue"
    path = os.environ.get("TENBIN_LOCAL_LOCK", str(default))
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    number = os.open(path, flags, 0o600)
    with os.fdopen(number, "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        known = [job for job in file.read().split() if _ID.fullmatch(job)]
        waiting = [job for job in known if _find(job)]
        yield waiting
        file.seek(0)
        file.truncate()
        file.write("\n".join(waiting))


def query(ids: Sequence[str]) -> dict[str, Seen]:
    """Return which jobs run, or wait for their turn; ended ones are not known."""
    found = {job: _find(job) for job in ids}
    return {job: _seen(process) for job, process in found.items() if process}


def _seen(process: "psutil.Process") -> Seen:
    import psutil

    words: list[str] = []
    with contextlib.suppress(psutil.Error):
        words = process.cmdline()
    if str(TURN) in words:
        return Seen("pending", "waits for its turn on this machine")
    return Seen("running")


def account(ids: Sequence[str]) -> dict[str, Seen]:
    """Return nothing: a machine keeps no books of its processes."""
    del ids
    return {}


def cancel(ids: Sequence[str]) -> None:
    """Ask the jobs to end; their scripts pass it on and leave word."""
    for job in ids:
        process = _find(job)
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)


def _find(job: str) -> "psutil.Process | None":
    from tenbin.jobs.schedulers.turn import find

    match = _ID.fullmatch(job)
    if not match:
        raise UsageError(f"not a job of this machine: {job!r:.80}")
    return find(int(match[1]), float(match[2]))


LOCAL = Scheduler(
    name="local",
    directives=directives,
    submit=submit,
    query=query,
    account=account,
    cancel=cancel,
    detect=lambda: "no queue is needed on this machine",
    variables={},
    hosts="hostname",
    one_host=True,
)
