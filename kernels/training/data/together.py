"""Data sets for all ranks at once: what is drawn is drawn once, a part by each.

    rank 0 |draws 0..n/p|    rank 1 |draws n/p..2n/p|    ...    then everyone has all

A sample depends on its index alone, so any number of ranks makes the same set.
"""

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.training.data import DRAWN, Dataset, Split, load
from tenbin.kernels.training.data.glyphs import STYLES, TEST, TRAIN, draw, sizes
from tenbin.kernels.training.data.order import part


def load_together(
    comm: MPI.Comm,
    name: str,
    data_dir: str = "",
    samples: int = 0,
    seed: int = 1,
    styles: int = 0,
) -> Dataset:
    """Return what `data.load` returns, on every rank; collective."""
    if name not in DRAWN:
        return load(name, data_dir, samples, seed, styles)
    train, test = sizes(samples)
    characters = DRAWN[name]
    return Dataset(
        "glyphs",
        _drawn(comm, train, TRAIN, characters, seed, styles or STYLES),
        _drawn(comm, test, TEST, characters, seed, styles or STYLES),
        len(characters),
    )


def _drawn(
    comm: MPI.Comm, count: int, split: int, characters: str, seed: int, styles: int
) -> Split:
    own = part(count, comm.size, comm.rank)
    mine = draw(own, split, characters, seed, styles)
    images = _gather(comm, mine.images, count)
    assert mine.styles is not None
    chosen = _gather(comm, mine.styles.view(np.uint8).reshape(-1, 4), count)
    labels = _gather(comm, mine.labels, count)
    return Split(images, labels, chosen.view(np.int32).ravel())


def _gather(comm: MPI.Comm, mine: NDArray[np.uint8], count: int) -> NDArray[np.uint8]:
    """Return the rows of all ranks, one after the other."""
    whole = np.empty((count, *mine.shape[1:]), dtype=np.uint8)
    width = whole.nbytes // max(1, count)
    parts = [part(count, comm.size, rank) for rank in range(comm.size)]
    counts = [len(rows) * width for rows in parts]
    starts = [rows.start * width for rows in parts]
    comm.Allgatherv(mine, [whole, counts, starts, MPI.BYTE])
    return whole
