"""Pairs of images as samples of a data set of two classes.

image a (H, W, C), image b (H, W, C)  ->  one sample (H, W, 2 C)
label 1: by one writer, 0: by two;  style: writer a * writers + writer b
"""

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.training.data import Dataset, Split
from tenbin.kernels.training.siamese.settings import Settings
from tenbin.kernels.training.streams import Stream

Writers = NDArray[np.int64]


def pairs(data: Dataset, settings: Settings, seed: int) -> Dataset:
    """Return the pairs of a data set whose styles are writers 0 .. writers - 1.

    Raises UsageError for a data set without writers, or with too few images of one.
    """
    count = settings.writers
    train = _choose(settings, Stream.CHOICE.rng(seed))
    keys = [pairs.key(seed) for pairs in (Stream.TRAIN_PAIRS, Stream.TEST_PAIRS)]
    cells = np.repeat(np.arange(count * count), settings.cell_pairs)
    return Dataset(
        f"{data.name}-pairs",
        _join(data.name, data.train, train, count, keys[0]),
        _join(data.name, data.test, divmod(cells, count), count, keys[1]),
        classes=2,
    )


def _choose(settings: Settings, rng: np.random.Generator) -> tuple[Writers, Writers]:
    """Return the writers of both sides of the training pairs."""
    first = rng.integers(settings.writers, size=settings.pairs)
    if not settings.balanced:
        return first, rng.integers(settings.writers, size=settings.pairs)
    other = (
        first + rng.integers(1, settings.writers, settings.pairs)
    ) % settings.writers
    same = rng.random(settings.pairs) < 0.5
    return first, np.where(same, first, other)


def _join(
    name: str,
    split: Split,
    writers: tuple[Writers, Writers],
    count: int,
    key: tuple[int, ...],
) -> Split:
    """Return a random image of each writer, side by side, never one with itself."""
    if split.styles is None:
        raise UsageError(f"data set {name} does not know its writers")
    rng = np.random.default_rng(key)
    owned = [np.flatnonzero(split.styles == writer) for writer in range(count)]
    sizes = np.array([len(images) for images in owned])
    if sizes.min() < 2:
        short = int(sizes.argmin())
        raise UsageError(
            f"data set {name}: writer {short} has {sizes[short]} images, needs 2"
        )
    table = np.full((count, sizes.max()), -1)
    for writer, images in enumerate(owned):
        table[writer, : len(images)] = images
    a, b = writers
    place_a = rng.integers(sizes[a])
    step = 1 + rng.integers(sizes[a] - 1)  # away from itself, where a is b
    place_b = np.where(a == b, (place_a + step) % sizes[a], rng.integers(sizes[b]))
    sides = (split.images[table[a, place_a]], split.images[table[b, place_b]])
    return Split(
        np.concatenate(sides, axis=-1),
        (a == b).astype(np.uint8),
        (a * count + b).astype(np.int32),
    )
