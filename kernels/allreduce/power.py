"""A schedule for a power of two, made to fit any rank count.

    ranks      0 1 2 3   4 5         the last p - 2^k give their part to the first,
    before     ^-^-------+-+         who run the schedule among 2^k and send the sum
    after      +-+-------v-v         back

Cost beside that of the schedule: 2 steps, 2 n bytes, n added; none where p = 2^k.
Source: Thakur, Rabenseifner and Gropp, IJHPCA 2005.
"""

from collections.abc import Callable

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule, embed, reverse, table, then


def on_power_of_two(make: Callable[[int], Schedule], ranks: int) -> Schedule:
    """Return the allreduce that `make` gives for the largest power of two, on all."""
    inner = 1 << (ranks.bit_length() - 1)
    core = make(inner)
    extra = np.arange(inner, ranks)
    if not extra.size:
        return core
    chunks = core.chunks
    rows = table(
        round=0, src=extra, dst=extra - inner, chunk=0, count=chunks, reduce=True
    )
    give = Schedule("give", ranks, chunks, rows)
    wide = embed(core, np.arange(inner)[None], np.zeros(1, int), 1, ranks, chunks)
    return then(give, wide, reverse(give), name=core.name)
