"""Data sets by name: read from files that are here, or drawn.

    mnist, fashion-mnist, kmnist    IDX files           cifar10    its binary version
    glyphs                          digits drawn from fonts; the default without MNIST
    letters                         ten letters drawn likewise, for what no digit is
    nist19                          digits of NIST SD 19 by writer, unpacked by hand

Adding one of MNIST's form is an entry in `sources`.
"""

from collections.abc import Callable
from pathlib import Path

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.data import writers
from tenbin.kernels.training.data.cifar import read_cifar10
from tenbin.kernels.training.data.dataset import Dataset, Split
from tenbin.kernels.training.data.glyphs import DIGITS, LETTERS, STYLES, glyphs, sizes
from tenbin.kernels.training.data.idx import read_idx
from tenbin.kernels.training.data.sources import (
    SOURCES,
    VARIABLE,
    data_folder,
    find,
    present,
)

__all__ = ["DATASETS", "Dataset", "Split", "default", "load"]

DRAWN = {"glyphs": DIGITS, "letters": LETTERS}
UNPACKED = {"nist19": "digits by writer, unpacked by hand, 28x28"}
DATASETS = (*SOURCES, *DRAWN, *UNPACKED)


def load(
    name: str, data_dir: str = "", samples: int = 0, seed: int = 1, styles: int = 0
) -> Dataset:
    """Return a data set, of its training samples the first `samples`; all for 0.

    `seed` is that of a drawn set, whose size is `samples`; `styles` how many drew one
    whose styles are known, 0 for all. Raises UsageError for an unknown name and for
    files that are missing or broken.
    """
    if name in DRAWN:
        return glyphs(DRAWN[name], *sizes(samples), seed, styles or STYLES)
    if name == "nist19":
        place = data_folder(data_dir) / name
        return writers.read_by_writer(place, styles or STYLES, samples)
    if name not in SOURCES:
        raise unknown("data set", name, DATASETS)
    train, test = READERS.get(name, _idx)(name, data_folder(data_dir))
    return Dataset(name, train.first(samples), test)


def default(data_dir: str = "") -> str:
    """Return the set to train on where none is named: MNIST if it is here."""
    return "mnist" if present("mnist", data_folder(data_dir)) else "glyphs"


def missing(name: str, data_dir: str = "") -> str:
    """Return why a data set cannot be read here, or an empty string."""
    folder = data_folder(data_dir)
    if name in UNPACKED:
        return writers.missing(folder / name)
    if name in DRAWN or present(name, folder):
        return ""
    return f"no {name} in {folder}: run `tenbin data fetch {name}` or set {VARIABLE}"


def _path(name: str, file: str, folder: Path) -> Path:
    found = find(name, file, folder)
    if found is None:
        raise UsageError(f"{folder / name / file} is missing; {missing(name)}")
    return found


def _idx(name: str, folder: Path) -> tuple[Split, Split]:
    paths = [_path(name, file, folder) for file in SOURCES[name].files]
    arrays = [
        read_idx(path, axes) for path, axes in zip(paths, (3, 1) * 2, strict=True)
    ]
    for path, images, labels in zip(paths[::2], arrays[::2], arrays[1::2], strict=True):
        if len(images) != len(labels):
            raise UsageError(f"{path}: {len(images)} images, {len(labels)} labels")
    train, test = (
        Split(images[..., None], labels)
        for images, labels in zip(arrays[::2], arrays[1::2], strict=True)
    )
    return train, test


def _cifar10(name: str, folder: Path) -> tuple[Split, Split]:
    return read_cifar10(_path(name, next(iter(SOURCES[name].files)), folder))


READERS: dict[str, Callable[[str, Path], tuple[Split, Split]]] = {"cifar10": _cifar10}
