"""Cold buffers: how many copies of its data a case rotates through.

    repetition   0  1  2  0  1  2 ...    copies x bytes x ranks >= 2 x last-level cache

A copy is used again only after all the others have passed through the cache. Memory
ends it: a pool holds at most `pool_bytes` per node, and then says that it is not cold.
"""

from functools import cache
from pathlib import Path

import psutil

CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
UNKNOWN_CACHE = 32 * 2**20
MEMORY_SHARE = 4  # a pool takes at most a quarter of the memory


@cache
def last_level_cache_bytes() -> int:
    """Return the size of the largest cache, or 32 MiB where the system is silent."""
    sizes = (path.read_text().strip() for path in CACHES.glob("index*/size"))
    kib = [int(size.removesuffix("K")) for size in sizes if size.endswith("K")]
    return max(kib, default=0) * 1024 or UNKNOWN_CACHE


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


def is_cold(set_bytes: int, ranks: int, count: int, cache_bytes: int) -> bool:
    """Return whether `count` copies on each rank exceed twice the cache."""
    return set_bytes * ranks * count >= 2 * cache_bytes
