"""What a run's `machine` says; every key is optional, nothing is invented.

The only place of the results side that knows how `tenbin.machine.probe` names things.
"""

from typing import Any

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


def memory_levels(machine: Machine) -> list[str]:
    """Return the names of the measured memory levels, fastest first."""
    rows = _rows(machine, "read")
    return list(dict.fromkeys(str(row.get("level")) for row in rows))


def most_threads(machine: Machine) -> int:
    """Return the largest thread count of the measured peaks, 0 where there is none."""
    rows = [*_rows(machine, "flops"), *_rows(machine, "read")]
    return max((int(row["threads"]) for row in rows if row.get("threads")), default=0)


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
