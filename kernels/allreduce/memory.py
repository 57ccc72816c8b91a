"""Where the buffers of a pool lie: private, in windows of the node, or on a GPU."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tenbin import device
from tenbin.dtypes import storage
from tenbin.kernels.allreduce.names import DEVICE_FORMS, form
from tenbin.kernels.allreduce.node import Window
from tenbin.kernels.allreduce.pool import Buffer
from tenbin.topology import Topology


@dataclass(frozen=True)
class Memory:
    """Buffers for a pool, and for `shm` those of every rank of the node."""

    mine: Sequence[Buffer] = ()
    shared: Sequence[Sequence[Buffer]] = ()
    release: Callable[[], object] = lambda: None


def memory_for(
    variant: str, topology: Topology, count: int, dtype: str, buffers: int
) -> Memory:
    """Return the memory that a variant needs; nothing where private memory will do."""
    needs = form(variant)
    if needs == "shm":
        window = Window(topology.intra, count, dtype, buffers)
        mine = window.buffers[topology.local_rank]
        return Memory(mine, window.buffers, window.release)
    if needs in DEVICE_FORMS:
        device.use(topology.local_rank)
        module: Any = device.arrays(on_device=True)
        return Memory([module.empty(count, storage(dtype)) for _ in range(buffers)])
    return Memory()
