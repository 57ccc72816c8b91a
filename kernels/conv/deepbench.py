"""DeepBench's convolutions: 55 layers, with the batches of training and inference.

Those of `code/kernels/conv_problems.h` in github.com/baidu-research/DeepBench
(Apache-2.0), duplicates left out. Columns: W H C K S R padding stride, then the batches
of training, server and device.
"""

from dataclasses import replace

from tenbin.kernels.conv.problem import ConvProblem

_LAYERS = """
700 161 1 32 20 5 0 2 | 4 8 16 32 | 1 2 4 |
341 79 32 32 10 5 0 2 | 4 8 16 32 | 1 2 4 |
480 48 1 16 3 3 1 1 | 16 | 1 |
240 24 16 32 3 3 1 1 | 16 | 1 |
120 12 32 64 3 3 1 1 | 16 | 1 |
60 6 64 128 3 3 1 1 | 16 | 1 |
108 108 3 64 3 3 1 2 | 8 | 1 |
54 54 64 64 3 3 1 1 | 8 | 1 |
27 27 128 128 3 3 1 1 | 8 | 1 |
14 14 128 256 3 3 1 1 | 8 | 1 |
7 7 256 512 3 3 1 1 | 8 | 1 |
224 224 3 64 3 3 1 1 | 8 16 | 1 2 |
112 112 64 128 3 3 1 1 | 8 16 | 1 2 |
56 56 128 256 3 3 1 1 | 8 16 | 1 2 |
28 28 256 512 3 3 1 1 | 8 16 | 1 2 |
14 14 512 512 3 3 1 1 | 8 16 | 1 2 |
7 7 512 512 3 3 1 1 | 8 16 | 1 2 | 1
224 224 3 64 7 7 3 2 | 16 | 1 2 |
28 28 192 32 5 5 2 1 | 16 | 1 2 |
28 28 192 64 1 1 0 1 | 16 | 1 2 |
14 14 512 48 5 5 2 1 | 16 | 1 2 |
14 14 512 192 1 1 0 1 | 16 | 1 2 |
7 7 832 256 1 1 0 1 | 16 | 1 2 |
7 7 832 128 5 5 2 1 | 16 | 1 2 |
56 56 64 64 3 3 1 1 | 8 16 | 1 2 |
56 56 64 256 1 1 0 2 | 8 16 | 1 2 |
28 28 128 128 3 3 1 1 | 8 16 | 1 2 |
28 28 128 512 1 1 0 2 | 8 16 | 1 2 |
14 14 256 256 1 1 0 1 | 8 16 | 1 2 |
14 14 256 256 3 3 1 1 | 8 16 | 1 2 |
14 14 256 1024 1 1 0 2 | 8 16 | 1 2 |
7 7 512 512 1 1 0 1 | 8 16 | 1 2 |
7 7 2048 512 1 1 3 2 | 8 16 | 1 2 |
700 161 1 64 5 5 1 2 | 16 | 1 2 |
350 80 64 64 3 3 1 1 | 16 | 1 2 |
350 80 64 128 5 5 1 2 | 16 | 1 2 |
175 40 128 128 3 3 1 1 | 16 | 1 2 |
175 40 128 256 5 5 1 2 | 16 | 1 2 |
84 20 256 256 3 3 1 1 | 16 | 1 2 |
84 20 256 512 5 5 1 2 | 16 | 1 2 |
42 10 512 512 3 3 1 1 | 16 | 1 2 |
112 112 64 64 1 1 0 1 | 8 16 | 1 2 | 1
56 56 64 256 1 1 0 1 | 8 16 | 1 2 | 1
56 56 256 64 1 1 0 1 | 8 16 | 1 2 | 1
56 56 256 128 1 1 0 2 | 8 16 | 1 2 | 1
28 28 128 512 1 1 0 1 | 8 16 | 1 2 | 1
28 28 512 128 1 1 0 1 | 8 16 | 1 2 | 1
28 28 512 256 1 1 0 2 | 8 16 | 1 2 | 1
14 14 256 1024 1 1 0 1 | 8 16 | 1 2 | 1
28 28 512 1024 1 1 0 2 | 8 16 | 1 2 | 1
14 14 1024 256 1 1 0 1 | 8 16 | 1 2 | 1
14 14 1024 512 1 1 0 2 | 8 16 | 1 2 | 1
7 7 512 2048 1 1 0 1 | 8 16 | 1 2 | 1
14 14 1024 2048 1 1 0 2 | 8 16 | 1 2 | 1
7 7 2048 512 1 1 0 1 | 8 16 | 1 2 | 1
"""

LAYERS = tuple(
    ConvProblem(1, c, h, w, k, r, s, stride, padding)
    for line in _LAYERS.strip().split("\n")
    for w, h, c, k, s, r, padding, stride in (map(int, line.split("|")[0].split()),)
)
_SETS = ("train", "server", "device")


def _problems(place: int) -> tuple[ConvProblem, ...]:
    """Return the problems of the set in that column."""
    batches = (line.split("|")[1 + place] for line in _LAYERS.strip().split("\n"))
    return tuple(
        replace(layer, n=int(n))
        for layer, sizes in zip(LAYERS, batches, strict=True)
        for n in sizes.split()
    )


DEEPBENCH = {f"deepbench-{name}": _problems(i) for i, name in enumerate(_SETS)}
