"""Start MPI ranks, watch them, and leave nothing behind.

    tenbin run ── mpiexec ──┬── rank 0 ── says which case is in flight
        │                   ├── rank 1
        └── watches: exit code, time since the case in flight last changed

Whatever a rank does (raise, exit, be killed, hang), the launch ends, and its
processes and shared-memory segments are gone.
"""

import contextlib
import ctypes
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tenbin.errors import TenbinError
from tenbin.leftovers import clear_segments, end_processes

POLL_S = 0.1
GRACE_S = 5.0
TAG = "TENBIN_LAUNCH"


@dataclass(frozen=True)
class Ended:
    """How a launch ended; `code` is that of mpiexec, negative for a signal."""

    code: int
    timed_out: bool
    output: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Return whether every rank came to its end."""
        return self.code == 0 and not self.timed_out


@dataclass(frozen=True)
class Mpiexec:
    """The launcher: its command and its family.

    A command of the user's may place `{ranks}`, `{nodes}` and `{ranks_per_node}`
    itself, as in `srun --nodes={nodes} --ntasks={ranks}`.
    """

    command: tuple[str, ...]
    family: str

    def arguments(self, ranks: int, cores: int, nodes: int = 1) -> list[str]:
        """Return the command line up to the program, for `cores` on this node."""
        placed = {"ranks": ranks, "nodes": nodes, "ranks_per_node": ranks // nodes}
        command = [_place(word, placed) for word in self.command]
        if command != list(self.command):
            return command
        extra: list[str] = []
        if self.family == "openmpi":
            extra = ["--oversubscribe"]
            if os.geteuid() == 0:
                extra.append("--allow-run-as-root")
            if ranks > cores:
                extra += ["--mca", "mpi_yield_when_idle", "1"]
        return [*self.command, *extra, "-n", str(ranks)]


def _place(word: str, placed: dict[str, int]) -> str:
    for name, value in placed.items():
        word = word.replace(f"{{{name}}}", str(value))
    return word


def find_mpiexec(configured: str = "") -> Mpiexec:
    """Return the launcher to use: the configured one, this Python's own, the PATH's.

    Raises TenbinError where there is none, with what to do.
    """
    names = ("mpiexec", "mpirun")
    beside = [Path(sys.executable).parent / name for name in names]
    found = [str(path) for path in beside if path.exists()]
    found += [path for path in map(shutil.which, names) if path]
    wanted, *rest = shlex.split(configured) or found[:1] or ["mpiexec"]
    own = Path(sys.executable).parent / wanted
    program = str(own) if own.is_file() else shutil.which(wanted)
    if program is None:
        raise TenbinError(
            f"no {wanted} found; pip install mpich, or load an MPI module"
        )
    return Mpiexec((program, *rest), _family(program))


def _family(program: str) -> str:
    answer = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    text = (answer.stdout + answer.stderr).lower()
    if "open mpi" in text or "open-mpi" in text or "prrte" in text:
        return "openmpi"
    return "mpich" if "hydra" in text or "mpich" in text else "other"


def launch(
    command: Sequence[str],
    log: Path,
    progress: Callable[[], object],
    timeout_s: float,
) -> Ended:
    """Run `command` until it ends or `progress()` stays the same for `timeout_s`.

    All output goes to `log`. Afterwards no process and no shared-memory segment of
    the launch is left on this node.
    """
    tag = uuid4().hex
    started = time.time()
    with log.open("ab") as sink, _leaving_on_sigterm():
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, TAG: tag},
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        try:
            timed_out = _watch(process, progress, timeout_s)
        finally:
            _stop(process)
            end_processes(f"{TAG}={tag}")
            clear_segments(started)
    return Ended(process.returncode, timed_out, _tail(log))


def _watch(
    process: subprocess.Popen[bytes], progress: Callable[[], object], timeout_s: float
) -> bool:
    seen, since = progress(), time.monotonic()
    while process.poll() is None:
        time.sleep(POLL_S)
        now = progress()
        if now != seen:
            seen, since = now, time.monotonic()
        elif time.monotonic() - since > timeout_s:
            return True
    return False


@contextlib.contextmanager
def _leaving_on_sigterm() -> Iterator[None]:
    """Leave in order on SIGTERM, so that ranks are told and may save what they have."""

    def leave(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_IGN)  # once is enough
        raise SystemExit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _stop(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_S)


def _die_with_parent() -> None:
    """Have the kernel end mpiexec if this process is killed (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGTERM)


def _tail(log: Path, lines: int = 24, most_bytes: int = 16384) -> tuple[str, ...]:
    """Return the last lines: what an abort of Open MPI says after an error is 14."""
    data = log.read_bytes()[-most_bytes:].decode(errors="replace").replace("\0", "")
    return tuple(line[:400] for line in data.splitlines() if line.strip())[-lines:]
