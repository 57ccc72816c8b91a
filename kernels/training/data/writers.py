"""NIST Special Database 19 by writer: `by_write/hsf_N/fNNNN_NN/dNNNN_NN/*.png`.

One folder per writer, one beneath it for the digits (d): PNG images of 128 x 128,
black on white. They come out as MNIST's do, 28 x 28, white on black. Which digit it is
the folders do not say: labels are 0, styles the writers in the order of their names.
The whole forms of `hsf_page` are not read: NIST has cut their boxes out for `by_write`.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.training.data.dataset import Dataset, Split

PIXELS = 28
LARGEST = 512  # pixels on a side of a page
TEST_EVERY = 5  # of a writer's images is for tests
FOLDER, FORMS = "by_write", "hsf_page"


def missing(folder: Path) -> str:
    """Return why the digits cannot be read from a folder, or an empty string."""
    if (folder / FOLDER).is_dir():
        return ""
    if (folder / FORMS).is_dir():
        return f"{folder / FORMS} holds whole forms; unpack {FOLDER}, digit by digit"
    return f"no {folder / FOLDER}: unpack its archive there"


def read_by_writer(folder: Path, writers: int, samples: int = 0) -> Dataset:
    """Return the digits of the first `writers` under `folder`/by_write.

    Of the training images `samples`, as many of each writer as can be; all for 0.
    Raises UsageError for a folder with fewer, and for an image that is none.
    """
    if reason := missing(folder):
        raise UsageError(reason)
    root = folder / FOLDER
    found = sorted(path for path in root.glob("hsf_*/f*_*/d*_*") if path.is_dir())
    if len(found) < writers:
        raise UsageError(f"{root}: {len(found)} writers' digits, not {writers}")
    images, styles = [], []
    for writer, place in enumerate(found[:writers]):
        pages = sorted(place.glob("*.png"))
        images += [_page(path) for path in pages]
        styles += [writer] * len(pages)
    whole = Split(
        np.array(images, dtype=np.uint8).reshape(-1, PIXELS, PIXELS, 1),
        np.zeros(len(images), dtype=np.uint8),
        np.array(styles, dtype=np.int32),
    )
    tested = np.arange(whole.size) % TEST_EVERY == TEST_EVERY - 1
    train, test = _pick(whole, ~tested), _pick(whole, tested)
    return Dataset("nist19", _pick(train, _evenly(train, samples)), test)


def _evenly(split: Split, count: int) -> NDArray[np.int64]:
    """Return the places of the first image of every writer, the second, and so on."""
    assert split.styles is not None
    starts = np.searchsorted(split.styles, split.styles)  # writers stand in order
    turns = np.lexsort((split.styles, np.arange(split.size) - starts))
    return np.sort(turns[: count or None])


def _page(path: Path) -> NDArray[np.uint8]:
    from PIL import Image

    try:
        with Image.open(path) as page:
            if max(page.size) > LARGEST:
                raise UsageError(f"{path}: {page.size[0]} x {page.size[1]} pixels")
            small = page.convert("L").resize((PIXELS, PIXELS), Image.Resampling.BOX)
    except (OSError, SyntaxError, ValueError) as error:
        raise UsageError(f"{path}: not an image: {error}") from None
    return 255 - np.asarray(small)


def _pick(whole: Split, chosen: NDArray[Any]) -> Split:
    assert whole.styles is not None
    return Split(whole.images[chosen], whole.labels[chosen], whole.styles[chosen])
