"""End the processes and remove the shared-memory segments that a crash leaves.

MPICH leaves /dev/shm/mpich_shm_*, Open MPI sm_segment.* and vader_segment.*, UCX
ucx_shm_posix_*. A segment is removed only if it is this user's, was made after
`since` and no living process has it mapped.
"""

import contextlib
import os
import time
from pathlib import Path

import psutil

SEGMENTS = ("mpich_shm_*", "sm_segment.*", "vader_segment.*", "ucx_shm_posix_*")
SHM = Path("/dev/shm")
GRACE_S = 5.0


def share_nothing() -> None:
    """Keep Open MPI from making a segment in a process that it has not started.

    It would leave it behind when the process ends. Call it before MPI starts.
    """
    os.environ.setdefault("OMPI_MCA_btl", "self")


def end_processes(marker: str) -> int:
    """Kill this user's processes that carry `NAME=VALUE` in their environment."""
    name, _, value = marker.partition("=")
    killed = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(name) == value:
                process.kill()
                killed.append(process)
    psutil.wait_procs(killed, timeout=GRACE_S)
    return len(killed)


def clear_segments(since: float, patience_s: float = 2.0) -> None:
    """Remove stale segments; wait a little for ranks that are still letting go."""
    limit = time.monotonic() + patience_s
    while _ours(since, SHM):
        remove_segments(since)
        if time.monotonic() > limit:
            return
        time.sleep(0.1)


def remove_segments(since: float, folder: Path = SHM) -> list[Path]:
    """Remove stale segments made after `since` (seconds since the epoch)."""
    mine = _ours(since, folder)
    if not mine:
        return []
    mapped = _mapped_files()
    stale = [path for path in mine if str(path) not in mapped]
    for path in stale:
        with contextlib.suppress(OSError):
            path.unlink()
    return stale


def _ours(since: float, folder: Path) -> list[Path]:
    found = (path for pattern in SEGMENTS for path in folder.glob(pattern))
    return [path for path in found if _made_by_us(path, since)]


def _made_by_us(path: Path, since: float) -> bool:
    with contextlib.suppress(OSError):
        status = path.stat()
        return status.st_uid == os.getuid() and status.st_mtime >= since - 1.0
    return False


def _mapped_files() -> set[str]:
    mapped: set[str] = set()
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            mapped.update(region.path for region in process.memory_maps())
            mapped.update(file.path for file in process.open_files())
    return mapped
