"""Glyphs: a procedural stand-in for MNIST, for nodes without a network.

    clean glyph -> a style's slant, width, stroke -> affine, elastic -> 28x28 + noise

A style is a font with habits of its own, kept as a label: a writer. Every sample is a
function of seed, split and index alone, so that any rank can draw any part of any set.
Elastic distortion: Simard, Steinkraus and Platt, ICDAR 2003, on a coarse grid.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.data.dataset import Dataset, Split
from tenbin.kernels.training.data.fonts import FONTS, SIDE, clean_glyphs

DIGITS, LETTERS = "0123456789", "ABCDEFGHJK"  # no letter that passes for a digit
PIXELS = 28
BLOCK = 64  # samples that share a random stream
STYLES = 34
TRAIN_SIZE, TEST_SIZE = 10_000, 2_000
TRAIN, TEST, HABITS = range(3)
GRID = 5  # points of the elastic grid on a side

Floats = NDArray[np.float32]


def sizes(samples: int) -> tuple[int, int]:
    """Return how many samples to train and to test on; 0 is the usual number.

    >>> sizes(0), sizes(500)
    ((10000, 2000), (500, 100))
    """
    return (samples, max(1, samples // 5)) if samples else (TRAIN_SIZE, TEST_SIZE)


@dataclass(frozen=True)
class Extent:
    """How far a sample may leave its clean glyph; lengths in pixels of 28."""

    turn_rad: float = 0.2
    shear: float = 0.2
    stretch: float = 0.15
    shift: float = 2.0
    elastic: float = 1.2
    noise: float = 0.08


def glyphs(
    characters: str = DIGITS,
    train: int = TRAIN_SIZE,
    test: int = TEST_SIZE,
    seed: int = 1,
    styles: int = STYLES,
) -> Dataset:
    """Return a whole data set of the characters; labels are their places."""
    first = draw(range(train), TRAIN, characters, seed, styles)
    second = draw(range(test), TEST, characters, seed, styles)
    return Dataset("glyphs", first, second, len(characters))


def draw(
    indices: range,
    split: int = TRAIN,
    characters: str = DIGITS,
    seed: int = 1,
    styles: int = STYLES,
    extent: Extent = Extent(),
) -> Split:
    """Return the samples of consecutive `indices`."""
    count = len(indices)
    images = np.empty((count, PIXELS, PIXELS, 1), dtype=np.uint8)
    labels = np.empty(count, dtype=np.uint8)
    chosen = np.empty(count, dtype=np.int32)
    first = indices.start // BLOCK
    for block in range(first, -(-indices.stop // BLOCK) if count else first):
        kept = range(
            max(indices.start, block * BLOCK), min(indices.stop, (block + 1) * BLOCK)
        )
        place = slice(kept.start - indices.start, kept.stop - indices.start)
        inside = slice(kept.start - block * BLOCK, kept.stop - block * BLOCK)
        drawn = _block(block, split, characters, seed, styles, extent)
        images[place, :, :, 0], labels[place], chosen[place] = (
            part[inside] for part in drawn
        )
    return Split(images, labels, chosen)


def _block(
    block: int, split: int, characters: str, seed: int, styles: int, extent: Extent
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int32]]:
    source = np.random.Philox(key=(seed, split), counter=(0, 0, 0, block))
    rng = np.random.Generator(source)
    labels = rng.integers(len(characters), size=BLOCK)
    chosen = rng.integers(styles, size=BLOCK)
    slant, width, weight = habits(styles, seed)[:, chosen]
    clean = clean_glyphs(characters)[chosen % len(FONTS), labels]
    where = _affine(rng, slant, width, extent) + _elastic(rng, extent)
    grey = _look_up(clean, where)
    threshold = weight + _within(rng, 0.06, BLOCK)
    ink = np.clip((grey - threshold[:, None, None]) * 4 + 0.5, 0, 1)
    ink *= 1 - np.abs(_within(rng, 0.3, BLOCK))[:, None, None]
    noise = rng.standard_normal(ink.shape, dtype=np.float32)
    ink += np.float32(extent.noise) * noise * rng.random((BLOCK, 1, 1), np.float32)
    pixels = (255 * np.clip(ink, 0, 1)).astype(np.uint8)
    return pixels, labels.astype(np.uint8), chosen.astype(np.int32)


def habits(styles: int, seed: int) -> Floats:
    """Return slant, width and stroke threshold (3, styles) of each style."""
    rng = np.random.Generator(np.random.Philox(key=(seed, HABITS)))
    drawn = rng.random((styles, 3), dtype=np.float32).T
    low = np.array([[-0.25], [0.8], [0.3]], dtype=np.float32)
    high = np.array([[0.35], [1.2], [0.5]], dtype=np.float32)
    return np.asarray(low + (high - low) * drawn, dtype=np.float32)


def _within(rng: np.random.Generator, limit: float, count: int) -> Floats:
    drawn = 2 * rng.random(count, dtype=np.float32) - 1
    return np.asarray(np.float32(limit) * drawn)


def _affine(
    rng: np.random.Generator, slant: Floats, width: Floats, extent: Extent
) -> Floats:
    """Return the places (2, BLOCK, PIXELS, PIXELS) in the clean glyph, row first."""
    turn = _within(rng, extent.turn_rad, BLOCK)
    shear = slant + _within(rng, extent.shear, BLOCK)
    stretch = 1 + _within(rng, extent.stretch, 2 * BLOCK).reshape(2, BLOCK)
    shift = _within(rng, extent.shift, 2 * BLOCK).reshape(2, BLOCK, 1, 1)
    scale = SIDE / PIXELS / stretch
    cos, sin = np.cos(turn), np.sin(turn)
    rows = np.stack((cos, sin)) * scale[0]
    columns = np.stack((-sin + shear * cos, cos + shear * sin)) * scale[1] / width
    axis = np.arange(PIXELS, dtype=np.float32) - (PIXELS - 1) / 2
    down, right = axis[:, None] + shift[0], axis + shift[1]
    middle = np.float32((SIDE - 1) / 2)
    placed = (
        m[0][:, None, None] * down + m[1][:, None, None] * right
        for m in (rows, columns)
    )
    return np.stack([middle + one for one in placed])


def _elastic(rng: np.random.Generator, extent: Extent) -> Floats:
    """Return smooth random displacements (2, BLOCK, PIXELS, PIXELS)."""
    coarse = rng.standard_normal((2, BLOCK, GRID, GRID), dtype=np.float32)
    at = np.linspace(0, GRID - 1, PIXELS, dtype=np.float32)
    near = 1 - np.abs(at[:, None] - np.arange(GRID, dtype=np.float32))
    hat = np.maximum(near, 0)  # (PIXELS, GRID): linear interpolation
    amount = np.float32(extent.elastic * SIDE / PIXELS / 2)
    return np.asarray(amount * (hat @ coarse @ hat.T), dtype=np.float32)


def _look_up(clean: Floats, where: Floats) -> Floats:
    """Interpolate (BLOCK, SIDE, SIDE) images at `where`, bilinearly; black outside."""
    where = np.clip(where, 0, SIDE - 1.001)
    corner = where.astype(np.intp)
    part = where - corner
    flat = clean.reshape(BLOCK, -1)
    at = (corner[0] * SIDE + corner[1]).reshape(BLOCK, -1)
    values = [
        np.take_along_axis(flat, at + step, axis=1).reshape(corner[0].shape)
        for step in (0, 1, SIDE, SIDE + 1)
    ]
    top = values[0] + part[1] * (values[1] - values[0])
    bottom = values[2] + part[1] * (values[3] - values[2])
    return np.asarray(top + part[0] * (bottom - top), dtype=np.float32)
