"""Is this machine ready: one check per function, each with its advice."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from tenbin.leftovers import SEGMENTS
from tenbin.machine import hardware, software
from tenbin.machine.cores import ROOT, cores_allowed
from tenbin.units import format_bytes

Level = Literal["ok", "warn", "fail"]
SCHEDULERS = {"sbatch": "Slurm", "qsub": "PBS or Grid Engine", "pjsub": "PJM"}
CHOOSE_KERNELS = ("OPENBLAS_CORETYPE", "BLIS_ARCH_TYPE", "MKL_ENABLE_INSTRUCTIONS")
BUSY_SHARE = 0.5
SMALL_SHM_BYTES = 2**28


@dataclass(frozen=True)
class Finding:
    """What one check found, and what to do about it unless all is well."""

    level: Level
    what: str
    advice: str = ""


Findings = Iterator[Finding]


def doctor(root: Path = ROOT) -> list[Finding]:
    """Return the findings of all checks; a check that breaks is itself a finding."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            findings += check(root)
        except Exception as error:  # the doctor must not die of the illness
            findings.append(Finding("warn", f"{name}: not known: {error!s:.160}"))
    return findings


def native(root: Path) -> Findings:
    """Look for the extension module and the ISA it would use."""
    del root
    from tenbin.errors import TenbinError
    from tenbin.kernels.native import load

    try:
        module = load()
        isa = module.chosen("fma", "float32")
    except TenbinError as error:
        yield Finding(
            "fail", str(error).split(";")[0], "install a C compiler, reinstall"
        )
    except ValueError as error:
        yield Finding("fail", str(error), "unset or correct TENBIN_ISA")
    else:
        yield Finding("ok", f"native module: {isa} of {', '.join(module.isas())}")


def mpi(root: Path) -> Findings:
    """Look for the MPI library and a launcher of the same family."""
    del root
    from tenbin.errors import TenbinError
    from tenbin.launcher import find_mpiexec

    advice = "pip install mpich, or load an MPI module"
    try:
        found = software.mpi()
    except (OSError, ValueError) as error:
        yield Finding("fail", f"no MPI library: {error!s:.160}", advice)
        return
    yield Finding("ok", f"MPI library: {found['name']} {found['version']}")
    try:
        launcher = find_mpiexec()
    except TenbinError as error:
        yield Finding("fail", str(error).split(";")[0], advice)
        return
    what = f"launcher: {' '.join(launcher.command)} ({launcher.family})"
    is_open_mpi = found["name"] == "Open MPI"
    if launcher.family == "other" or is_open_mpi == (launcher.family == "openmpi"):
        yield Finding("ok", what)
    else:
        advice = "every rank would be alone: use the launcher of the library"
        yield Finding("fail", f"{what} does not fit {found['name']}", advice)


def blas(root: Path) -> Findings:
    """Compare the threads of BLAS with the cores allowed."""
    cores = cores_allowed(root)
    pools = software.blas()
    if not pools:
        yield Finding(
            "warn", "NumPy's BLAS is of no known kind: threads are not pinned"
        )
    for pool in pools:
        what = f"BLAS: {pool['name']} {pool['version']} ({pool['architecture']}), "
        what += f"{pool['threads']} threads, {cores} cores allowed"
        too_many = pool["threads"] > cores
        advice = f"export OMP_NUM_THREADS={cores}" if too_many else ""
        yield Finding("warn" if too_many else "ok", what, advice)
    for name in CHOOSE_KERNELS:
        if name in os.environ:
            what = f"kernels of BLAS: chosen by {name}={os.environ[name]}"
            yield Finding("warn", what, f"unset {name}: NumPy may be faster")


def cores(root: Path) -> Findings:
    """Compare the cores allowed with those there are, and with the load."""
    allowed, online = cores_allowed(root), os.cpu_count() or 1
    yield Finding("ok", f"cores: {allowed} allowed of {online}")
    load = hardware.load(root)[0]
    busy = load > BUSY_SHARE * allowed
    advice = "others are running here: times will scatter" if busy else ""
    yield Finding("warn" if busy else "ok", f"load: {load}", advice)


def frequency(root: Path) -> Findings:
    """Look at the frequency governor; virtual machines show none."""
    try:
        governor = hardware.governor(root)
    except OSError:
        return
    steady = governor == "performance"
    advice = "" if steady else "the clock may vary: set the governor to performance"
    yield Finding("ok" if steady else "warn", f"CPU governor: {governor}", advice)


def shared_memory(root: Path) -> Findings:
    """Look at the room in /dev/shm and at what dead ranks left there."""
    folder = root / "dev/shm"
    free = shutil.disk_usage(folder).free
    small = free < SMALL_SHM_BYTES
    advice = "enlarge it (--shm-size): MPI keeps its buffers there" if small else ""
    what = f"/dev/shm: {format_bytes(free)} free"
    yield Finding("warn" if small else "ok", what, advice)
    stale = [path for pattern in SEGMENTS for path in folder.glob(pattern)]
    if stale:
        what = f"/dev/shm: {len(stale)} MPI segments, such as {stale[0].name}"
        yield Finding("warn", what, "remove them if no MPI program is running")


def gpu(root: Path) -> Findings:
    """Look for a GPU and for CuPy to use it."""
    del root
    found = software.gpus()
    has_cupy = util.find_spec("cupy") is not None
    if not found:
        yield Finding(
            "ok", "GPU: none" + (", though CuPy is there" if has_cupy else "")
        )
        return
    names = ", ".join(f"{g['name']} ({format_bytes(g['memory_bytes'])})" for g in found)
    advice = "" if has_cupy else "pip install 'tenbin[cuda13]'"
    what = f"GPU: {names}" + ("" if has_cupy else ", but no CuPy")
    yield Finding("ok" if has_cupy else "warn", what, advice)


def figures(root: Path) -> Findings:
    """Look for Matplotlib, which draws the report."""
    del root
    if util.find_spec("matplotlib") is None:
        yield Finding("fail", "no Matplotlib", "pip install matplotlib")
    else:
        yield Finding("ok", f"Matplotlib {metadata.version('matplotlib')}")


def data(root: Path) -> Findings:
    """Look whether the folder of data sets can be written."""
    del root
    from platformdirs import user_data_path

    folder = user_data_path("tenbin")
    place = next(path for path in (folder, *folder.parents) if path.exists())
    usable = os.access(place, os.W_OK)
    advice = "" if usable else "set XDG_DATA_HOME to a folder of yours"
    yield Finding("ok" if usable else "warn", f"data folder: {folder}", advice)


def scheduler(root: Path) -> Findings:
    """Look for the commands of batch schedulers."""
    del root
    found = [
        f"{kind} ({name})" for name, kind in SCHEDULERS.items() if shutil.which(name)
    ]
    yield Finding("ok", f"scheduler: {', '.join(found) or 'none, runs start here'}")


CHECKS: dict[str, Callable[[Path], Findings]] = {
    "native module": native,
    "MPI": mpi,
    "BLAS": blas,
    "cores": cores,
    "frequency": frequency,
    "shared memory": shared_memory,
    "GPU": gpu,
    "figures": figures,
    "data": data,
    "scheduler": scheduler,
}
