"""Cold buffers: how many copies of its data a case rotates through.

    repetition   0  1  2  0  1  2 ...    copies x bytes x ranks >= 2 x last-level cache

A copy is used again only after all the others have passed through the cache. Memory
ends it: a pool holds at most `pool_bytes` per node, and then says that it is not cold.
"""

from functools import cache
from pathlib import Path
from typing import Any

import psutil

from tenbin import device
from tenbin.topology import Topology

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
UNKNOWN_CACHE = 32 * 2**20
MEMORY_SHARE = 4  # a pool takes at most a quarter of the memory


@cache
def last_level_cache_bytes() -> int:
    """Return the size of the largest cache, or 32 MiB where the system is silent."""
    sizes = (path.read_text().strip() for path in CACHES.glob("index*/size"))
    kib = [int(size.removesuffix("K")) for size in sizes if size.endswith("K")]
    return max(kib, default=0) * 1024 or UNKNOWN_CACHE


def place_of(topology: Topology, on_device: bool) -> dict[str, Any]:
    """Return what this rank computes on, taking its device: at least `cache_bytes`."""
    if on_device:
        return device.use(topology.host_ranks.index(topology.rank))
    return {"cache_bytes": last_level_cache_bytes()}


def copies(
    set_bytes: int, ranks: int, pool_bytes: int, cache_bytes: int, least: int = 1
) -> int:
    """Return how many copies of `set_bytes` each of the node's `ranks` rotates through.

    >>> copies(set_bytes=10, ranks=1, pool_bytes=1000, cache_bytes=32)
    7
    >>> copies(set_bytes=10, ranks=4, pool_bytes=1000, cache_bytes=32)
    2
    >>> copies(set_bytes=10, ranks=1, pool_bytes=25, cache_bytes=32)
    2
    """
    together = max(1, set_bytes * ranks)
    memory = min(pool_bytes, psutil.virtual_memory().total // MEMORY_SHARE)
    return max(least, min(2 * cache_bytes // together + 1, memory // together))


def rotation(
    set_bytes: int, ranks: int, pool_bytes: int, cache_bytes: int
) -> tuple[int, bool]:
    """Return how many copies take turns, and whether they exceed twice the cache."""
    count = copies(set_bytes, ranks, pool_bytes, cache_bytes)
    return count, set_bytes * ranks * count >= 2 * cache_bytes
