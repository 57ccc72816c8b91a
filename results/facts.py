"""What a run's `machine` says; every key is optional, nothing is invented.

The only place of the results side that knows how `tenbin.machine.probe` names things.
"""

from typing import Any

from tenbin.record import RunInfo

Machine = dict[str, Any]


def get(machine: Machine, *keys: str) -> Any:
    """Return a nested value, or None where any key on the way is missing."""
    value: Any = machine
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def machine_name(machine: Machine) -> str:
    """Return the name that results of one machine share, never averaged with others."""
    for keys in (("name",), ("hostname",), ("host",), ("cpu", "model")):
        found = get(machine, *keys)
        if isinstance(found, str) and found:
            return found
    return "unnamed machine"


def description(machine: Machine) -> str:
    """Return processor, cores and MPI in one phrase, as far as they are known."""
    cores = get(machine, "cpu", "cores_allowed")
    if isinstance(cores, list | tuple):
        cores = len(cores)
    mpi = get(machine, "mpi", "name") or get(machine, "mpi", "library")
    version = get(machine, "mpi", "version")
    phrases = [
        str(get(machine, "cpu", "model") or ""),
        f"{cores} cores allowed" if cores else "",
        " ".join(str(part) for part in (mpi, version) if isinstance(part, str)),
    ]
    return ", ".join(phrase for phrase in phrases if phrase)


def software(info: RunInfo) -> dict[str, str]:
    """Return the names and versions of what may change a time, as far as known."""
    machine, blas = info.machine, get(info.machine, "blas")
    gpus = [gpu for gpu in get(machine, "gpus") or () if isinstance(gpu, dict)]
    versions = get(machine, "versions")
    found = {
        "tenbin": f"{info.tenbin} {info.revision[:12]}{'*' * info.dirty}",
        "MPI": _named(get(machine, "mpi")),
        "BLAS": ", ".join(_named(pool) for pool in blas or ()),
        "GPU driver": ", ".join(sorted({str(gpu.get("driver", "")) for gpu in gpus})),
        "kernel": str(get(machine, "kernel") or ""),
        **(versions if isinstance(versions, dict) else {}),
    }
    found["tenbin"] = found["tenbin"] if info.revision else info.tenbin
    return {name: text for name, value in found.items() if (text := str(value).strip())}


def hardware(info: RunInfo) -> dict[str, str]:
    """Return what the machine is, and the settings of its environment."""
    machine = info.machine
    gpus = [gpu for gpu in get(machine, "gpus") or () if isinstance(gpu, dict)]
    settings = get(machine, "environment")
    found = {
        "machine": machine_name(machine),
        "processor": get(machine, "cpu", "model"),
        "cores allowed": get(machine, "cpu", "cores_allowed"),
        "GPUs": ", ".join(str(gpu.get("name", "")) for gpu in gpus),
        **(settings if isinstance(settings, dict) else {}),
    }
    passing = ("_ID", "_JOBID", "NODELIST")  # of the job, not of the machine
    return {
        name: str(value)
        for name, value in found.items()
        if value and not name.endswith(passing)
    }


def _named(part: Any) -> str:
    if not isinstance(part, dict):
        return ""
    words = (part.get("name") or part.get("library"), part.get("version"))
    return " ".join(str(word) for word in words if word)


def peak_flop_per_s(machine: Machine, dtype: str, threads: int) -> float:
    """Return the measured peak of a dtype on that many threads, or not a number.

    Between measured thread counts the peak of the next smaller one is scaled up; past
    the largest, which is all cores, there is no more to have.
    """
    rows = [row for row in _rows(machine, "flops") if row.get("dtype") == dtype]
    return _at_threads(rows, "flop_per_s", threads, exact=False)


def read_byte_per_s(machine: Machine, threads: int, level: str = "DRAM") -> float:
    """Return the measured read bandwidth of a memory level, or not a number."""
    rows = [
        row
        for row in _rows(machine, "read")
        if str(row.get("level")).lower() == level.lower()
    ]
    return _at_threads(rows, "byte_per_s", threads, exact=True)


def _rows(machine: Machine, kind: str) -> list[Machine]:
    rows = get(machine, "peaks", kind)
    return [row for row in rows or () if isinstance(row, dict)]


def _at_threads(rows: list[Machine], key: str, threads: int, exact: bool) -> float:
    measured = {
        int(row.get("threads", 1)): float(row[key])
        for row in rows
        if isinstance(row.get(key), int | float)
    }
    if not measured:
        return float("nan")
    if threads in measured:
        return measured[threads]
    below = [count for count in measured if count < threads]
    nearest = max(below) if below else min(measured)
    scaled = below and not exact and threads < max(measured)
    return measured[nearest] * (threads / nearest if scaled else 1.0)
