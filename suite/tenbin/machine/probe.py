"""Everything known about this machine, as JSON types, for `run.json`."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenbin.machine import environment, hardware, software
from tenbin.machine.cores import ROOT, affinity, cores_allowed, cpu_quota

SOURCES: dict[str, Callable[[Path], Any]] = {
    "environment": lambda root: environment.allowed(),
    "hostname": lambda root: socket.gethostname(),
    "kernel": hardware.kernel,
    "cpu.model": hardware.cpu_model,
    "cpu.isa": hardware.isa,
    "cpu.native_isas": lambda root: software.native(),
    "cpu.counts": hardware.cpu_counts,
    "cpu.affinity": lambda root: affinity(),
    "cpu.quota": lambda root: cpu_quota(root) or 0.0,
    "cpu.cores_allowed": cores_allowed,
    "cpu.caches": hardware.caches,
    "cpu.virtualised": hardware.virtualised,
    "memory": hardware.memory,
    "numa": hardware.numa,
    "load": hardware.load,
    "gpus": lambda root: software.gpus(),
    "blas": lambda root: software.blas(),
    "mpi": lambda root: software.mpi(),
    "versions": lambda root: software.versions(),
    "revision": lambda root: software.revision(),
}


def probe(root: Path = ROOT) -> dict[str, Any]:
    """Return the facts by name; `unknown` lists what could not be found, and why.

    `cpu.quota` is in cores, 0 without one. Measured peaks are not among the facts:
    `tenbin.peak.measure_peaks` finds those.
    """
    facts: dict[str, Any] = {}
    unknown: list[str] = []
    for name, source in SOURCES.items():
        try:
            value = source(root)
        except Exception as error:  # a broken machine must not stop a measurement
            unknown.append(f"{name}: {type(error).__name__}: {error!s:.160}")
            continue
        if value is None:
            unknown.append(f"{name}: not told")
        else:
            _store(facts, name, value)
    return {**facts, "unknown": unknown}


def _store(facts: dict[str, Any], name: str, value: Any) -> None:
    group, dot, key = name.rpartition(".")
    (facts.setdefault(group, {}) if dot else facts)[key if dot else name] = value
