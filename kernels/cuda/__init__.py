"""CUDA kernels, shipped as text: NVRTC compiles them for the GPU that is found.

    tile.cuh    one tile of a product through shared memory
    half2.cuh   packed half precision: dfp16, mfp16, chunk32
    wmma.cuh    tensor cores
    conv.cu     convolution as an implicit product
    gemm.cu     matrix product

Nothing here needs CUDA to be imported; tests compile and run the same text on the host.
"""

import re
from pathlib import Path

FOLDER = Path(__file__).parent
OPTIONS = ("-std=c++17",)
ROWS, COLUMNS, THREADS = 128, 64, 256  # of a block, as in tile.cuh
_INCLUDE = re.compile(r'^#include "(.+)"$', re.MULTILINE)


def source(name: str) -> str:
    """Return the text of a file here, with the headers beside it in place.

    One text is all that a cache of binaries has to compare.
    """
    text = (FOLDER / name).read_text()
    return _INCLUDE.sub(lambda line: source(line[1]), text)


def grid(rows: int, columns: int, products: int = 1) -> tuple[int, int, int]:
    """Return how many blocks cover a result, for each of `products` beside another.

    >>> grid(1000, 64)
    (8, 1, 1)
    """
    return -(-rows // ROWS), -(-columns // COLUMNS), products
