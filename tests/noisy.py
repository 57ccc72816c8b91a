"""Noisy ladders and sweeps whose truth is known."""

import math
import random
from collections.abc import Callable, Iterable

from tenbin.record import Record
from tests.builders import create_record


def long_ladder_records(launches: int = 5, noise: float = 0.02) -> list[Record]:
    """Return both ladders of two variants over 1 to 32 ranks, 4 on a node."""
    times: dict[str, dict[str, Callable[[int], float]]] = {
        "strong": {
            "numpy": lambda p: 0.0014 + 0.035 / p,
            "blocked": lambda p: 0.044 / p + 0.0005 * math.log2(p),
        },
        "weak": {
            "numpy": lambda p: 0.030 + 0.002 * math.log2(p),
            "blocked": lambda p: 0.030 + 0.001 * p,
        },
    }
    return [
        create_record(
            variant=variant,
            scaling=scaling,
            label="n2048",
            ranks=ranks,
            ranks_per_node=min(ranks, 4),
            launch=launch,
            flops=2 * 2048**3 * (1 if scaling == "strong" else ranks),
            time_s=time_s(ranks) * gauss(noise, scaling, variant, ranks, launch),
            seed=launch,
        )
        for scaling, variants in times.items()
        for variant, time_s in variants.items()
        for ranks in (1, 2, 4, 8, 16, 32)
        for launch in range(launches)
    ]


def gauss(noise: float, *key: object) -> float:
    """Return a factor around 1, the same for the same key."""
    return math.exp(random.Random(repr(key)).gauss(0.0, noise))


def sweep_records(
    run_id: str = "run-1",
    launches: int = 5,
    noise: float = 0.01,
    factor: Callable[[int], float] = lambda size: 1.0,
    powers: Iterable[int] = range(3, 27, 4),
) -> list[Record]:
    """Return an allreduce sweep whose noise is that of whole launches and of sizes."""
    return [
        create_record(
            run_id=run_id,
            kernel="allreduce",
            variant="2x2",
            ranks=4,
            label=f"{2**power}B",
            problem={"count": 2**power // 4},
            flops=None,
            bytes=None,
            message_bytes=2**power,
            launch=launch,
            time_s=(6e-5 + 2**power / 4e9)
            * factor(2**power)
            * gauss(noise, run_id, launch)
            * gauss(noise, run_id, launch, power),
            seed=launch,
        )
        for launch in range(launches)
        for power in powers
    ]
