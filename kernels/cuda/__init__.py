"""CUDA kernels, shipped as text: NVRTC compiles them for the GPU that is found.

    tile.cuh    one tile of a product through shared memory
    half2.cuh   packed half precision: dfp16, mfp16, chunk32
    wmma.cuh    tensor cores
    conv.cu     convolution as an implicit product
    gemm.cu     matrix product

Four kinds of math (the first two: Naganuma, Yokota, HPC Asia 2018):

    dfp16     data in half, math in float: the memory gains
    mfp16     data and math in half, two products in one instruction: arithmetic, too
    chunk32   math in half within 32 products, float across: most of both
    wmma      tensor cores, float sums

Nothing here needs CUDA to be imported; tests compile and run the same text on the host.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tenbin.check import TENSOR_CORE

FOLDER = Path(__file__).parent
ACCUMULATE: Mapping[str, str] = {
    "dfp16": "float32",
    "mfp16": "float16",
    "chunk32": "float16",
    "wmma": TENSOR_CORE,
}
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
